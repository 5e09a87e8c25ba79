"""How a release waits for the unfreeze of an environment, and what ends that wait (P12).

waiting ──unfrozen──▶ unfrozen: it reads window, alarms and lock again
  ├──a newer release of the repository waits, too──▶ superseded
  └──`freezeWaitDays` since its first wait──▶ held
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal

from functions.domain import order as orders
from functions.domain.environments import Environment, Freeze
from functions.domain.order import Order
from functions.domain.values import Value


class Held(Value, frozen=True):
    """A release that waits for an unfreeze; `since` (ISO 8601) is when it first waited for one of this environment."""

    deployment_id: str
    repository: str
    order: Order | None
    since: str


class Admission(Value, frozen=True):
    """The end of the wait: the output of the Await state."""

    outcome: Literal["unfrozen", "superseded", "held"]
    reason: str = ""


def is_newer(one: Held, other: Held) -> bool:
    """Whether a release supersedes another that waits for the same environment (P3)."""
    return one.repository == other.repository and orders.is_newer(one.order, other.order)


def superseded(by: Held, environment: Environment) -> Admission:
    """The end of the wait of a release when a newer one waits, too."""
    return Admission("superseded", f"a newer release waits for the unfreeze of {environment.name}: {by.deployment_id}")


def admission(
    ours: Held, others: Iterable[Held], freeze: Freeze | None, environment: Environment, now: datetime
) -> Admission | None:
    """How the wait ends; None while it goes on."""
    newer = next((other for other in others if is_newer(other, ours)), None)
    if newer:
        return superseded(newer, environment)
    if freeze is None:
        return Admission("unfrozen")
    days = environment.freeze_wait_days
    if now >= datetime.fromisoformat(ours.since) + timedelta(days=days):
        reason = f"{freeze.describe(environment.name)}; a release waits at most {days:g} days (freezeWaitDays)"
        return Admission("held", f"{reason}; after the unfreeze deploy it again: kiro-worker deploy")
    return None
