"""REST: files (https://docs.github.com/rest/repos/contents)."""

import base64
import binascii
from typing import Any
from urllib.parse import quote

from local.github import shapes
from local.github.git import Entry, Person
from local.github.records import Repository, now
from local.github.routing import ApiError, Call, Routes, invalid, not_found

ROUTES = Routes()
_MOST_BYTES = 1024 * 1024  # larger files have no content in `contents`; clients read the blob
_TYPES = {"040000": "dir", "120000": "symlink", "160000": "submodule"}


@ROUTES.add("GET", "contents/", "contents:read")
def get_root(call: Call, repository: Repository) -> Any:
    """The names in the root directory."""
    return get_contents(call, repository, "")


@ROUTES.add("GET", "contents/<path:path>", "contents:read")
def get_contents(call: Call, repository: Repository, path: str) -> Any:
    """A file with its content, or the names in a directory."""
    path = path.strip("/")
    ref = call.argument("ref", repository.default_branch)
    sha = repository.git.resolve(ref)
    if sha is None:
        raise ApiError(404, f"No commit found for the ref {ref}")
    found = repository.git.entries(sha, path) if path else []
    if path and not found:
        raise not_found()
    if not path or found[0].kind == "tree":
        inside = repository.git.entries(sha, path, inside=True)
        return [_entry(call, repository, entry, ref) for entry in inside]
    content = repository.git.blob(found[0].sha)
    large = len(content) > _MOST_BYTES
    return _entry(call, repository, found[0], ref) | {
        "encoding": "none" if large else "base64",
        "content": "" if large else base64.encodebytes(content).decode(),
    }


@ROUTES.add("PUT", "contents/<path:path>", "contents:write")
def put_contents(call: Call, repository: Repository, path: str) -> dict[str, Any]:
    """Create or replace a file as one commit; `sha` must name the blob it replaces."""
    body = call.body("message", resource="Content")
    branch = body.get("branch") or repository.default_branch
    try:
        content = base64.b64decode(body.get("content", ""), validate=False)
    except (binascii.Error, TypeError):
        raise ApiError(422, "content is not valid Base64") from None
    git = repository.git
    with repository.pushing:
        before = git.refs()
        head = before.get(f"refs/heads/{branch}")
        if head is None and before:
            raise ApiError(404, f"Branch {branch} not found")
        old = git.entries(head.commit, path) if head else []
        if old and not body.get("sha"):
            raise invalid("Content", "sha", "missing_field", '"sha" wasn\'t supplied.')
        if old and body["sha"] != old[0].sha:
            raise ApiError(409, f"{path} does not match {body['sha']}")
        who = Person(call.user.login, call.user.email, int(now().timestamp()))
        sha = git.commit_file(branch, path, content, body["message"], who)
        call.hub.refs_moved(repository, before, call.user)
    return {
        "content": _entry(call, repository, git.entries(sha, path)[0], branch),
        "commit": shapes.commit(call.hub, repository, git.commit(sha)),
    }


def _entry(call: Call, repository: Repository, entry: Entry, ref: str) -> dict[str, Any]:
    api, web = shapes.repository_url(call.hub, repository), shapes.html_url(call.hub, repository)
    path = quote(entry.path)
    kind = _TYPES.get(entry.mode, "file")
    url = f"{api}/contents/{path}?ref={quote(ref)}"
    git_url = f"{api}/git/{'trees' if kind == 'dir' else 'blobs'}/{entry.sha}"
    html = f"{web}/{'tree' if kind == 'dir' else 'blob'}/{ref}/{path}"
    return {
        "type": kind,
        "name": entry.path.rpartition("/")[2],
        "path": entry.path,
        "sha": entry.sha,
        "size": entry.size,
        "url": url,
        "git_url": git_url,
        "html_url": html,
        "download_url": None if kind == "dir" else f"{web}/raw/{ref}/{path}",
        "_links": {"self": url, "git": git_url, "html": html},
    }
