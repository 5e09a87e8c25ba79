"""The story of a rollback, as the GitHub issue tells it (R10); every text from outside is quoted as text."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from functions.domain.events import DeploymentFinished, RollbackFinished, RollbackStarted
from functions.domain.records import DeploymentRecord
from functions.domain.rollback import RollbackResult
from functions.domain.times import seconds_between

Rollback = RollbackStarted | RollbackFinished
LABEL = "incident"
_ANY = re.compile(r"<!-- kiro-incident ([a-z][a-z0-9-]*)/([\w.-]+) -->")
_RESULTS: Mapping[RollbackResult, str] = {
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


def title(event: Rollback) -> str:
    """What the issue is called."""
    return f"{event.environment}: {(event.release.commit or event.deployment_id)[:12]} was rolled back"


def opened(event: Rollback, record: DeploymentRecord | None, links: Links) -> str:
    """The body of a new incident: what, why, when and where to look; without a record it says less."""
    commit, repository = event.release.commit, event.release.repository
    execution = record.execution if record else ""
    rows = [
        ("Environment", event.environment),
        ("Release", f"[`{commit[:12]}`]({links.github}/{repository}/commit/{commit})" if commit else "unknown"),
        ("Title", _code(event.release.title)),
        ("Author", _code(event.release.author)),
        ("Alarm or gate", _code(event.reason)),
        ("Deployment", _execution(execution, event.deployment_id, links)),
        ("Runbook", links.runbooks),
    ]
    return "\n".join(
        [
            marker(event.environment, event.deployment_id),
            "A release was taken back. The result follows as a comment; the next good deployment closes this issue.",
            "",
            "| | |",
            "|---|---|",
            *(f"| {name} | {value} |" for name, value in rows if value),
            "",
            "### Timeline",
            "",
            *(f"- `{when}` {what}" for when, what in _timeline(event, record)),
            "",
            "Notes of those who looked into it belong here, as comments.",
        ]
    )


def ended(event: RollbackFinished) -> str:
    """The comment that says how the rollback ended; it begins with a marker of its own."""
    clock = (
        ("alarm to start", seconds_between(event.breached_at, event.started_at)),
        ("start to verified", seconds_between(event.started_at, event.verified_at)),
    )
    took = [f"{what} {seconds:.1f} s" for what, seconds in clock if seconds is not None]
    verified = f"Verified at `{event.verified_at}`{'; ' if took else ''}{', '.join(took)}."
    return "\n".join(
        [
            end_marker(event),
            _RESULTS[event.result],
            "",
            *([f"What was found: {_code(event.reason)}", ""] if event.reason else []),
            *([verified] if event.verified_at else []),
        ]
    ).rstrip()


def end_marker(event: RollbackFinished) -> str:
    """What makes a comment found again; a later rollback of the same release ended at another time."""
    return f"<!-- kiro-rollback {event.verified_at or 'unrecorded'} -->"


def closed(event: DeploymentFinished, environment: str) -> str:
    """The comment that closes an incident."""
    commit = event.release.commit if event.release else ""
    return f"{environment} runs a good release again: {commit} was deployed ({_code(event.deployment_id)})."


def _timeline(event: Rollback, record: DeploymentRecord | None) -> list[tuple[str, str]]:
    events = [
        *([(record.started_at, "deployment started")] if record else []),
        *((stage.finished_at, f"{name}: {stage.result}") for name, stage in (record.stages if record else {}).items()),
        (event.breached_at, "alarm or failure"),
        (event.started_at, "rollback started"),
    ]
    return sorted((when, what) for when, what in events if when)


def _execution(arn: str, deployment_id: str, links: Links) -> str:
    if not arn:
        return _code(deployment_id)
    console = f"https://{links.region}.console.aws.amazon.com/states/home?region={links.region}"
    return f"[{deployment_id}]({console}#/v2/executions/details/{arn})"


def _code(text: str) -> str:
    """A text from outside: no link, no mention, no markup, one line of a table."""
    plain = " ".join(text.replace("`", "'").split()).replace("|", "\\|")
    return f"`{plain[:1000]}`" if plain else ""
