"""RequestApproval: store the request, and mail the approvers a link that contains a secret (A1)."""

from datetime import timedelta
from hashlib import sha256
from secrets import token_urlsafe
from typing import Literal

from msgspec import field

from functions.adapters.artifacts import Artifacts
from functions.adapters.bus import Bus
from functions.adapters.clock import Clock, iso
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.executions import Executions
from functions.adapters.links import ApprovalLinks, ReleaseLinks
from functions.adapters.release_people import ReleasePeople
from functions.adapters.rollback_outlook import RollbackOutlook
from functions.adapters.signatures import Signatures
from functions.adapters.task_tokens import TaskTokens
from functions.adapters.topics import Topics
from functions.adapters.waits_table import WaitsTable
from functions.domain.approvals import Approval, Shown, hash_secret, irreversible, supersedes
from functions.domain.environments import Environment, addresses, watched
from functions.domain.events import StageHeld
from functions.domain.gates import Verdict, reasons
from functions.domain.mails import approval_wanted
from functions.domain.manifests import Part, own_name
from functions.domain.releases import Release
from functions.domain.values import Value
from functions.domain.waiting import for_approval
from functions.domain.waits import ApprovalKey, Wait
from functions.handler import Handler
from functions.procedures.entry import SHOW, show
from functions.procedures.locks import overtaken_by
from functions.procedures.older_releases import supersede
from functions.procedures.provenance import of_release
from functions.procedures.waits import KEEP, keep
from functions.targets import registry

EMERGENCY = (
    "This is an EMERGENCY deployment: it does not wait for deployment windows, and no tests run after it. "
    "All gates of the build were judged."
)


class Input(Value, frozen=True):
    """The decision to request: on a release (deploy), or on a warning during its watch (review).

    `irreversible` names parts that can't be rolled back. `changes` are the parts in `parts` with their definitions;
    the input of a stage that began before an update may lack them. `round` counts requests that expired while the
    environment was frozen: each is followed by another one.
    """

    deployment_id: str
    execution: str
    release: Release
    environment: Environment
    parts: list[str]
    gates: tuple[Verdict, ...]
    artifact: str
    purpose: Literal["deploy", "review"]
    reason: str
    irreversible: list[str] = field(default_factory=list)
    changes: tuple[Part, ...] = ()
    round: int = 0


class Output(Value, frozen=True):
    """The id of the request; only the mails contain its secrets."""

    approval_id: str


HANDLER = Handler(
    allow=(
        *WaitsTable.FIND,
        *KEEP,
        *EnvironmentsTable.READ,
        *DeploymentsTable.READ,
        *Artifacts.READ,
        *RollbackOutlook.READ,
        *ReleasePeople.READ,
        *Topics.PUBLISH,
        *SHOW,
        *TaskTokens.COMPLETE,
    ),
    timeout_seconds=50,
    memory_mb=1024,
)


def request_approval(
    event: Input,
    waits: WaitsTable,
    artifacts: Artifacts,
    outlook: RollbackOutlook,
    people: ReleasePeople,
    deployments: DeploymentsTable,
    signatures: Signatures,
    environments: EnvironmentsTable,
    topics: Topics,
    tokens: TaskTokens,
    links: ApprovalLinks,
    about: ReleaseLinks,
    executions: Executions,
    bus: Bus,
    clock: Clock,
) -> Output:
    """Store the request, supersede older ones and mail the links.

    The id depends on the input only, so a repetition finds the request. It mails further links, because only hashes of
    secrets are stored. The request belongs to its execution from the start (P9).
    """
    environment, now = event.environment, clock.now()
    identity = f"{event.execution}/{event.purpose}/{event.reason}" + (f"/{event.round}" if event.round else "")
    approval_id = sha256(identity.encode()).hexdigest()[:24]
    secrets = {to: token_urlsafe(32) for to in _recipients(environment)}
    shown = _shown(event, artifacts, outlook, deployments, signatures)
    approval = Approval(
        approval_id,
        event.purpose,
        event.deployment_id,
        environment.name,
        _summary(event, shown, _pinned(event, deployments), _figures(event, deployments)),
        [hash_secret(secret) for secret in secrets.values()],
        requested_at=iso(now),
        decides_from=iso(now + timedelta(seconds=environment.approval_wait_seconds)),
        expires_at=iso(now + timedelta(seconds=environment.approval_timeout_seconds)),
        repository=event.release.repository,
        order=event.release.order,
        holders={hash_secret(secret): to for to, secret in secrets.items() if to},
        approvers=environment.approvers,
        needed=environment.approvals_needed,
        authors=[] if environment.author_may_approve else _authors(event, people, deployments),
        author_may_approve=environment.author_may_approve,
        shown=shown,
        watch_seconds=environment.watch_seconds,
        links=_links(event, about, outlook, deployments, environments),
    )
    known = waits.approval(approval_id)
    # Stored before the others are read: of two simultaneous requests, at least one reads the other.
    waits.save_approval(approval, now)
    if not keep(Wait(ApprovalKey(approval_id), "", event.execution, environment.name), waits, executions, clock):
        return Output(approval_id)
    others = [other for other in waits.approvals_of(approval.environment) if other.approval_id != approval_id]
    newer = next((_waits(other) for other in others if supersedes(other, approval)), "")
    if event.purpose == "deploy" and not newer:
        release = event.release
        newer = overtaken_by(release.repository, release.order, environment.name, environments, executions)
    if newer:
        supersede(waits.approval(approval_id) or approval, newer, waits, tokens)
        return Output(approval_id)
    for older in (other for other in others if supersedes(approval, other)):
        supersede(older, _waits(approval), waits, tokens)
    deployments.enter(event.deployment_id, environment.name, "waiting for approval")
    wait = for_approval(known or approval)
    held = StageHeld(
        *(event.deployment_id, event.release, environment.name, wait.text, iso(now), wait.whom, wait.next),
        approval_id,
    )
    show(held, "waiting for approval", deployments, bus, repeated=known is not None)
    for to, secret in secrets.items():
        topics.publish("approvals", *approval_wanted(approval, links.link(approval_id, secret)), to)
    return Output(approval_id)


def _waits(newer: Approval) -> str:
    return f"the newer release {newer.summary['commit'][:12]} ({newer.deployment_id}) waits for {newer.environment}"


def _authors(event: Input, people: ReleasePeople, deployments: DeploymentsTable) -> list[str]:
    """The GitHub logins of who made the release; of images also who requested them, by a dispatch."""
    made = people.logins(event.release, event.environment.name, event.parts)
    record = deployments.get(event.deployment_id) if event.release.images else None
    by = record.request.by.casefold() if record and record.request else ""
    return sorted({*made, *([by] if by else [])})


def _recipients(environment: Environment) -> list[str]:
    """The addresses that get a personal link; "" stands for the shared link, if anybody else may approve."""
    named = [one for one in environment.approvers if not one.startswith("@")]
    personal = environment.approvals_needed > 1 or not environment.author_may_approve
    return named if named and (personal or len(named) == len(environment.approvers)) else [*named, ""]


def _shown(
    event: Input,
    artifacts: Artifacts,
    outlook: RollbackOutlook,
    deployments: DeploymentsTable,
    signatures: Signatures,
) -> Shown:
    """The facts that the page shows; a SourceError if the artifact is not the one that the gates judged.

    A ProvenanceError if its signed statement is not about it: nobody is asked to approve what can't be deployed. A
    review has no digest, because its release runs already.
    """
    commits, note = outlook.commits(event.release, event.environment.name, event.parts)
    known = outlook.rollback_targets(event.environment, event.parts)
    back = tuple(irreversible(one) if one.part in event.irreversible else one for one in known)
    gates = deployments.verdicts(event.deployment_id) or event.gates
    if event.purpose == "review":
        return Shown(event.artifact, "", gates, commits, note, back)
    record = deployments.get(event.deployment_id)
    digest = record.artifact_digest if record else ""
    if not event.release.images:  # their digests are in the record, and nothing was built
        artifacts.compare(event.artifact, digest)
        of_release(event.deployment_id, event.release, event.artifact, record, artifacts, signatures)
    return Shown(event.artifact, digest, gates, commits, note, back)


def _links(
    event: Input,
    about: ReleaseLinks,
    outlook: RollbackOutlook,
    deployments: DeploymentsTable,
    environments: EnvironmentsTable,
) -> dict[str, str]:
    """The pages about the release, and the addresses of what its repository runs in the environment now."""
    where, release = event.environment, event.release
    record = deployments.get(event.deployment_id)
    log = record.build.log if record and record.build else ""
    states = [one for one in environments.parts(where.name).values() if watched(one, release.repository)]
    running = {f"{own_name(part)} in {where.name}": url for part, url in addresses(states, where.fill_values).items()}
    return about.pages(release, outlook.base(where.name, event.parts), log, running)


def _touched(event: Input) -> list[str]:
    """Each part, with the resource that its change affects in this environment."""
    if not event.changes:
        return event.parts
    where = event.environment
    return [f"{part.name} ({registry.target_of(part.kind).describe(where, part)})" for part in event.changes]


def _pinned(event: Input, deployments: DeploymentsTable) -> str:
    """The parts that the release leaves as they are because they are pinned, with the reasons; "" if there are none."""
    record = deployments.get(event.deployment_id)
    stages = record.plan.stages if record and record.plan else ()
    return next((stage.pins for stage in stages if stage.environment == event.environment.name), "")


def _figures(event: Input, deployments: DeploymentsTable) -> str:
    """What load runs of this release measured in the environments before; "" if none ran."""
    record = deployments.get(event.deployment_id)
    found = record.performance if record else {}
    return "; ".join(f"{name}: {one}" for name, one in found.items() if one)


def _summary(event: Input, shown: Shown, pinned: str, figures: str) -> dict[str, str]:
    """The texts of the mail and the page, as of the request."""
    back = ", ".join(
        f"{one.part} to {one.to}" + ("" if one.ready else f" (NOT READY: {one.reason})") for one in shown.rollback
    )
    return {
        "repository": event.release.repository,
        "commit": event.release.commit,
        "title": event.release.title,
        "author": event.release.author,
        "changes": ", ".join(_touched(event)),
        "gates": reasons(event.gates) or "none: what was requested was built elsewhere",
        "rollback": back or "none: nothing ran here before, so there is no earlier release to go back to",
        "reason": event.reason,
        "emergency": EMERGENCY if event.release.emergency else "",
        "pinned": pinned,
        "figures": figures,
    }
