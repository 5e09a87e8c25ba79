"""RequestApproval: write the request, and mail the people who decide a link with a secret in it (A1)."""

from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from secrets import token_urlsafe
from typing import TYPE_CHECKING, ClassVar, Literal, Self

from functions.adapters.clock import Clock, iso
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.task_tokens import TaskTokens
from functions.adapters.topics import Topics
from functions.adapters.waits_table import WaitsTable, approval_key
from functions.domain.approvals import Approval, hash_secret, supersedes
from functions.domain.environments import Environment
from functions.domain.gates import Gate
from functions.domain.messages import approval_wanted
from functions.domain.releases import Release
from functions.entry import Room
from functions.stage.await_approval import decided

if TYPE_CHECKING:
    from functions.runtime import Clients


@dataclass(frozen=True, slots=True)
class Input:
    """What is to be decided: a release (deploy), or a warning that rang (review)."""

    deployment_id: str
    execution: str
    release: Release
    environment: Environment
    parts: list[str]
    gates: tuple[Gate, ...]
    purpose: Literal["deploy", "review"]
    reason: str


@dataclass(frozen=True, slots=True)
class Output:
    """The request; its secret is in the mail and nowhere else."""

    approval_id: str


class ApprovalLinks:
    """Where the approval page is reached."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("APPROVALS_URL",)

    def __init__(self, base: str) -> None:
        self._base = base.rstrip("/")

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The page of this stack."""
        return cls(aws.setting("APPROVALS_URL"))

    def link(self, approval_id: str, secret: str) -> str:
        """The link of one mail."""
        return f"{self._base}/{approval_id}?secret={secret}"


ROOM = Room(
    allow=(
        *WaitsTable.READ,
        *WaitsTable.WRITE,
        *EnvironmentsTable.READ,
        *DeploymentsTable.WRITE,
        *Topics.PUBLISH,
        *TaskTokens.COMPLETE,
    )
)


def request_approval(
    event: Input,
    waits: WaitsTable,
    environments: EnvironmentsTable,
    deployments: DeploymentsTable,
    topics: Topics,
    tokens: TaskTokens,
    links: ApprovalLinks,
    clock: Clock,
) -> Output:
    """A repetition finds its request by the same id and mails a further link: of secrets only hashes are kept."""
    approval_id = sha256(f"{event.execution}/{event.purpose}/{event.reason}".encode()).hexdigest()[:24]
    secret = token_urlsafe(32)
    now = clock.now()
    approval = Approval(
        approval_id,
        event.purpose,
        event.deployment_id,
        event.environment.name,
        _summary(event, environments),
        [hash_secret(secret)],
        requested_at=iso(now),
        decides_from=iso(now + timedelta(seconds=event.environment.approval_wait_seconds)),
        expires_at=iso(now + timedelta(seconds=event.environment.approval_timeout_seconds)),
        repository=event.release.repository,
        committed_at=event.release.committed_at,
    )
    # Written before the others are read: of two that ask at once, at least one sees the other.
    waits.save_approval(approval, now)
    others = [other for other in waits.approvals_of(approval.environment) if other.approval_id != approval_id]
    if any(supersedes(other, approval) for other in others):
        _supersede(waits.approval(approval_id) or approval, waits, tokens)
        return Output(approval_id)
    for older in (other for other in others if supersedes(approval, other)):
        _supersede(older, waits, tokens)
    deployments.enter(event.deployment_id, event.environment.name, "waiting for approval")
    topics.publish("approvals", *approval_wanted(approval, links.link(approval_id, secret)))
    return Output(approval_id)


def _supersede(older: Approval, waits: WaitsTable, tokens: TaskTokens) -> None:
    ended = replace(older, state="superseded")
    wait = waits.find(approval_key(older.approval_id))
    if waits.decide(ended) and wait:
        tokens.succeed(wait.token, decided(ended))


def _summary(event: Input, environments: EnvironmentsTable) -> dict[str, str]:
    """What the mail and the page show, frozen as it was when asked."""
    good = {
        name: state.good.commit[:12]
        for name, state in environments.parts(event.environment.name).items()
        if state.good and name in event.parts
    }
    back = ", ".join(f"{name} to {commit}" for name, commit in good.items())
    return {
        "repository": event.release.repository,
        "commit": event.release.commit,
        "title": event.release.title,
        "author": event.release.author,
        "changes": ", ".join(event.parts),
        "gates": "; ".join(f"{gate.name}: {gate.reason}" for gate in event.gates),
        "rollback": back or "nothing ran here before: there is no earlier release to go back to",
        "reason": event.reason,
    }
