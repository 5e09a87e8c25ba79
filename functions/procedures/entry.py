"""What people see of a release that waits at the entry of an environment: record, commit status and mail (P12)."""

import logging

from functions.adapters.bus import Bus
from functions.adapters.deployments_table import DeploymentsTable
from functions.domain.events import StageHeld
from functions.handler import Allow

SHOW: tuple[Allow, ...] = (*DeploymentsTable.WRITE, *Bus.PUT)

_LOG = logging.getLogger(__name__)


def show(held: StageHeld, status: str, deployments: DeploymentsTable, bus: Bus, *, announce: bool = True) -> None:
    """Record the status and the reason, and publish the event; a notification that fails stops nothing (N2)."""
    deployments.note_known(held.deployment_id, environment=held.environment, status=status, reason=held.reason)
    if not announce:
        return
    try:
        bus.put(held)
    except Exception as error:  # the record shows it, too
        _LOG.warning("the event of a waiting release was not published", extra={"reason": str(error)})
