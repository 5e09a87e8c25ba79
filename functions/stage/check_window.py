"""CheckWindow: whether the release may enter the environment now, or what it waits for (P8, P12, R14)."""

from typing import Literal

from functions.adapters.bus import Bus
from functions.adapters.clock import Clock, iso
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.domain.environments import Environment
from functions.domain.events import StageHeld
from functions.domain.releases import Release
from functions.domain.values import Value
from functions.domain.waiting import for_window
from functions.domain.windows import LOOK_AHEAD_DAYS, opening
from functions.handler import Handler
from functions.procedures.entry import SHOW, show
from functions.procedures.pins import kept_out


class Input(Value, frozen=True):
    """The environment to enter; an emergency ignores windows, but no pin, and no freeze by a person or a rollback.

    The input of a stage that began before an update lacks the release.
    """

    deployment_id: str
    environment: Environment
    emergency: bool
    release: Release | None = None


class Output(Value, frozen=True):
    """`opens_at` (ISO 8601) is the time to check again; "" unless closed."""

    outcome: Literal["open", "closed", "frozen", "never"]
    reason: str
    opens_at: str = ""


HANDLER = Handler(allow=(*EnvironmentsTable.READ, *DeploymentsTable.READ, *SHOW))


def check_window(
    event: Input, environments: EnvironmentsTable, deployments: DeploymentsTable, bus: Bus, clock: Clock
) -> Output:
    """Check pins and the freeze, then windows and deployment freezes.

    If no opening follows, or a part was pinned since the release was planned, the outcome is `never`.
    """
    name = event.environment.name
    pinned = kept_out(deployments.get(event.deployment_id), name, environments)
    if pinned:
        return Output("never", f"{pinned}; deploy the release again once nothing is pinned (`kiro-worker deploy`)")
    frozen = environments.frozen(name)
    if frozen:
        return Output("frozen", frozen.describe(name))
    now = opening(event.environment.windows, event.environment.freezes, clock.now())
    if now.is_open or event.emergency:
        deployments.note_known(event.deployment_id, reason="")  # it waits no longer
        return Output("open", now.reason if now.is_open else f"EMERGENCY: enters although {now.reason}")
    if now.next_at is None:
        closed = f"{now.reason}; no opening follows within {LOOK_AHEAD_DAYS} days: change its windows or freezes"
        return Output("never", f"{name}: {closed}")
    opens_at = iso(now.next_at)
    if event.release:
        window = for_window(name, now.reason, opens_at)
        held = StageHeld(event.deployment_id, event.release, name, window.text, clock.text(), window.whom, window.next)
        show(held, "waiting for a window", deployments, bus)
    return Output("closed", f"{name}: {now.reason}", opens_at)
