"""REST: commit statuses (https://docs.github.com/rest/commits/statuses)."""

from typing import Any

from werkzeug.wrappers import Response

from local.github import shapes
from local.github.records import Repository, Status, now
from local.github.rest_commits import resolve
from local.github.routing import Call, Routes, invalid

ROUTES = Routes()
_STATES = ("error", "failure", "pending", "success")
_LONGEST = 140


@ROUTES.add("POST", "statuses/<sha>", "statuses:write", 201)
def create_status(call: Call, repository: Repository, sha: str) -> dict[str, Any]:
    """Add a status to a commit."""
    body = call.body("state", resource="Status")
    if body["state"] not in _STATES:
        raise invalid("Status", "state", "custom", "state is not included in the list")
    if len(body.get("description") or "") > _LONGEST:
        raise invalid("Status", "description", "custom", f"description is too long (maximum is {_LONGEST} characters)")
    target = body.get("target_url") or None
    if target and not target.startswith(("http://", "https://")):
        raise invalid("Status", "target_url", "custom", "target_url must use http(s) scheme")
    status = Status(
        call.store.next_id(),
        resolve(repository, sha),
        body["state"],
        body.get("context") or "default",
        body.get("description"),
        target,
        call.user,
        now(),
    )
    repository.statuses.append(status)
    return _shape(call, repository, status)


@ROUTES.add("GET", "commits/<path:ref>/statuses", "statuses:read")
@ROUTES.add("GET", "statuses/<path:ref>", "statuses:read")  # the older address, which PyGithub uses
def list_statuses(call: Call, repository: Repository, ref: str) -> Response:
    """Every status of a commit, newest first."""
    sha = resolve(repository, ref)
    found = [status for status in reversed(repository.statuses) if status.sha == sha]
    return call.paged(found, lambda status: _shape(call, repository, status))


@ROUTES.add("GET", "commits/<path:ref>/status", "statuses:read")
def combined_status(call: Call, repository: Repository, ref: str) -> dict[str, Any]:
    """The newest status of each context, and their combined state."""
    sha = resolve(repository, ref)
    newest = newest_statuses(repository, sha)
    api = shapes.repository_url(call.hub, repository)
    return {
        "state": _combined({status.state for status in newest}),
        "statuses": [_shape(call, repository, status) for status in newest],
        "sha": sha,
        "total_count": len(newest),
        "repository": shapes.repository(call.hub, repository),
        "commit_url": f"{api}/commits/{sha}",
        "url": f"{api}/commits/{sha}/status",
    }


def newest_statuses(repository: Repository, sha: str) -> list[Status]:
    """The newest status of each context of a commit."""
    return list({one.context: one for one in repository.statuses if one.sha == sha}.values())


def _combined(states: set[str]) -> str:
    if states & {"error", "failure"}:
        return "failure"
    return "success" if states == {"success"} else "pending"


def _shape(call: Call, repository: Repository, status: Status) -> dict[str, Any]:
    created = shapes.moment(status.created)
    return {
        "url": f"{shapes.repository_url(call.hub, repository)}/statuses/{status.sha}",
        "avatar_url": f"{call.hub.url}/avatars/u/{status.creator.id}?v=4",
        "id": status.id,
        "node_id": shapes.node("StatusContext", status.id),
        "state": status.state,
        "description": status.description,
        "target_url": status.target_url,
        "context": status.context,
        "created_at": created,
        "updated_at": created,
        "creator": shapes.user(call.hub, status.creator),
    }
