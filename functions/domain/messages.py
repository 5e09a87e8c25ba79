"""What people are told: subject and text of every mail, from the event alone (N1)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from functions.domain import budgets
from functions.domain.approvals import Approval

Topic = Literal["deployments", "approvals", "rollbacks"]

_STAGE_WORDS = {
    "passed": "is deployed to",
    "rejected": "was rejected for",
    "expired": "got no approval for",
    "superseded": "was superseded before",
    "restored": "failed in, and was rolled back from,",
    "partly": "failed in, and was partly rolled back from,",
    "unknown": "failed in, and could not be rolled back from,",
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
    told = [*approval.shown.commits, *([approval.shown.commits_note] if approval.shown.commits_note else [])]
    return [f"  {'Commits' if number == 0 else '':<10} {line}" for number, line in enumerate(told)]


def compose(name: str, detail: Mapping[str, Any], links: Links = NO_LINKS) -> tuple[Topic, str, str] | None:
    """Topic, subject and text of a domain event; None when the event is not for people."""
    writer = _WRITERS.get(name)
    told = writer(detail) if writer else None
    if told is None:
        return None
    topic, subject, reason = told
    release = detail.get("release") or {}
    if release.get("emergency"):
        subject = f"EMERGENCY: {subject}"
    lines = [
        subject,
        "",
        *(_release_lines(release) if "deploymentId" in detail else []),
        *([f"  Environment  {detail['environment']}"] if detail.get("environment") else []),
        f"  Reason       {reason}",
        *([f"  Deployment   {detail['deploymentId']}"] if "deploymentId" in detail else []),
        *([f"  Attempt      {detail['workId']}"] if "workId" in detail else []),
        *_links(detail, release, links),
    ]
    return topic, subject, "\n".join(lines)


def _links(detail: Mapping[str, Any], release: Mapping[str, Any], links: Links) -> list[str]:
    """The commit or the work; and, when an environment is in an unknown state, what to do about it (R5)."""
    found = []
    item = detail.get("item") or {}
    if links.github and item.get("number"):
        page = f"pull/{detail['pullRequest']}" if detail["pullRequest"] else f"issues/{item['number']}"
        found.append(f"  Work         {links.github}/{item['repository']}/{page}")
    if links.github and release.get("commit"):
        found.append(f"  Commit       {links.github}/{release['repository']}/commit/{release['commit']}")
    if links.runbooks and "unknown" in (detail.get("result"), detail.get("outcome")):
        found.append(f"  Runbook      {links.runbooks}/frozen-environment.md")
    return found


def _release_lines(release: Mapping[str, Any]) -> list[str]:
    return [
        f"  Release      {release.get('repository', '?')} {release.get('commit', '?')[:12]}",
        f"  Title        {release.get('message', '').partition(chr(10))[0]}",
        f"  Author       {release.get('author', '?')}",
    ]


def _what(detail: Mapping[str, Any]) -> str:
    release = detail.get("release") or {}
    return f"{release.get('repository', 'release')} {release.get('commit', detail['deploymentId'])[:12]}"


def _started(detail: Mapping[str, Any]) -> tuple[Topic, str, str]:
    return "deployments", f"{_what(detail)} starts", detail["reason"]


def _stage(detail: Mapping[str, Any]) -> tuple[Topic, str, str]:
    words = _STAGE_WORDS.get(detail["result"], "failed before it changed anything in")
    return "deployments", f"{_what(detail)} {words} {detail['environment']}", detail["reason"]


def _finished(detail: Mapping[str, Any]) -> tuple[Topic, str, str]:
    late = budgets.overwork(detail)
    reason = f"{detail['reason']}; it {late}" if late else detail["reason"]
    return "deployments", f"{_what(detail)} ended: {detail['outcome']}", reason


def _rollback_started(detail: Mapping[str, Any]) -> tuple[Topic, str, str]:
    return "rollbacks", f"{_what(detail)} is being rolled back from {detail['environment']}", detail["reason"]


def _rollback_finished(detail: Mapping[str, Any]) -> tuple[Topic, str, str]:
    frozen = "; the environment is FROZEN" if detail["result"] == "unknown" else ""
    subject = f"Rollback of {_what(detail)} from {detail['environment']}: {detail['result']}{frozen}"
    late = budgets.overrun(detail.get("startedAt", ""), detail.get("verifiedAt", ""), budgets.ROLLBACK)
    return "rollbacks", subject, f"{detail['reason']}; it {late}" if late else detail["reason"]


def _frozen(detail: Mapping[str, Any]) -> tuple[Topic, str, str]:
    return "deployments", f"{detail['environment']} is FROZEN by {detail['by']}", detail["reason"]


def _unfrozen(detail: Mapping[str, Any]) -> tuple[Topic, str, str]:
    return "deployments", f"{detail['environment']} is open again, says {detail['by']}", detail["reason"]


def _work_item(detail: Mapping[str, Any]) -> tuple[Topic, str, str] | None:
    """Only what waits for a person (W8); everything else stands on card and pull request."""
    if detail["state"] != "quarantined":
        return None
    item = detail["item"]
    name = f"{item['repository']}#{item['number']}" if item.get("number") else "A board item"
    way_out = "It is not tried again until somebody looks and moves its card back."
    return "deployments", f"{name} waits for a person: {item['title']}", f"{detail['reason']}\n\n{way_out}"


_WRITERS: Mapping[str, Callable[[Mapping[str, Any]], tuple[Topic, str, str] | None]] = {
    "WorkItemFinished": _work_item,
    "EnvironmentFrozen": _frozen,
    "EnvironmentUnfrozen": _unfrozen,
    "DeploymentStarted": _started,
    "StageFinished": _stage,
    "DeploymentFinished": _finished,
    "RollbackStarted": _rollback_started,
    "RollbackFinished": _rollback_finished,
}
