"""REST: refs and blobs (https://docs.github.com/rest/git)."""

import base64
from typing import Any

from werkzeug.wrappers import Response

from local.github import shapes
from local.github.git import GitCommandError, Ref
from local.github.records import Repository
from local.github.routing import ApiError, Call, Routes, not_found

ROUTES = Routes()


@ROUTES.add("GET", "git/ref/<path:ref>", "contents:read")
def get_ref(call: Call, repository: Repository, ref: str) -> dict[str, Any]:
    """One branch (`heads/main`) or tag (`tags/v1`)."""
    return _ref(call, repository, _existing(repository, ref, 404))


@ROUTES.add("GET", "git/refs", "contents:read")
def list_refs(call: Call, repository: Repository) -> Response:
    """All branches and tags."""
    return call.paged(list(repository.git.refs().values()), lambda ref: _ref(call, repository, ref))


@ROUTES.add("GET", "git/matching-refs/<path:start>", "contents:read")
def matching_refs(call: Call, repository: Repository, start: str) -> Response:
    """Branches and tags whose name begins with `start`."""
    refs = [ref for name, ref in repository.git.refs().items() if name.startswith(f"refs/{start}")]
    return call.paged(refs, lambda ref: _ref(call, repository, ref))


@ROUTES.add("POST", "git/refs", "contents:write", 201)
def create_ref(call: Call, repository: Repository) -> dict[str, Any]:
    """Create a branch or tag."""
    body = call.body("ref", "sha", resource="Reference")
    if not str(body["ref"]).startswith(("refs/heads/", "refs/tags/")):
        raise ApiError(422, "Reference name must start with 'refs/heads/' or 'refs/tags/'")
    if body["ref"] in repository.git.refs():
        raise ApiError(422, "Reference already exists")
    _move(call, repository, "update-ref", body["ref"], body["sha"])
    return _ref(call, repository, repository.git.refs()[body["ref"]])


@ROUTES.add("PATCH", "git/refs/<path:ref>", "contents:write")
def update_ref(call: Call, repository: Repository, ref: str) -> dict[str, Any]:
    """Move a ref; backwards or sideways only with `force`."""
    body = call.body("sha", resource="Reference")
    old = _existing(repository, ref, 422)
    if repository.git.resolve(body["sha"]) is None:
        raise ApiError(422, "Object does not exist")
    if not body.get("force") and repository.git.merge_base(old.commit, body["sha"]) != old.commit:
        raise ApiError(422, "Update is not a fast forward")
    _move(call, repository, "update-ref", old.name, body["sha"])
    return _ref(call, repository, repository.git.refs()[old.name])


@ROUTES.add("DELETE", "git/refs/<path:ref>", "contents:write", 204)
def delete_ref(call: Call, repository: Repository, ref: str) -> None:
    """Delete a branch or tag."""
    old = _existing(repository, ref, 422)
    _move(call, repository, "update-ref", "-d", old.name)


@ROUTES.add("GET", "git/blobs/<sha>", "contents:read")
def get_blob(call: Call, repository: Repository, sha: str) -> dict[str, Any]:
    """The bytes of a file, also above the limit of 1 MB that `contents` has."""
    try:
        content = repository.git.blob(sha)
    except GitCommandError:
        raise not_found() from None
    return {
        "sha": sha,
        "node_id": shapes.node("Blob", sha),
        "size": len(content),
        "url": f"{shapes.repository_url(call.hub, repository)}/git/blobs/{sha}",
        "content": base64.encodebytes(content).decode(),
        "encoding": "base64",
    }


def _existing(repository: Repository, ref: str, status: int) -> Ref:
    found = repository.git.refs().get(f"refs/{ref}")
    if found is None:
        raise not_found() if status == 404 else ApiError(status, "Reference does not exist")
    return found


def _move(call: Call, repository: Repository, *command: str) -> None:
    with repository.pushing:
        before = repository.git.refs()
        try:
            repository.git.run(*command)
        except GitCommandError:
            raise ApiError(422, "Object does not exist") from None
        call.hub.refs_moved(repository, before, call.user)


def _ref(call: Call, repository: Repository, ref: Ref) -> dict[str, Any]:
    api = shapes.repository_url(call.hub, repository)
    return {
        "ref": ref.name,
        "node_id": shapes.node("Ref", ref.name),
        "url": f"{api}/git/{ref.name}",
        "object": {
            "sha": ref.target,
            "type": ref.kind,
            "url": f"{api}/git/{ref.kind}s/{ref.target}",
        },
    }
