"""The forecast of a commit: what its deployment would do, without starting it (P11)."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from statistics import median

from functions.domain.environments import Environment, Freeze
from functions.domain.locks import Lock
from functions.domain.manifests import Part
from functions.domain.plans import Plan, StagePlan
from functions.domain.releases import Release
from functions.domain.values import Value
from functions.domain.windows import LOOK_AHEAD_DAYS, opening


class StageForecast(Value, frozen=True):
    """The forecast of one environment.

    `parts` and `skipped` map part names to reasons; `touches` has one line for each changed part on what the change
    affects. `pinned` are the skipped parts that a pin keeps out. `lock` and `frozen` are empty unless the environment
    is locked or frozen now. `closed` is why no window is open now, `opens_at` (ISO 8601) when the next one opens; both
    are empty while one is open. `approvers` is empty when anybody may approve. `expected_seconds` is the median of the
    last stages there, None if there are none.
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
    pinned: tuple[str, ...] = ()


class Forecast(Value, frozen=True):
    """The forecast of a release; `gates` has one line for each gate that is judged before any deployment.

    `lacking` are demanded gates of which nothing will report, in words; `irreversible` are parts whose migration can't
    be taken back.
    """

    release: Release
    outcome: str
    reason: str
    gates: tuple[str, ...]
    stages: tuple[StageForecast, ...]
    expected_seconds: float | None
    lacking: tuple[str, ...] = ()
    irreversible: tuple[str, ...] = ()


def forecast(
    release: Release,
    made: Plan,
    gates: Mapping[str, tuple[str, ...]],
    locks: Mapping[str, Lock],
    frozen: Mapping[str, Freeze],
    durations: Mapping[str, Sequence[float]],
    now: datetime,
    describe: Callable[[Environment, Part], str],
    lacking: tuple[str, ...] = (),
) -> Forecast:
    """The plan with gates, locks, freezes, windows and durations of its environments.

    `gates` (one line a gate) and `durations` (seconds) are by environment; the key `""` is the release as a whole.
    """
    stages = tuple(_stage(stage, gates, locks, frozen, durations, now, describe) for stage in made.stages)
    parts = (chosen.part for stage in made.stages for chosen in stage.parts)
    irreversible = tuple(dict.fromkeys(part.name for part in parts if part.migration == "irreversible"))
    usual = _usual(durations.get("", ()))
    return Forecast(release, made.outcome, made.reason, gates.get("", ()), stages, usual, lacking, irreversible)


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
    asks = where.approval and bool(stage.parts)
    closed, opens_at = _closed(where, now)
    return StageForecast(
        where.name,
        {chosen.part.name: chosen.reason for chosen in stage.parts},
        {left.part: left.reason for left in stage.skipped},
        {chosen.part.name: describe(where, chosen.part) for chosen in stage.parts},
        gates.get(where.name, ()),
        where.approvals_needed if asks else 0,
        tuple(where.approvers) if asks else (),
        _held(locks.get(where.name)),
        _frozen(frozen.get(where.name)),
        closed,
        opens_at,
        _usual(durations.get(where.name, ())),
        tuple(left.part for left in stage.skipped if left.pinned),
    )


def _held(lock: Lock | None) -> str:
    if lock is None or lock.owner is None:
        return ""
    waiting = f"; {len(lock.waiters)} waiting" if lock.waiters else ""
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
    """Durations in seconds by environment, and under `""` for the whole; a record may lack some of them."""
    names = ("", *(environment.name for environment in environments))
    return {name: [record[name] for record in records if name in record] for name in names}
