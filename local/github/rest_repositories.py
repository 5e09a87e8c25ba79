"""REST: the authenticated user, repositories, branches (https://docs.github.com/rest/repos, /rest/branches)."""

from typing import Any
from urllib.parse import quote

from werkzeug.wrappers import Response

from local.github import shapes
from local.github.git import Ref
from local.github.records import Repository
from local.github.routing import API, ApiError, Call, Routes, moved

ROUTES = Routes()


@ROUTES.add("GET", f"{API}/user", "metadata:read")
def get_user(call: Call) -> dict[str, Any]:
    """The account of the token."""
    unknown = dict.fromkeys(("bio", "blog", "company", "hireable", "location"))
    none = dict.fromkeys(("followers", "following", "public_gists", "public_repos"), 0)
    moments = dict.fromkeys(("created_at", "updated_at"), shapes.moment(0))
    named = {"name": call.user.login, "email": call.user.email}
    return shapes.user(call.hub, call.user) | unknown | {"blog": ""} | none | moments | named


@ROUTES.add("GET", "", "metadata:read")
def get_repository(call: Call, repository: Repository) -> dict[str, Any]:
    """One repository."""
    granted = {name: call.token.may("contents", "write") for name in ("admin", "maintain", "push", "triage")}
    counts = {"network_count": 0, "subscribers_count": 0}
    return shapes.repository(call.hub, repository) | counts | {"permissions": {**granted, "pull": True}}


@ROUTES.add("GET", "collaborators/<login>/permission", "metadata:read")
def get_permission(call: Call, repository: Repository, login: str) -> dict[str, Any]:
    """What a person may do; 404 for one whom GitHub does not know.

    https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user
    """
    person = call.store.people.get(login)
    if person is None:
        raise ApiError(404, f"{login} is not a user")
    held = repository.collaborators.get(login, "read")
    rank = ("read", "write", "admin").index(held)
    rights = {name: rank >= least for least, name in ((0, "pull"), (1, "triage"), (1, "push"), (2, "maintain"))}
    user = shapes.user(call.hub, person) | {"permissions": {**rights, "admin": rank == 2}, "role_name": held}
    return {"permission": held, "role_name": held, "user": user}


@ROUTES.add("GET", "branches", "contents:read")
def list_branches(call: Call, repository: Repository) -> Response:
    """All branches, by name."""
    refs = list(repository.git.refs("refs/heads").values())
    return call.paged(refs, lambda ref: _branch(call, repository, ref))


@ROUTES.add("GET", "branches/<path:branch>", "contents:read")
def get_branch(call: Call, repository: Repository, branch: str) -> dict[str, Any]:
    """One branch with its newest commit."""
    ref = repository.git.refs("refs/heads").get(f"refs/heads/{branch}")
    if ref is None and branch in repository.former_branches:
        renamed = quote(repository.former_branches[branch], safe="")
        raise moved(call.hub, "GET", f"/repositories/{repository.id}/branches/{renamed}")
    if ref is None:
        raise ApiError(404, "Branch not found")
    commit = shapes.commit(call.hub, repository, repository.git.commit(ref.commit))
    api, web = shapes.repository_url(call.hub, repository), shapes.html_url(call.hub, repository)
    links = {"self": f"{api}/branches/{quote(branch, safe='')}", "html": f"{web}/tree/{branch}"}
    return _branch(call, repository, ref) | {"commit": commit, "_links": links}


@ROUTES.add("GET", "activity", "contents:read")
def list_activities(call: Call, repository: Repository) -> Response:
    """Moves of branches, newest first; `ref` is a branch, with or without `refs/heads/`."""
    wanted = call.argument("ref")
    refs = (wanted, f"refs/heads/{wanted}")
    found = [one for one in reversed(repository.activities) if not wanted or one.ref in refs]
    return call.paged(
        found,
        lambda one: {
            "id": one.id,
            "node_id": shapes.node("Push", one.id),
            "before": one.before,
            "after": one.after,
            "ref": one.ref,
            "timestamp": shapes.moment(one.at),
            "activity_type": one.kind,
            "actor": shapes.user(call.hub, one.actor),
        },
    )


def _branch(call: Call, repository: Repository, ref: Ref) -> dict[str, Any]:
    api = shapes.repository_url(call.hub, repository)
    name = ref.name.removeprefix("refs/heads/")
    return {
        "name": name,
        "commit": {"sha": ref.commit, "url": f"{api}/commits/{ref.commit}"},
        "protected": False,
        "protection": {
            "enabled": False,
            "required_status_checks": {"enforcement_level": "off", "contexts": [], "checks": []},
        },
        "protection_url": f"{api}/branches/{name}/protection",
    }
