"""REST: the authenticated user, repositories, branches (https://docs.github.com/rest/repos, /rest/branches)."""

from typing import Any

from werkzeug.wrappers import Response

from local.github import shapes
from local.github.git import Ref
from local.github.records import Repository
from local.github.routing import API, ApiError, Call, Routes

ROUTES = Routes()


@ROUTES.add("GET", f"{API}/user", "metadata:read")
def get_user(call: Call) -> dict[str, Any]:
    """The account of the token."""
    return shapes.user(call.hub, call.user) | {"name": call.user.login, "email": call.user.email}


@ROUTES.add("GET", "", "metadata:read")
def get_repository(call: Call, repository: Repository) -> dict[str, Any]:
    """One repository."""
    granted = {name: call.token.may("contents", "write") for name in ("admin", "maintain", "push", "triage")}
    return shapes.repository(call.hub, repository) | {"permissions": {**granted, "pull": True}}


@ROUTES.add("GET", "branches", "contents:read")
def list_branches(call: Call, repository: Repository) -> Response:
    """All branches, by name."""
    refs = list(repository.git.refs("refs/heads").values())
    return call.paged(refs, lambda ref: _branch(call, repository, ref))


@ROUTES.add("GET", "branches/<path:branch>", "contents:read")
def get_branch(call: Call, repository: Repository, branch: str) -> dict[str, Any]:
    """One branch with its newest commit."""
    ref = repository.git.refs("refs/heads").get(f"refs/heads/{branch}")
    if ref is None:
        raise ApiError(404, "Branch not found")
    commit = shapes.commit(call.hub, repository, repository.git.commit(ref.commit))
    return _branch(call, repository, ref) | {"commit": commit}


def _branch(call: Call, repository: Repository, ref: Ref) -> dict[str, Any]:
    api = shapes.repository_url(call.hub, repository)
    name = ref.name.removeprefix("refs/heads/")
    return {
        "name": name,
        "commit": {"sha": ref.commit, "url": f"{api}/commits/{ref.commit}"},
        "protected": False,
        "protection": {
            "enabled": False,
            "required_status_checks": {"enforcement_level": "off", "contexts": []},
        },
        "protection_url": f"{api}/branches/{name}/protection",
    }
