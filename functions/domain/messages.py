"""Subject and text of the mails about events and approval requests (N1)."""

from dataclasses import dataclass
from typing import Literal, assert_never

from functions.domain import budgets
from functions.domain.approvals import Approval
from functions.domain.events import (
    ApprovalDecided,
    DeploymentFinished,
    DeploymentStarted,
    DriftEnded,
    DriftFound,
    EnvironmentEvent,
    EnvironmentFrozen,
    EnvironmentUnfrozen,
    Event,
    GatesJudged,
    PartsPinned,
    PartsUnpinned,
    RollbackFinished,
    RollbackStarted,
    StageFinished,
    StageHeld,
    StagePinned,
    WorkItemFinished,
    deployment_of,
    release_of,
)
from functions.domain.releases import Release
from functions.domain.texts import REASON, one_line, url_path

Topic = Literal["deployments", "approvals", "rollbacks"]

_STAGE_WORDS = {
    "passed": "is deployed to {}",
    "rejected": "was rejected for {}",
    "expired": "got no approval in time for {}",
    "superseded": "was superseded before {}",
    "held": "was held before {} until its time was up",
    "restored": "failed in {} and was rolled back",
    "partly": "failed in {} and was partly rolled back",
    "unknown": "failed in {} and could not be rolled back",
}


def approval_wanted(approval: Approval, link: str) -> tuple[str, str]:
    """Subject and text of the mail that requests a decision. The link is in no other message."""
    # Builds, commits and repositories wrote most of it: none of them may add a line to the mail.
    summary = {name: one_line(text, REASON) for name, text in approval.summary.items()}
    request = "Approve" if approval.purpose == "deploy" else "Review a warning of"
    emergency = summary.get("emergency", "")
    subject = f"{request} {summary['repository']} {summary['commit'][:12]} for {approval.environment}"
    lines = [
        *([emergency, ""] if emergency else []),
        f"{request} this release for {approval.environment}:",
        "",
        f"  Release    {summary['repository']} {summary['commit'][:12]}",
        f"  Title      {summary['title']}",
        f"  Author     {summary['author']}",
        f"  Changes    {summary['changes']}",
        *_commits(approval),
        f"  Gates      {summary['gates']}",
        f"  Rollback   {summary['rollback']}",
        *([f"  Reason     {summary['reason']}"] if summary["reason"] else []),
        *([f"  Left out   {summary['pinned']}"] if summary.get("pinned") else []),
        "",
        f"Decide before {approval.expires_at}. Opening a link decides nothing:",
        f"  approve:  {link}&intent=approve",
        f"  reject:   {link}&intent=reject",
        "",
        f"Deployment {approval.deployment_id}",
    ]
    return f"EMERGENCY: {subject}" if emergency else subject, "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Links:
    """Base URLs of GitHub, the runbooks and the console; without one, its links are left out."""

    github: str = ""
    runbooks: str = ""
    console: str = ""


NO_LINKS = Links()


def _commits(approval: Approval) -> list[str]:
    """The commits since the running version, as the approval page shows them."""
    if approval.shown is None:
        return []
    lines = [*approval.shown.commits, *([approval.shown.commits_note] if approval.shown.commits_note else [])]
    return [f"  {'Commits' if number == 0 else '':<10} {one_line(line)}" for number, line in enumerate(lines)]


@dataclass(frozen=True, slots=True)
class Message:
    """One message, sent as a mail and to Slack."""

    topic: Topic
    subject: str
    text: str


def compose(event: Event, links: Links = NO_LINKS) -> Message | None:
    """The message of an event; None when nobody is notified of it."""
    written = _written(event)
    if written is None:
        return None
    topic, subject, reason = written
    release = release_of(event)
    if release and release.emergency:
        subject = f"EMERGENCY: {subject}"
    subject = one_line(subject)
    why = f"  Reason       {one_line(reason, REASON)}"
    lines = [subject, "", *_about(event), why, *_next_step(event), *_identity(event), *_links(event, links)]
    return Message(topic, subject, "\n".join(lines))


def _written(event: Event) -> tuple[Topic, str, str] | None:
    """Topic, subject and reason."""
    match event:
        case DeploymentStarted():
            return "deployments", f"{_what(event)} starts", event.reason
        case StageHeld():
            return "deployments", f"{_what(event)} {event.reason.partition(': ')[0]}", event.reason
        case StagePinned():
            return "deployments", f"{_what(event)} leaves pinned parts of {event.environment} as they are", event.reason
        case StageFinished():
            words = _STAGE_WORDS.get(event.result, "failed in {} before any change").format(event.environment)
            return "deployments", f"{_what(event)} {words}", event.reason
        case DeploymentFinished():
            return (
                "deployments",
                f"{_what(event)} ended: {event.outcome}",
                _with(event.reason, budgets.overwork(event)),
            )
        case RollbackStarted():
            return "rollbacks", f"{_what(event)} is being rolled back in {event.environment}", event.reason
        case RollbackFinished():
            frozen = "; the environment is FROZEN" if event.result == "unknown" else ""
            subject = f"Rollback of {_what(event)} in {event.environment}: {event.result}{frozen}"
            late = budgets.overrun(event.started_at, event.verified_at, budgets.ROLLBACK)
            return "rollbacks", subject, _with(event.reason, late)
        case EnvironmentEvent():
            return "deployments", *_of_environment(event)
        case WorkItemFinished():
            return _work_item(event)
        case GatesJudged() | ApprovalDecided():
            return None
        case _:
            assert_never(event)


def _of_environment(
    event: EnvironmentFrozen | EnvironmentUnfrozen | PartsPinned | PartsUnpinned | DriftFound | DriftEnded,
) -> tuple[str, str]:
    """Subject and reason of an event that is about no release."""
    match event:
        case EnvironmentFrozen():
            return f"{event.environment} is FROZEN by {event.by}", event.reason
        case EnvironmentUnfrozen():
            return f"{event.environment} was unfrozen by {event.by}", event.reason
        case PartsPinned():
            pinned = f"{', '.join(event.parts)} is PINNED in {event.environment} by {event.by}"
            return pinned, f"{event.reason}; until {event.until}"
        case PartsUnpinned():
            unpinned = f"{', '.join(event.parts)} was unpinned in {event.environment} by {event.by}"
            return unpinned, event.reason
        case DriftFound():
            return f"Drift: {event.part} was changed in {event.environment}", event.reason
        case DriftEnded():
            return f"Drift ended: {event.part} in {event.environment}", event.reason
        case _:
            assert_never(event)


def _with(reason: str, late: str) -> str:
    return f"{reason}; it {late}" if late else reason


def _work_item(event: WorkItemFinished) -> tuple[Topic, str, str] | None:
    """Only an item in quarantine needs a person (W8); the card and the pull request report everything else."""
    if event.state != "quarantined":
        return None
    item = event.item
    name = f"{item.repository}#{item.number}" if item.number else "A board item"
    return "deployments", f"{name} waits for a person: {item.title}", event.reason


def _next_step(event: Event) -> list[str]:
    """The lines on what people can do about it."""
    match event:
        case WorkItemFinished():
            return ["", "It is not attempted again until a person corrects the cause and moves its card back."]
        case RollbackFinished(result="restored" | "partly"):
            pin = f"kiro-worker pin {event.environment} --reason …"
            return [
                "",
                f"The next push deploys again. So that it does not bring the same fault back: `{pin}` keeps releases",
                "out until `kiro-worker unpin`, or with `--until-newer-than COMMIT` until one descends from it.",
            ]
        case DriftFound():
            return ["", event.next_step]
        case _:
            return []


def _about(event: Event) -> list[str]:
    """The lines on the release and the environment of an event."""
    match event:
        case DeploymentStarted() | GatesJudged() | DeploymentFinished():
            return _release_lines(event.release)
        case StageHeld() | StagePinned() | ApprovalDecided() | StageFinished() | RollbackStarted() | RollbackFinished():
            return [*_release_lines(event.release), f"  Environment  {event.environment}"]
        case EnvironmentEvent():
            return [f"  Environment  {event.environment}"]
        case WorkItemFinished():
            return []
        case _:
            assert_never(event)


def _identity(event: Event) -> list[str]:
    """The line with the id of the deployment or the attempt."""
    if isinstance(event, WorkItemFinished):
        return [f"  Attempt      {event.work_id}"]
    deployment = deployment_of(event)
    return [f"  Deployment   {deployment}"] if deployment else []


def _links(event: Event, links: Links) -> list[str]:
    """Links to the commit or the work; and to the runbook when the state of an environment is unknown (R5)."""
    found = []
    release = release_of(event)
    if links.github and isinstance(event, WorkItemFinished) and event.item.number:
        page = f"pull/{event.pull_request}" if event.pull_request else f"issues/{event.item.number}"
        found.append(f"  Work         {links.github}/{url_path(event.item.repository)}/{page}")
    if links.github and release and release.commit:
        found.append(f"  Commit       {links.github}/{url_path(f'{release.repository}/commit/{release.commit}')}")
    if links.console and deployment_of(event):
        found.append(f"  Console      {links.console}/{url_path(deployment_of(event))}")
    if links.runbooks and _is_unknown(event):
        found.append(f"  Runbook      {links.runbooks}/frozen-environment.md")
    if links.runbooks and isinstance(event, DriftFound):
        found.append(f"  Runbook      {links.runbooks}/drift.md")
    return found


def _is_unknown(event: Event) -> bool:
    if isinstance(event, StageFinished | RollbackFinished):
        return event.result == "unknown"
    return isinstance(event, DeploymentFinished) and event.outcome == "unknown"


def _release_lines(release: Release | None) -> list[str]:
    return [
        f"  Release      {release.repository} {release.short}" if release else "  Release      unknown",
        f"  Title        {release.title if release else ''}",
        f"  Author       {one_line(release.author) if release else 'unknown'}",
    ]


def _what(
    event: DeploymentStarted
    | StageHeld
    | StagePinned
    | StageFinished
    | DeploymentFinished
    | RollbackStarted
    | RollbackFinished,
) -> str:
    if event.release is None:
        return f"release {event.deployment_id[:12]}"
    return f"{event.release.repository} {event.release.short}"
