"""The story of a rollback, as the GitHub issue tells it (R10); every text from outside is quoted as text."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

LABEL = "incident"
_ANY = re.compile(r"<!-- kiro-incident ([a-z][a-z0-9-]*)/([\w.-]+) -->")
_RESULTS = {
    "restored": "Restored: what ran before this release runs again, and was read back from what runs.",
    "partly": "Partly restored: some of it was a first release, with nothing to go back to.",
    "unknown": "**Not restored.** The environment is frozen: nothing deploys there until a person unfreezes it.",
}


@dataclass(frozen=True, slots=True)
class Links:
    """Where people look next; texts without a trailing slash."""

    github: str
    runbooks: str
    region: str


def marker(environment: str, deployment_id: str) -> str:
    """What makes an incident found again; invisible on the page."""
    return f"<!-- kiro-incident {environment}/{deployment_id} -->"


def environment_of(body: str) -> str | None:
    """The environment that an issue is about; None when it is no incident of ours."""
    found = _ANY.search(body)
    return found[1] if found else None


def title(detail: Mapping[str, Any]) -> str:
    """What the issue is called."""
    release = detail.get("release") or {}
    return f"{detail['environment']}: {release.get('commit', detail['deploymentId'])[:12]} was rolled back"


def opened(detail: Mapping[str, Any], record: Mapping[str, Any], links: Links) -> str:
    """The body of a new incident: what, why, when and where to look; `record` may be empty."""
    release = detail.get("release") or {}
    commit, repository = release.get("commit", ""), release.get("repository", "")
    rows = [
        ("Environment", detail["environment"]),
        ("Release", f"[`{commit[:12]}`]({links.github}/{repository}/commit/{commit})" if commit else "unknown"),
        ("Title", _code(release.get("message", "").partition("\n")[0])),
        ("Author", _code(release.get("author", ""))),
        ("Alarm or gate", _code(detail.get("reason", ""))),
        ("Deployment", _execution(record.get("execution", ""), detail["deploymentId"], links)),
        ("Runbook", links.runbooks),
    ]
    return "\n".join(
        [
            marker(detail["environment"], detail["deploymentId"]),
            "A release was taken back. The result follows as a comment; the next good deployment closes this issue.",
            "",
            "| | |",
            "|---|---|",
            *(f"| {name} | {value} |" for name, value in rows if value),
            "",
            "### Timeline",
            "",
            *(f"- `{when}` {what}" for when, what in _timeline(detail, record)),
            "",
            "Notes of those who looked into it belong here, as comments.",
        ]
    )


def ended(detail: Mapping[str, Any]) -> str:
    """The comment that says how the rollback ended; it begins with a marker of its own."""
    clock = (("alarm to start", "breachedAt", "startedAt"), ("start to verified", "startedAt", "verifiedAt"))
    verified = bool(detail.get("verifiedAt"))
    took = [f"{what} {seconds:.1f} s" for what, a, b in clock if (seconds := _seconds(detail, a, b)) is not None]
    return "\n".join(
        [
            end_marker(detail),
            _RESULTS.get(detail["result"], detail["result"]),
            "",
            *([f"What was found: {_code(detail['reason'])}", ""] if detail.get("reason") else []),
            *([f"Verified at `{detail['verifiedAt']}`{'; ' if took else ''}{', '.join(took)}."] if verified else []),
        ]
    ).rstrip()


def end_marker(detail: Mapping[str, Any]) -> str:
    """What makes a comment found again; a later rollback of the same release ended at another time."""
    return f"<!-- kiro-rollback {detail.get('verifiedAt') or 'unrecorded'} -->"


def closed(detail: Mapping[str, Any], environment: str) -> str:
    """The comment that closes an incident."""
    commit = (detail.get("release") or {}).get("commit", "")
    return f"{environment} runs a good release again: {commit} was deployed ({_code(detail['deploymentId'])})."


def _timeline(detail: Mapping[str, Any], record: Mapping[str, Any]) -> list[tuple[str, str]]:
    events = [
        (record.get("startedAt", ""), "deployment started"),
        *(
            (stage.get("finishedAt", ""), f"{name}: {stage.get('result', '')}")
            for name, stage in record.get("stages", {}).items()
        ),
        (detail.get("breachedAt", ""), "alarm or failure"),
        (detail.get("startedAt", ""), "rollback started"),
    ]
    return sorted((when, what) for when, what in events if when)


def _seconds(detail: Mapping[str, Any], start: str, end: str) -> float | None:
    if not detail.get(start) or not detail.get(end):
        return None
    return (datetime.fromisoformat(detail[end]) - datetime.fromisoformat(detail[start])).total_seconds()


def _execution(arn: str, deployment_id: str, links: Links) -> str:
    if not arn:
        return _code(deployment_id)
    console = f"https://{links.region}.console.aws.amazon.com/states/home?region={links.region}"
    return f"[{deployment_id}]({console}#/v2/executions/details/{arn})"


def _code(text: str) -> str:
    """A text from outside: no link, no mention, no markup, one line of a table."""
    plain = " ".join(text.replace("`", "'").split()).replace("|", "\\|")
    return f"`{plain[:1000]}`" if plain else ""
