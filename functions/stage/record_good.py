"""RecordGood: record what runs in the environment as its last known good."""

from dataclasses import dataclass, field, replace

from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.domain.locks import Lease
from functions.handler import Handler


@dataclass(frozen=True, slots=True)
class Input:
    """The environment whose watch ended well, and the release's repository.

    `gone` are parts that the manifest no longer names; they are removed from the records.
    """

    deployment_id: str
    environment: str
    repository: str
    lease: Lease
    gone: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Output:
    """The names of the parts that are good now."""

    parts: tuple[str, ...]


HANDLER = Handler(allow=(*EnvironmentsTable.WRITE, *EnvironmentsTable.FORGET, *DeploymentsTable.READ))


def record_good(event: Input, environments: EnvironmentsTable, deployments: DeploymentsTable) -> Output:
    """Record every part that is not in doubt as good: the watch covered all, also those that did not change."""
    for part in event.gone:
        environments.forget(event.environment, part, event.lease)
    states = [state for state in environments.parts(event.environment).values() if not state.in_doubt]
    for state in states:
        if state.good != state.running:
            environments.save(replace(state, good=state.running), event.lease)
    record = deployments.get(event.deployment_id)
    measured = record.performance.get(event.environment) if record else None
    if measured:
        environments.save_performance(event.environment, event.repository, measured, event.lease)
    return Output(tuple(state.part for state in states))
