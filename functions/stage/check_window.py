"""CheckWindow: whether deployments may enter the environment now, or when they may again (P8)."""

from dataclasses import dataclass
from typing import Literal

from functions.adapters.clock import Clock, iso
from functions.domain.environments import Environment
from functions.domain.windows import LOOK_AHEAD_DAYS, opening
from functions.handler import Handler


@dataclass(frozen=True, slots=True)
class Input:
    """The environment to enter; an emergency enters at any time."""

    deployment_id: str
    environment: Environment
    emergency: bool


@dataclass(frozen=True, slots=True)
class Output:
    """`opens_at` (ISO 8601) is the time to check again; "" unless closed."""

    outcome: Literal["open", "closed", "never"]
    reason: str
    opens_at: str = ""


HANDLER = Handler()


def check_window(event: Input, clock: Clock) -> Output:
    """Check windows and freezes; if no opening follows, the outcome `never` ends the stage."""
    now = opening(event.environment.windows, event.environment.freezes, clock.now())
    if now.is_open:
        return Output("open", now.reason)
    if event.emergency:
        return Output("open", f"EMERGENCY: enters although {now.reason}")
    if now.next_at is None:
        closed = f"{now.reason}; no opening follows within {LOOK_AHEAD_DAYS} days: change its windows or freezes"
        return Output("never", f"{event.environment.name}: {closed}")
    return Output("closed", f"{event.environment.name}: {now.reason}", iso(now.next_at))
