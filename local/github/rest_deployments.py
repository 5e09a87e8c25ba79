"""REST: deployments and their statuses (https://docs.github.com/rest/deployments)."""

from typing import Any

from werkzeug.wrappers import Response

from local.github import shapes
from local.github.records import Deployment, DeploymentStatus, Repository, now
from local.github.rest_statuses import newest_statuses
from local.github.routing import ApiError, Call, Hub, Routes, invalid, not_found

ROUTES = Routes()
_STATES = ("error", "failure", "inactive", "in_progress", "queued", "pending", "success")


@ROUTES.add("POST", "deployments", "deployments:write", 201)
def create_deployment(call: Call, repository: Repository) -> dict[str, Any]:
    """Create a deployment; by default a ref that is behind or has failed checks is refused."""
    body = call.body("ref", resource="Deployment")
    sha = repository.git.resolve(body["ref"])
    if sha is None:
        raise ApiError(422, f"No ref found for: {body['ref']}")
    _refuse_behind(repository, body, sha)
    _refuse_red(repository, body, sha)
    environment = body.get("environment") or "production"
    made = Deployment(
        call.store.next_id(),
        body["ref"],
        sha,
        body.get("task") or "deploy",
        environment,
        body.get("description"),
        body.get("payload", {}),
        bool(body.get("transient_environment", False)),
        bool(body.get("production_environment", environment == "production")),
        call.user,
        now(),
    )
    repository.deployments.append(made)
    return shape(call.hub, repository, made)


@ROUTES.add("GET", "deployments", "deployments:read")
def list_deployments(call: Call, repository: Repository) -> Response:
    """Deployments, newest first, by sha, ref, task or environment."""
    wanted = {name: call.argument(name) for name in ("sha", "ref", "task", "environment") if call.argument(name)}
    found = [
        one
        for one in reversed(repository.deployments)
        if all(getattr(one, name) == value for name, value in wanted.items())
    ]
    return call.paged(found, lambda one: shape(call.hub, repository, one))


@ROUTES.add("GET", "deployments/<int:deployment_id>", "deployments:read")
def get_deployment(call: Call, repository: Repository, deployment_id: int) -> dict[str, Any]:
    """One deployment."""
    return shape(call.hub, repository, _deployment(repository, deployment_id))


@ROUTES.add("POST", "deployments/<int:deployment_id>/statuses", "deployments:write", 201)
def create_deployment_status(call: Call, repository: Repository, deployment_id: int) -> dict[str, Any]:
    """Add a status to a deployment."""
    deployment = _deployment(repository, deployment_id)
    body = call.body("state", resource="DeploymentStatus")
    if body["state"] not in _STATES:
        raise invalid("DeploymentStatus", "state", "custom", "state is not included in the list")
    status = DeploymentStatus(
        call.store.next_id(),
        body["state"],
        body.get("description") or "",
        body.get("log_url") or body.get("target_url") or "",
        body.get("environment") or deployment.environment,
        body.get("environment_url") or "",
        call.user,
        now(),
    )
    deployment.statuses.append(status)
    return _status(call, repository, deployment, status)


@ROUTES.add("GET", "deployments/<int:deployment_id>/statuses", "deployments:read")
def list_deployment_statuses(call: Call, repository: Repository, deployment_id: int) -> Response:
    """The statuses of a deployment, newest first."""
    deployment = _deployment(repository, deployment_id)
    return call.paged(deployment.statuses[::-1], lambda one: _status(call, repository, deployment, one))


def _refuse_behind(repository: Repository, body: dict[str, Any], sha: str) -> None:
    """Refuse a ref that is behind: GitHub would merge the default branch into it, which is not supported here."""
    default = repository.git.resolve(repository.default_branch)
    if body.get("auto_merge", True) and default and repository.git.merge_base(default, sha) != default:
        raise ApiError(409, f"Conflict merging {repository.default_branch} into {body['ref']}.")


def _refuse_red(repository: Repository, body: dict[str, Any], sha: str) -> None:
    states = {status.context: status.state for status in newest_statuses(repository, sha)}
    required = body.get("required_contexts")
    contexts = list(states) if required is None else required
    if any(states.get(context) != "success" for context in contexts):
        raise ApiError(409, f"Conflict: Commit status checks failed for {body['ref']}.")


def _deployment(repository: Repository, deployment_id: int) -> Deployment:
    found = next((one for one in repository.deployments if one.id == deployment_id), None)
    if found is None:
        raise not_found()
    return found


def shape(hub: Hub, repository: Repository, one: Deployment) -> dict[str, Any]:
    """A deployment."""
    api = shapes.repository_url(hub, repository)
    updated = one.statuses[-1].created if one.statuses else one.created
    return {
        "url": f"{api}/deployments/{one.id}",
        "id": one.id,
        "node_id": shapes.node("Deployment", one.id),
        "sha": one.sha,
        "ref": one.ref,
        "task": one.task,
        "payload": one.payload,
        "original_environment": one.environment,
        "environment": one.environment,
        "description": one.description,
        "creator": shapes.user(hub, one.creator),
        "created_at": shapes.moment(one.created),
        "updated_at": shapes.moment(updated),
        "statuses_url": f"{api}/deployments/{one.id}/statuses",
        "repository_url": api,
        "transient_environment": one.transient,
        "production_environment": one.production,
    }


def _status(call: Call, repository: Repository, deployment: Deployment, one: DeploymentStatus) -> dict[str, Any]:
    api = shapes.repository_url(call.hub, repository)
    created = shapes.moment(one.created)
    return {
        "url": f"{api}/deployments/{deployment.id}/statuses/{one.id}",
        "id": one.id,
        "node_id": shapes.node("DeploymentStatus", one.id),
        "state": one.state,
        "creator": shapes.user(call.hub, one.creator),
        "description": one.description,
        "environment": one.environment,
        "target_url": one.log_url,
        "log_url": one.log_url,
        "environment_url": one.environment_url,
        "created_at": created,
        "updated_at": created,
        "deployment_url": f"{api}/deployments/{deployment.id}",
        "repository_url": api,
    }
