"""Once a day: delete versions of functions and workflows that no execution can call any more (decision 019)."""

from typing import Any

from functions.adapters.clock import Clock
from functions.adapters.versions import Versions
from functions.domain.values import Value
from functions.domain.versions import unneeded
from functions.handler import Handler

HANDLER = Handler(allow=Versions.PRUNE, timeout_seconds=300)


class Output(Value, frozen=True):
    """The ARNs of the versions that were deleted."""

    deleted: tuple[str, ...]


def prune_versions(
    event: dict[str, Any],  # noqa: ARG001 - a schedule's event contains nothing of use
    versions: Versions,
    clock: Clock,
) -> Output:
    """Delete them, oldest first; a run that breaks off leaves the rest to the next one."""
    called, now = versions.called(), clock.text()
    deleted: list[str] = []
    for published in versions.published(called):
        for old in unneeded(published, called, now):
            versions.delete(old)
            deleted.append(old.arn)
    return Output(tuple(deleted))
