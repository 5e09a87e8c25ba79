"""What people see of a release that is kept out of an environment: record, commit status and mail (P12, R14)."""

import logging

from functions.adapters.bus import Bus
from functions.adapters.deployments_table import DeploymentsTable
from functions.domain.events import StageHeld, StagePinned
from functions.handler import Allow

SHOW: tuple[Allow, ...] = (*DeploymentsTable.WRITE, *Bus.PUT)

_LOG = logging.getLogger(__name__)


def show(held: StageHeld, status: str, deployments: DeploymentsTable, bus: Bus, *, repeated: bool = False) -> None:
    """Record the status and the reason, and publish the event unless it is `repeated`; its failure stops nothing."""
    deployments.note_known(held.deployment_id, environment=held.environment, status=status, reason=held.reason)
    if not repeated:
        announce(held, bus)


def announce(event: StageHeld | StagePinned, bus: Bus) -> None:
    """Publish the event of a release that was kept out of an environment; its record shows it, too."""
    try:
        bus.put(event)
    except Exception as error:  # a notification that fails stops nothing
        _LOG.warning("the event of a release that was kept out was not published", extra={"reason": str(error)})
