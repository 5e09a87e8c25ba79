"""Now and then: compare what runs in each environment with what is recorded, and notify of differences (R15).

Nothing is concluded while a deployment or a rollback owns an environment, or about a part that one left in doubt. The
lock is read before and after what runs, so that a change of the platform's own is never taken for drift.
"""

import logging
from collections.abc import Iterator
from typing import Any

from functions.adapters import definitions
from functions.adapters.bus import Bus
from functions.adapters.clock import Clock
from functions.adapters.definitions import Carried
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.locks_table import LocksTable
from functions.adapters.metrics import Metrics
from functions.adapters.trails import Trails
from functions.domain.drift import (
    Author,
    Drift,
    awaits_author,
    drift_of,
    is_comparable,
    is_same,
    next_step,
    with_author,
)
from functions.domain.environments import Environment, PartState
from functions.domain.events import DriftEnded, DriftFound
from functions.domain.values import Value
from functions.handler import Handler
from functions.targets.registry import Targets

HANDLER = Handler(
    allow=(
        *definitions.READ,
        *EnvironmentsTable.WRITE,
        *LocksTable.READ,
        *Targets.READ,
        *Trails.READ,
        *Bus.PUT,
    ),
    timeout_seconds=300,
    memory_mb=512,
)
_LOG = logging.getLogger(__name__)


class Output(Value, frozen=True):
    """The parts that run something else than what is recorded."""

    drifts: tuple[Drift, ...]


class _Check(Value, frozen=True):
    """The adapters of a check."""

    environments: EnvironmentsTable
    locks: LocksTable
    targets: Targets
    trails: Trails
    bus: Bus
    clock: Clock


def check_drift(
    event: dict[str, Any],  # noqa: ARG001 - a schedule's event contains nothing of use
    carried: Carried,
    environments: EnvironmentsTable,
    locks: LocksTable,
    targets: Targets,
    trails: Trails,
    bus: Bus,
    metrics: Metrics,
    clock: Clock,
) -> Output:
    """Check every part; an environment that can't be read does not stop the others, and is raised at the end."""
    check = _Check(environments, locks, targets, trails, bus, clock)
    found: list[Drift] = []
    failed: list[Exception] = []
    for environment in carried.settings()[0]:
        try:
            drifts = tuple(_of_environment(environment, check))
            metrics.count("DriftedParts", len(drifts), environment=environment.name)
            found += drifts
        except Exception as error:  # raised below, after all environments
            failed.append(error)
    if failed:
        raise ExceptionGroup("environments could not be compared with their records; the next run repeats it", failed)
    return Output(tuple(found))


def _of_environment(environment: Environment, check: _Check) -> Iterator[Drift]:
    """The drift of each part, as it is noted after this check."""
    known = check.environments.drifts(environment.name)
    parts = check.environments.parts(environment.name)
    for name, state in parts.items():
        noted = known.get(name)
        read = _read(environment, state, check)
        drift = _noted(environment, noted, *read, check) if read else noted
        if drift:
            yield drift
    for name in known.keys() - parts.keys():
        _end(known[name], "is delivered here no longer", check)


def _read(environment: Environment, part: PartState, check: _Check) -> tuple[PartState, Drift | None] | None:
    """The record of a part and its drift; None if the platform may be changing it, or does not know what it should run.

    A fencing number only grows: an equal one says that nobody had the lock meanwhile.
    """
    key = check.locks.key(environment.name, part.repository or (part.running.repository if part.running else ""))
    before = check.locks.read(key)
    state = check.environments.parts(environment.name).get(part.part)
    if before.owner or state is None or not is_comparable(state) or state.definition is None:
        return None
    found = check.targets.of(state.definition).read_back(environment, state.definition, state)
    after = check.locks.read(key)
    if after.owner or after.fence != before.fence:
        return None
    return state, drift_of(state, found, check.clock.text())


def _noted(
    environment: Environment, noted: Drift | None, state: PartState, drift: Drift | None, check: _Check
) -> Drift | None:
    """Notify of what is new and note it afterwards: a run that breaks off notifies twice, not never."""
    if is_same(drift, noted):
        if noted and awaits_author(noted, check.clock.now()):
            known = with_author(noted, _author(environment, state, check))
            if known != noted:
                check.environments.note_drift(known)
            return known
        return noted
    if drift is None:
        if noted:
            _end(noted, "runs what is recorded again", check)
        return None
    drift = with_author(drift, _author(environment, state, check))
    reason = drift.describe()
    if drift.author is None:
        reason += "; CloudTrail shows a change some minutes later, then `kiro-worker status` names who made it"
    check.bus.put(DriftFound(drift.environment, drift.part, reason, next_step(drift, state), drift.since))
    check.environments.note_drift(drift)
    return drift


def _end(noted: Drift, how: str, check: _Check) -> None:
    reason = f"{noted.part} {how}; before: {noted.describe()}"
    check.bus.put(DriftEnded(noted.environment, noted.part, reason, check.clock.text()))
    check.environments.forget_drift(noted)


def _author(environment: Environment, state: PartState, check: _Check) -> Author | None:
    """Who changed a part since the recorded version was deployed; None if CloudTrail can't be read, either."""
    if state.definition is None or state.running is None:
        return None
    traces = check.targets.of(state.definition).traces(environment, state.definition)
    try:
        return check.trails.last_change(environment, traces, state.running.at)
    except Exception as error:  # the read role may lack the permission, and CloudTrail throttles: who is not known
        _LOG.warning("CloudTrail could not be read", extra={"part": state.part, "reason": str(error)})
        return None
