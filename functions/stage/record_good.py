"""RecordGood: record what runs of the repository as its last known good, and that the release passed here.

A release that is newer than what a pin names ends the pin now, not when it is deployed: it may still be rolled back.
"""

from collections.abc import Set

from msgspec import field

from functions.adapters.clock import Clock
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.domain.environments import Freeze, judged
from functions.domain.locks import Lease
from functions.domain.order import Mark
from functions.domain.pins import keeps_out
from functions.domain.records import DeploymentRecord
from functions.domain.values import Value
from functions.handler import Handler


class Input(Value, frozen=True):
    """The environment whose watch ended well, and the release's repository.

    `gone` are parts that the manifest no longer names; they are removed from the records.
    """

    deployment_id: str
    environment: str
    repository: str
    lease: Lease
    gone: list[str] = field(default_factory=list)


class Output(Value, frozen=True):
    """The names of the repository's parts that are good now."""

    parts: tuple[str, ...]


HANDLER = Handler(
    allow=(*EnvironmentsTable.WRITE, *EnvironmentsTable.FORGET, *DeploymentsTable.READ, *DeploymentsTable.WRITE)
)


def record_good(event: Input, environments: EnvironmentsTable, deployments: DeploymentsTable, clock: Clock) -> Output:
    """Record the repository's parts that are not in doubt as good: also those that did not change were watched.

    In the lock mode `parallel` a part of another repository may be in the middle of a change, so it is never written.
    """
    for part in event.gone:
        environments.forget(event.environment, part, event.lease)
    watched = judged(environments.parts(event.environment).values(), event.repository)
    good = [state.part for state in watched if state.proven or environments.mark_good(state, event.lease)]
    record = deployments.get(event.deployment_id)
    if record:
        _end_pins(event.environment, record, {state.part for state in watched}, environments, clock)
    if record and record.release and record.release.order:
        mark = Mark(record.release.order, event.deployment_id, record.release.commit, record.execution)
        environments.note_passage(event.environment, event.repository, mark, "passed")
        if record.is_whole_in(event.environment):
            deployments.note_passed(event.environment, record.release, event.deployment_id)
    measured = record.performance.get(event.environment) if record else None
    if measured:
        environments.save_performance(event.environment, event.repository, measured, event.lease)
    return Output(tuple(good))


def _end_pins(
    environment: str, record: DeploymentRecord, parts: Set[str], environments: EnvironmentsTable, clock: Clock
) -> None:
    """End the pins of these parts that let the release pass, also where it changed nothing.

    One that was set against it since it came here stays.
    """
    planned = record.planned.get(environment)
    pins = environments.pins(environment) if planned else {}
    for pin in pins.values():
        if planned and pin.part in parts and not keeps_out(pin, planned.descends_from):
            reason = f"the release is newer than {pin.newer_than[:12]} and passed"
            environments.unpin(pin, Freeze(reason, record.deployment_id, clock.text()))
