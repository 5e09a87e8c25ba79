"""RecordGood: from here on, what runs in the environment is its last known good."""

from dataclasses import dataclass, replace

from functions.adapters.environments_table import EnvironmentsTable
from functions.domain.locks import Lease
from functions.entry import Room


@dataclass(frozen=True, slots=True)
class Input:
    """The environment whose watch ended well."""

    deployment_id: str
    environment: str
    lease: Lease


@dataclass(frozen=True, slots=True)
class Output:
    """The parts that are good now."""

    parts: tuple[str, ...]


ROOM = Room(allow=EnvironmentsTable.WRITE)


def record_good(event: Input, environments: EnvironmentsTable) -> Output:
    """Every part that runs was watched, also those this release left alone."""
    states = environments.parts(event.environment).values()
    for state in states:
        if state.good != state.running:
            environments.save(replace(state, good=state.running), event.lease)
    return Output(tuple(state.part for state in states))
