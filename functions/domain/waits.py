"""What is waited for: an Await state leaves a wait in the table, under a key that says of which kind it is.

build/{CodeBuild's build id}                a build; also written when the build starts, without a token yet
queued/{idempotency token}                  a build that the account has no place for yet
watch/{environment}/{name of execution}     alarms and health of an environment
approval/{approval id}                      a decision; the request itself is in the same row
push/{repository}                           no wait: a branch head that nothing was started for
delivery/{SHA-256 of the body}              no wait: a webhook delivery that started something
"""

from dataclasses import dataclass, field
from typing import Any

from functions.domain.environments import Environment
from functions.domain.errors import BadInputError
from functions.domain.watches import Accepted, Watch


@dataclass(frozen=True, slots=True)
class BuildKey:
    """The wait for a build."""

    build_id: str

    def __str__(self) -> str:
        return f"build/{self.build_id}"


@dataclass(frozen=True, slots=True)
class QueuedKey:
    """The wait for a place in the build queue of the account."""

    token: str

    def __str__(self) -> str:
        return f"queued/{self.token}"


@dataclass(frozen=True, slots=True)
class WatchKey:
    """The watch of an environment by one execution, which is named without its ARN."""

    environment: str
    execution_name: str

    def __str__(self) -> str:
        return f"watch/{self.environment}/{self.execution_name}"


@dataclass(frozen=True, slots=True)
class ApprovalKey:
    """A request for approval, and the wait for its decision."""

    approval_id: str

    def __str__(self) -> str:
        return f"approval/{self.approval_id}"


@dataclass(frozen=True, slots=True)
class PushKey:
    """The head of a repository's main branch that was seen without an execution."""

    repository: str

    def __str__(self) -> str:
        return f"push/{self.repository}"


@dataclass(frozen=True, slots=True)
class DeliveryKey:
    """A webhook delivery, by the SHA-256 of its body in hexadecimal."""

    digest: str

    def __str__(self) -> str:
        return f"delivery/{self.digest}"


WaitKey = BuildKey | QueuedKey | WatchKey | ApprovalKey


def read_wait_key(text: str) -> WaitKey:
    """The key of a wait as the table holds it; any other text is a BadInputError that names the kinds."""
    kind, _, rest = text.partition("/")
    environment, _, execution_name = rest.partition("/")
    if kind == "build" and rest:
        return BuildKey(rest)
    if kind == "queued" and rest:
        return QueuedKey(rest)
    if kind == "watch" and environment and execution_name:
        return WatchKey(environment, execution_name)
    if kind == "approval" and rest:
        return ApprovalKey(rest)
    raise BadInputError(f"waits table: the key {text!r} is of no known kind (build/…, queued/…, watch/…/…, approval/…)")


@dataclass(frozen=True, slots=True)
class Wait:
    """One Await state: what it waits for, its token (empty until there is one), and who waits (an execution's ARN).

    `environment` is "none" where the wait concerns no environment; `facts` is `WatchFacts`, `ApprovalFacts`
    or the order of a queued build as JSON.
    """

    key: WaitKey
    token: str
    execution: str
    environment: str = "none"
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WatchFacts:
    """What a watch judges by; `failed` is the breach that was found and could not be handed on yet."""

    environment: Environment
    until: str
    reviewed: list[str]
    accepted: Accepted
    gone: list[str] = field(default_factory=list)
    failed: Watch | None = None


@dataclass(frozen=True, slots=True)
class ApprovalFacts:
    """The environment whose alarms void the request; None for a wait that was written when it was only requested."""

    environment: Environment | None = None
