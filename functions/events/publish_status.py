"""Every domain event becomes what GitHub shows: commit statuses, and a deployment per environment (N2)."""

from typing import Any

from functions.adapters.github.client import GitHub
from functions.domain.redaction import redact
from functions.domain.statuses import commit_statuses, deployment_status
from functions.handler import Handler

HANDLER = Handler(allow=GitHub.USE, memory_mb=512)


def publish_status(event: dict[str, Any], github: GitHub) -> dict[str, int]:
    """A failure is a fault: EventBridge runs this again. Statuses of the same context replace each other."""
    name, detail = event["detail-type"], event["detail"]
    release = detail.get("release")
    if not release:
        return {"statuses": 0}
    repository, commit = release["repository"], release["commit"]
    statuses = commit_statuses(name, detail)
    for status in statuses:
        github.set_status(repository, commit, status.context, status.state, redact(status.description), "")
    state = deployment_status(name, detail)
    if state:
        deployment_id = detail["deploymentId"]
        number = github.find_deployment(repository, commit, state.environment, deployment_id)
        if number is None:
            number = github.create_deployment(
                repository,
                commit,
                state.environment,
                f"Release {commit[:12]} to {state.environment}",
                {"key": deployment_id},
            )
        github.set_deployment_status(repository, number, state.state, redact(state.description), "", "")
    return {"statuses": len(statuses)}
