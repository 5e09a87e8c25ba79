"""What the console shows: environments, releases with a lane for each environment, items, and executions (O5).

Everything here is read from records; nothing of it opens anything. A lane is the way of one release through one
environment, in the phases that the README's picture has.
"""

from collections.abc import Collection, Sequence
from typing import Literal

from functions.domain.drift import Drift
from functions.domain.environments import Freeze, PartState
from functions.domain.locks import Lock
from functions.domain.pins import Pin
from functions.domain.records import DeploymentRecord
from functions.domain.values import Value
from functions.domain.waiting import Waiting
from functions.domain.watches import AlarmReading
from functions.domain.work_items import Record

PHASES = ("entry", "lock", "apply", "verify", "watch", "record")
Mark = Literal["passed", "runs", "waits", "back", "stopped", "ahead", "left out"]
_CLEAN = frozenset({"rejected", "expired", "void", "held"})


class Lane(Value, frozen=True):
    """A release in one environment; `done` counts the phases that it has passed, `words` are for people."""

    environment: str
    mark: Mark
    words: str
    done: int = 0


class Shown(Value, frozen=True):
    """A release, what it waits for, and its lanes."""

    record: DeploymentRecord
    waiting: Waiting
    lanes: tuple[Lane, ...] = ()


class EnvironmentView(Value, frozen=True):
    """An environment: what runs there, its freeze, lock and alarms. `unread` says why alarms could not be read.

    `pins` and `drifts` are those of its parts; `address` is that of the first part that has one, "" if none has.
    """

    name: str
    parts: tuple[PartState, ...] = ()
    freeze: Freeze | None = None
    lock: Lock | None = None
    alarms: tuple[AlarmReading, ...] = ()
    unread: str = ""
    pins: tuple[Pin, ...] = ()
    drifts: tuple[Drift, ...] = ()
    address: str = ""

    @property
    def ringing(self) -> tuple[AlarmReading, ...]:
        """The alarms that are in ALARM."""
        return tuple(alarm for alarm in self.alarms if alarm.state == "ALARM")


class BoardItem(Value, frozen=True):
    """A work item, and what it waits for."""

    record: Record
    waiting: Waiting


class Overview(Value, frozen=True):
    """The first page."""

    environments: tuple[EnvironmentView, ...]
    moving: tuple[Shown, ...]
    ended: tuple[Shown, ...]
    items: tuple[BoardItem, ...]

    @property
    def for_people(self) -> int:
        """How many releases and items only a person can move on."""
        releases = sum(one.waiting.kind in ("approval", "freeze") for one in self.moving)
        return releases + sum(one.waiting.dead for one in self.items)


class Passed(Value, frozen=True):
    """A state that an execution entered, and when (ISO 8601)."""

    state: str
    at: str


class Trail(Value, frozen=True):
    """An execution with the states that it entered, oldest first; `workflow` is the name of its definition."""

    workflow: str
    name: str
    status: str
    started: str
    ended: str
    states: tuple[Passed, ...]


class Detail(Value, frozen=True):
    """The page of one release."""

    shown: Shown
    trails: tuple[Trail, ...]


def lanes(record: DeploymentRecord, names: Sequence[str], waiting: Waiting, phase: str) -> tuple[Lane, ...]:
    """The lanes of a release through the environments `names`; `phase` is that of the running stage, "" if unknown."""
    planned = {stage.environment for stage in record.plan.stages} if record.plan else set()
    return tuple(_lane(record, name, planned, waiting, phase) for name in names)


def _lane(record: DeploymentRecord, name: str, planned: Collection[str], waiting: Waiting, phase: str) -> Lane:
    stage, here = record.stages.get(name), record.environment == name and not record.outcome
    if stage and stage.result == "passed":
        return Lane(name, "passed", "passed", len(PHASES))
    if stage and stage.result == "superseded":
        return Lane(name, "left out", "superseded")
    if stage and stage.result in _CLEAN:
        return Lane(name, "stopped", f"{stage.result}, unchanged")
    if stage and stage.result == "failed":
        return Lane(name, "stopped", "failed before any change")
    if stage:
        ends = {"restored": "rolled back", "partly": "partly rolled back", "unknown": "not restored: frozen"}
        return Lane(name, "back", ends.get(stage.result, stage.result))
    if here and (record.status == "rolling back" or phase == "back"):
        return Lane(name, "back", "rolling back")
    if here:
        done = PHASES.index(phase) if phase in PHASES else 0
        words = waiting.kind if waiting.kind != "nothing" else PHASES[done]
        return Lane(name, "runs" if waiting.kind == "nothing" else "waits", words, done)
    if record.outcome or (planned and name not in planned):
        return Lane(name, "left out", "not reached" if record.outcome and name in planned else "not in the plan")
    return Lane(name, "ahead", "to come")
