"""Pulumi stacks whose state is in a bucket: where the state is, and which release it says runs (F8).

Layout and records are those of Pulumi's backend for buckets, which the pinned command writes:
https://github.com/pulumi/pulumi/tree/v3.272.0/pkg/backend/diy (`store.go`, `state.go`, `lock.go`)
"""

import re
from datetime import datetime

from functions.domain.values import Value

# The message of an update is the only text in Pulumi's record that whoever runs it chooses.
_MESSAGE = re.compile(r"Kiro Worker: commit ([0-9a-f]{40}), deployment \S+")


class StateFolder(Value, frozen=True):
    """The folder of a bucket with the states of one repository in one environment, and a stack in it."""

    bucket: str
    region: str
    folder: str
    project: str
    stack: str

    @property
    def url(self) -> str:
        """The backend for `pulumi login`: https://www.pulumi.com/docs/iac/concepts/state-and-backends/."""
        return f"s3://{self.bucket}/{self.folder}?region={self.region}"

    @property
    def name(self) -> str:
        """The full name of the stack; the organization of this backend is always called so."""
        return f"organization/{self.project}/{self.stack}"

    @property
    def unfinished(self) -> tuple[str, ...]:
        """The prefixes of locks and of journals: what an update that has not ended, or that died, leaves there."""
        return (f"{self._root}/locks/{self.name}/", f"{self._root}/journal/{self.project}/{self.stack}/")

    @property
    def checkpoint(self) -> str:
        """The key of the checkpoint, which is written after each operation of an update."""
        return f"{self._root}/stacks/{self.project}/{self.stack}.json"

    @property
    def history(self) -> str:
        """The prefix of the records of updates, whose names end in the time of their end in nanoseconds."""
        return f"{self._root}/history/{self.project}/{self.stack}/"

    @property
    def _root(self) -> str:
        return f"{self.folder}/.pulumi"


class UpdateRecord(Value, frozen=True):
    """The record of an update that has ended, and the time at which it was written."""

    kind: str
    result: str
    message: str
    written: datetime


class StackState(Value, frozen=True):
    """A stack by its state: whether an update has not ended, when its checkpoint was written, and the last update."""

    unfinished: bool
    saved: datetime | None
    last: UpdateRecord | None


def folder_of(bucket: str, region: str, environment: str, repository: str, project: str, stack: str) -> StateFolder:
    """The state of a stack; each environment and repository has a folder of its own, and roles are bounded by it."""
    return StateFolder(bucket, region, f"{environment}/{repository}", project, stack)


def message_of(commit: str, deployment_id: str) -> str:
    """The message of an update by the platform."""
    return f"Kiro Worker: commit {commit}, deployment {deployment_id}"


def running(state: StackState) -> str | None:
    """The commit whose program made the stack what it is, None if that is not known.

    It is not known while an update runs or after it died, after a failed update, after one that the platform did not
    make, and if the checkpoint was written after the last update had ended. The record of an update is written after
    its last checkpoint; S3 tells times in whole seconds.
    """
    last = state.last
    if state.unfinished or last is None or state.saved is None or state.saved > last.written:
        return None
    found = _MESSAGE.fullmatch(last.message)
    return found[1] if found and (last.kind, last.result) == ("update", "succeeded") else None
