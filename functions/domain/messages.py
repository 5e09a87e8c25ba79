"""The mails of events and approvals: subject and text, from the event alone (N1)."""

from dataclasses import dataclass
from typing import Literal, assert_never

from functions.domain import budgets
from functions.domain.approvals import Approval
from functions.domain.events import (
    DeploymentFinished,
    DeploymentStarted,
    EnvironmentFrozen,
    EnvironmentUnfrozen,
    Event,
    GatesJudged,
    RollbackFinished,
    RollbackStarted,
    StageFinished,
    WorkItemFinished,
    release_of,
)
from functions.domain.releases import Release

Topic = Literal["deployments", "approvals", "rollbacks"]

_STAGE_WORDS = {
    "passed": "is deployed to",
    "rejected": "was rejected for",
    "expired": "got no approval for",
    "superseded": "was superseded before",
    "restored": "failed in and was rolled back from",
    "partly": "failed in and was partly rolled back from",
    "unknown": "failed in and could not be rolled back from",
}


def approval_wanted(approval: Approval, link: str) -> tuple[str, str]:
    """The mail that asks for a decision; the only place where the link stands."""
    summary = approval.summary
    asks = "Approve" if approval.purpose == "deploy" else "Review a warning of"
    emergency = summary.get("emergency", "")
    subject = f"{asks} {summary['repository']} {summary['commit'][:12]} for {approval.environment}"
    lines = [
        *([emergency, ""] if emergency else []),
        f"{asks} this release for {approval.environment}:",
        "",
        f"  Release    {summary['repository']} {summary['commit'][:12]}",
        f"  Title      {summary['title']}",
        f"  Author     {summary['author']}",
        f"  Changes    {summary['changes']}",
        *_commits(approval),
        f"  Gates      {summary['gates']}",
        f"  Rollback   {summary['rollback']}",
        *([f"  Reason     {summary['reason']}"] if summary["reason"] else []),
        "",
        f"Decide here until {approval.expires_at} (opening the link decides nothing):",
        f"  approve:  {link}&intent=approve",
        f"  reject:   {link}&intent=reject",
        "",
        f"Deployment {approval.deployment_id}",
    ]
    return f"EMERGENCY: {subject}" if emergency else subject, "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Links:
    """Where people see GitHub, and where they read what to do."""

    github: str = ""
    runbooks: str = ""


NO_LINKS = Links()


def _commits(approval: Approval) -> list[str]:
    """The commits since what runs, as they stand on the page."""
    if approval.shown is None:
        return []
    lines = [*approval.shown.commits, *([approval.shown.commits_note] if approval.shown.commits_note else [])]
    return [f"  {'Commits' if number == 0 else '':<10} {line}" for number, line in enumerate(lines)]


@dataclass(frozen=True, slots=True)
class Message:
    """One mail, which is also what Slack shows."""

    topic: Topic
    subject: str
    text: str


def compose(event: Event, links: Links = NO_LINKS) -> Message | None:
    """The message of a domain event; None when it needs no notification."""
    written = _written(event)
    if written is None:
        return None
    topic, subject, reason = written
    release = release_of(event)
    if release and release.emergency:
        subject = f"EMERGENCY: {subject}"
    lines = [subject, "", *_about(event), f"  Reason       {reason}", *_identity(event), *_links(event, links)]
    return Message(topic, subject, "\n".join(lines))


def _written(event: Event) -> tuple[Topic, str, str] | None:
    """Topic, subject and reason."""
    match event:
        case DeploymentStarted():
            return "deployments", f"{_what(event)} starts", event.reason
        case StageFinished():
            words = _STAGE_WORDS.get(event.result, "failed before it changed anything in")
            return "deployments", f"{_what(event)} {words} {event.environment}", event.reason
        case DeploymentFinished():
            return (
                "deployments",
                f"{_what(event)} ended: {event.outcome}",
                _with(event.reason, budgets.overwork(event)),
            )
        case RollbackStarted():
            return "rollbacks", f"{_what(event)} is being rolled back from {event.environment}", event.reason
        case RollbackFinished():
            frozen = "; the environment is FROZEN" if event.result == "unknown" else ""
            subject = f"Rollback of {_what(event)} from {event.environment}: {event.result}{frozen}"
            late = budgets.overrun(event.started_at, event.verified_at, budgets.ROLLBACK)
            return "rollbacks", subject, _with(event.reason, late)
        case EnvironmentFrozen():
            return "deployments", f"{event.environment} is FROZEN by {event.by}", event.reason
        case EnvironmentUnfrozen():
            return "deployments", f"{event.environment} was unfrozen by {event.by}", event.reason
        case WorkItemFinished():
            return _work_item(event)
        case GatesJudged():
            return None
        case _:
            assert_never(event)


def _with(reason: str, late: str) -> str:
    return f"{reason}; it {late}" if late else reason


def _work_item(event: WorkItemFinished) -> tuple[Topic, str, str] | None:
    """Only what waits for a person (W8); everything else stands on card and pull request."""
    if event.state != "quarantined":
        return None
    item = event.item
    name = f"{item.repository}#{item.number}" if item.number else "A board item"
    way_out = "It is not tried again until somebody looks and moves its card back."
    return "deployments", f"{name} waits for a person: {item.title}", f"{event.reason}\n\n{way_out}"


def _about(event: Event) -> list[str]:
    """What the message is about: the release, the environment, or neither."""
    match event:
        case DeploymentStarted() | GatesJudged() | DeploymentFinished():
            return _release_lines(event.release)
        case StageFinished() | RollbackStarted() | RollbackFinished():
            return [*_release_lines(event.release), f"  Environment  {event.environment}"]
        case EnvironmentFrozen() | EnvironmentUnfrozen():
            return [f"  Environment  {event.environment}"]
        case WorkItemFinished():
            return []
        case _:
            assert_never(event)


def _identity(event: Event) -> list[str]:
    """The name under which people find the deployment or the attempt."""
    match event:
        case EnvironmentFrozen() | EnvironmentUnfrozen():
            return []
        case WorkItemFinished():
            return [f"  Attempt      {event.work_id}"]
        case _:
            return [f"  Deployment   {event.deployment_id}"]


def _links(event: Event, links: Links) -> list[str]:
    """The commit or the work; and, when an environment is in an unknown state, what to do about it (R5)."""
    found = []
    release = release_of(event)
    if links.github and isinstance(event, WorkItemFinished) and event.item.number:
        page = f"pull/{event.pull_request}" if event.pull_request else f"issues/{event.item.number}"
        found.append(f"  Work         {links.github}/{event.item.repository}/{page}")
    if links.github and release and release.commit:
        found.append(f"  Commit       {links.github}/{release.repository}/commit/{release.commit}")
    if links.runbooks and _is_unknown(event):
        found.append(f"  Runbook      {links.runbooks}/frozen-environment.md")
    return found


def _is_unknown(event: Event) -> bool:
    if isinstance(event, StageFinished | RollbackFinished):
        return event.result == "unknown"
    return isinstance(event, DeploymentFinished) and event.outcome == "unknown"


def _release_lines(release: Release | None) -> list[str]:
    return [
        f"  Release      {release.repository} {release.short}" if release else "  Release      ? ?",
        f"  Title        {release.title if release else ''}",
        f"  Author       {release.author if release else '?'}",
    ]


def _what(event: DeploymentStarted | StageFinished | DeploymentFinished | RollbackStarted | RollbackFinished) -> str:
    if event.release is None:
        return f"release {event.deployment_id[:12]}"
    return f"{event.release.repository} {event.release.short}"
