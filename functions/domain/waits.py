"""Waits: an Await state stores a wait in the waits table. The prefix of its key is its kind.

build/{CodeBuild's build id}                a build; also written when the build starts, without a token yet
queued/{idempotency token}                  a build that the account has no place for yet
watch/{environment}/{name of execution}     alarms and health of an environment
alarms/{environment}/{name of execution}    critical alarms of an environment, after a rollback
approval/{approval id}                      a decision; the request for approval is in the same row
unfreeze/{environment}/{name of execution}  the end of a freeze
rollout/{environment}/{name of execution}   a rollout that AWS performs

The same table has rows that are no waits: the keys of `functions/domain/pushes.py`, `console/{id}`, the accesses of
`functions/adapters/console_accesses.py`, and those of `functions/adapters/notified.py`.
"""

from typing import Any

from msgspec import field

from functions.domain.environments import Environment
from functions.domain.errors import BadInputError
from functions.domain.manifests import Part
from functions.domain.values import Value
from functions.domain.watches import Accepted, Watch


class BuildKey(Value, frozen=True):
    """The key of the wait for a build."""

    build_id: str

    def __str__(self) -> str:
        return f"build/{self.build_id}"


class QueuedKey(Value, frozen=True):
    """The wait for a place in the build queue of the account."""

    token: str

    def __str__(self) -> str:
        return f"queued/{self.token}"


class WatchKey(Value, frozen=True):
    """The key of the watch of an environment by one execution; `execution_name` is the last part of its ARN."""

    environment: str
    execution_name: str

    def __str__(self) -> str:
        return f"watch/{self.environment}/{self.execution_name}"


class AlarmsKey(Value, frozen=True):
    """The key of the wait of a rollback, by the name of its execution, for the critical alarms of an environment."""

    environment: str
    rollback_name: str

    def __str__(self) -> str:
        return f"alarms/{self.environment}/{self.rollback_name}"


class ApprovalKey(Value, frozen=True):
    """The key of a request for approval, and of the wait for its decision."""

    approval_id: str

    def __str__(self) -> str:
        return f"approval/{self.approval_id}"


class UnfreezeKey(Value, frozen=True):
    """The key of the wait for an unfreeze by one execution; `stage_name` is the name of its execution."""

    environment: str
    stage_name: str

    def __str__(self) -> str:
        return f"unfreeze/{self.environment}/{self.stage_name}"


class RolloutKey(Value, frozen=True):
    """The key of the wait for a rollout by one execution; `rolling_name` is the name of it."""

    environment: str
    rolling_name: str

    def __str__(self) -> str:
        return f"rollout/{self.environment}/{self.rolling_name}"


WaitKey = BuildKey | QueuedKey | WatchKey | AlarmsKey | ApprovalKey | UnfreezeKey | RolloutKey


def read_wait_key(text: str) -> WaitKey:
    """Parses a stored key; any other text is a BadInputError that names the kinds."""
    kind, _, rest = text.partition("/")
    environment, _, execution_name = rest.partition("/")
    if kind == "build" and rest:
        return BuildKey(rest)
    if kind == "queued" and rest:
        return QueuedKey(rest)
    if kind == "watch" and environment and execution_name:
        return WatchKey(environment, execution_name)
    if kind == "alarms" and environment and execution_name:
        return AlarmsKey(environment, execution_name)
    if kind == "approval" and rest:
        return ApprovalKey(rest)
    if kind == "unfreeze" and environment and execution_name:
        return UnfreezeKey(environment, execution_name)
    if kind == "rollout" and environment and execution_name:
        return RolloutKey(environment, execution_name)
    known = "build/…, queued/…, watch/…/…, alarms/…/…, approval/…, unfreeze/…/…, rollout/…/…"
    raise BadInputError(f"waits table: the key {text!r} has an unknown kind (known: {known})")


class Wait(Value, frozen=True):
    """The wait of one Await state; `token` is empty until there is one, `execution` is an ARN.

    `environment` is "none" where the wait concerns no environment; `facts` is `WatchFacts`, `AlarmsFacts`,
    `ApprovalFacts`, `Held`, `RolloutFacts` or the order of a queued build as JSON.
    """

    key: WaitKey
    token: str
    execution: str
    environment: str = "none"
    facts: dict[str, Any] = field(default_factory=dict)


class WatchFacts(Value, frozen=True):
    """The input of a watch's judgement. `until` is ISO 8601.

    `failed` is a breach that an earlier reading found and that the workflow has not received yet. `gone` are parts that
    are not watched, and alarms of parts of other repositories than `repository` are not read. `bad` has the bad samples
    in a row of each part (`Sampling`). `paused` is the part whose rollout is paused, None in the watch of a whole
    release. `samples` are those of its two versions as JSON (`Samples` of `comparisons`, which only the watch reads).
    """

    environment: Environment
    until: str
    reviewed: list[str]
    accepted: Accepted
    gone: list[str] = field(default_factory=list)
    failed: Watch | None = None
    bad: dict[str, int] = field(default_factory=dict)
    repository: str = ""
    paused: Part | None = None
    samples: dict[str, Any] = field(default_factory=dict)


class AlarmsFacts(Value, frozen=True):
    """The input of the judgement of `quiet`; `until`, the deadline that the first reading found, is ISO 8601."""

    environment: Environment
    until: str
    accepted: Accepted
    repository: str = ""


class ApprovalFacts(Value, frozen=True):
    """The environment whose alarms void the request; None in a wait that was stored with the request itself.

    `accepted` are the alarms that were in ALARM before the request: approvers see them, and they void nothing. None in
    a wait of an execution that began before they were stored.
    """

    environment: Environment | None = None
    accepted: Accepted | None = None
