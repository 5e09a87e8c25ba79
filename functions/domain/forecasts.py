"""What a commit would do, without doing it (P11)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from functions.domain.environments import Environment, Freeze
from functions.domain.locks import Lock
from functions.domain.manifests import Part
from functions.domain.plans import Plan, StagePlan, frozen_plan
from functions.domain.releases import Release
from functions.domain.windows import LOOK_AHEAD_DAYS, opening


@dataclass(frozen=True, slots=True)
class StageForecast:
    """One environment: which parts are in or out and why, what is asked before and after, and what is in the way now.

    `touches` says for each part that is in, in one line, what a change of it touches there.
    `closed` says why its windows keep a release out now, and `opens_at` (ISO 8601) when they let it in; both are empty
    while they are open. `expected_seconds` is the median of the last stages there, None without any; `approvers` are
    empty for anybody.
    """

    environment: str
    parts: dict[str, str]
    skipped: dict[str, str]
    touches: dict[str, str]
    gates: tuple[str, ...]
    approvals: int
    approvers: tuple[str, ...]
    lock: str
    frozen: str
    closed: str
    opens_at: str
    expected_seconds: float | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """The whole release; `gates` are judged before any deployment."""

    release: Release
    outcome: str
    reason: str
    gates: tuple[str, ...]
    stages: tuple[StageForecast, ...]
    expected_seconds: float | None


def forecast(
    release: Release,
    made: Plan,
    gates: Mapping[str, tuple[str, ...]],
    locks: Mapping[str, Lock],
    frozen: Mapping[str, Freeze],
    durations: Mapping[str, Sequence[float]],
    now: datetime,
    describe: Callable[[Environment, Part], str],
) -> Forecast:
    """The plan with everything that would meet it.

    `gates` (a line each) and `durations` (seconds) are by environment; `""` stands for the release as a whole.
    """
    stages = tuple(_stage(stage, gates, locks, frozen, durations, now, describe) for stage in made.stages)
    end = frozen_plan(made, frozen) or made
    return Forecast(release, end.outcome, end.reason, gates.get("", ()), stages, _usual(durations.get("", ())))


def _stage(
    stage: StagePlan,
    gates: Mapping[str, tuple[str, ...]],
    locks: Mapping[str, Lock],
    frozen: Mapping[str, Freeze],
    durations: Mapping[str, Sequence[float]],
    now: datetime,
    describe: Callable[[Environment, Part], str],
) -> StageForecast:
    where = stage.environment
    closed, opens_at = _closed(where, now)
    return StageForecast(
        where.name,
        {chosen.part.name: chosen.reason for chosen in stage.parts},
        {left.part: left.reason for left in stage.skipped},
        {chosen.part.name: describe(where, chosen.part) for chosen in stage.parts},
        gates.get(where.name, ()),
        where.approvals_needed if where.approval else 0,
        tuple(where.approvers) if where.approval else (),
        _held(locks.get(where.name)),
        _frozen(frozen.get(where.name)),
        closed,
        opens_at,
        _usual(durations.get(where.name, ())),
    )


def _held(lock: Lock | None) -> str:
    if lock is None or lock.owner is None:
        return ""
    waiting = f"; {len(lock.waiters)} in line" if lock.waiters else ""
    return f"held by {lock.owner.deployment_id} since {lock.since}: {lock.owner.reason}{waiting}"


def _frozen(freeze: Freeze | None) -> str:
    return f"since {freeze.since} by {freeze.by}: {freeze.reason}" if freeze else ""


def _closed(where: Environment, now: datetime) -> tuple[str, str]:
    found = opening(where.windows, where.freezes, now)
    if found.is_open:
        return "", ""
    if found.next_at is None:
        return f"{found.reason}; no opening follows within {LOOK_AHEAD_DAYS} days", ""
    return found.reason, found.next_at.isoformat()


def _usual(seconds: Sequence[float]) -> float | None:
    return median(seconds) if seconds else None


def stage_seconds(
    environments: Sequence[Environment], records: Sequence[Mapping[str, float]]
) -> dict[str, list[float]]:
    """Durations by environment, from records that tell some of them."""
    names = ("", *(environment.name for environment in environments))
    return {name: [record[name] for record in records if name in record] for name in names}
