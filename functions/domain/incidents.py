"""Texts of the GitHub issue about a rollback (R10). Every text from outside is quoted, so that it has no markup."""

import re
from collections.abc import Mapping

from functions.domain.events import DeploymentFinished, RollbackFinished, RollbackStarted
from functions.domain.records import DeploymentRecord
from functions.domain.rollback import RollbackResult
from functions.domain.texts import code, url_path
from functions.domain.times import seconds_between
from functions.domain.values import Value

Rollback = RollbackStarted | RollbackFinished
LABEL = "incident"
_REASON = 1000
_ANY = re.compile(r"<!-- kiro-incident ([a-z][a-z0-9-]*)/([\w.-]+) -->")
_RESULTS: Mapping[RollbackResult, str] = {
    "restored": "Restored: the versions from before this release run again. This was read back from the environment.",
    "partly": "Partly restored: some parts had no earlier version, because this was their first release.",
    "unknown": "**Not restored.** The environment is frozen: nothing deploys there until a person unfreezes it.",
}


class Links(Value, frozen=True):
    """Base URLs of GitHub and the runbooks, without a trailing slash, and the AWS region of the stack."""

    github: str
    runbooks: str
    region: str

    def execution(self, arn: str) -> str:
        """The page of an execution in the console of Step Functions."""
        console = f"https://{self.region}.console.aws.amazon.com/states/home?region={self.region}"
        return f"{console}#/v2/executions/details/{arn}"


def marker(environment: str, deployment_id: str) -> str:
    """The HTML comment that identifies an incident; it is not visible on the page."""
    return f"<!-- kiro-incident {environment}/{deployment_id} -->"


def environment_of(body: str) -> str | None:
    """The environment of an incident, from the body of an issue; None when the issue is not an incident."""
    found = _ANY.search(body)
    return found[1] if found else None


def title(event: Rollback) -> str:
    """The title of the issue."""
    return f"{event.environment}: {(event.release.commit or event.deployment_id)[:12]} was rolled back"


def opened(event: Rollback, record: DeploymentRecord | None, links: Links) -> str:
    """The body of a new incident: release, cause, timeline and links; shorter without a record."""
    commit, repository = event.release.commit, event.release.repository
    execution = record.execution if record else ""
    page = f"{links.github}/{url_path(f'{repository}/commit/{commit}')}"
    rows = [
        ("Environment", event.environment),
        ("Release", f"[{code(commit[:12])}]({page})" if commit else "unknown"),
        ("Title", code(event.release.title)),
        ("Author", code(event.release.author)),
        ("Alarm or gate", code(event.reason, _REASON)),
        ("Deployment", _execution(execution, event.deployment_id, links)),
        ("Runbook", links.runbooks),
    ]
    return "\n".join(
        [
            marker(event.environment, event.deployment_id),
            "A release was rolled back. The result follows as a comment. "
            "The next successful deployment to this environment closes the issue.",
            "",
            "| | |",
            "|---|---|",
            *(f"| {name} | {_cell(value)} |" for name, value in rows if value),
            "",
            "### Timeline",
            "",
            *(f"- `{when}` {what}" for when, what in _timeline(event, record)),
            "",
            "Add your findings as comments.",
        ]
    )


def ended(event: RollbackFinished) -> str:
    """The comment on the end of the rollback; it begins with its own marker."""
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
            *([f"Found: {code(event.reason, _REASON)}", ""] if event.reason else []),
            *([verified] if event.verified_at else []),
        ]
    ).rstrip()


def end_marker(event: RollbackFinished) -> str:
    """The HTML comment that identifies the end comment; the time tells rollbacks of the same release apart."""
    return f"<!-- kiro-rollback {event.verified_at or 'unrecorded'} -->"


def closed(event: DeploymentFinished, environment: str) -> str:
    """The comment that closes an incident."""
    commit = event.release.commit if event.release else ""
    return f"{environment} is healthy again: {commit} was deployed and passed ({code(event.deployment_id)})."


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
        return code(deployment_id)
    return f"[{deployment_id}]({links.execution(arn)})"


def _cell(markdown: str) -> str:
    """A cell of a table: a pipe would end it, also within code (https://github.github.com/gfm/#tables-extension-)."""
    return markdown.replace("|", "\\|")
