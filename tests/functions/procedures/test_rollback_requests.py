"""What the webhook may do for a rollback is what the code of a rollback needs."""

from functions.adapters import definitions
from functions.adapters.clock import Clock
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.executions import Executions
from functions.adapters.workflows import Workflows
from functions.procedures.rollback_requests import RollbackRequests


def test_settings_and_permissions_are_those_of_the_adapters() -> None:
    """The webhook names them without an import of the adapters that a rollback connects."""
    adapters = (Workflows, EnvironmentsTable, DeploymentsTable, Executions, Clock)
    assert set(RollbackRequests.SETTINGS) == {name for adapter in adapters for name in adapter.SETTINGS}
    tables = (*EnvironmentsTable.READ, *DeploymentsTable.READ, *DeploymentsTable.WRITE, *DeploymentsTable.LIST)
    assert set(RollbackRequests.START) == {*definitions.READ, *Workflows.ROLL_BACK, *tables}
