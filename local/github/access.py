"""Authentication and permissions: GitHub's errors 401, 404 and 403, checked in this order."""

import re

from werkzeug.wrappers import Request

from local.github.records import Repository, Token
from local.github.routing import API, ApiError, Hub, moved, not_found
from local.github.store import Store


def authenticate(store: Store, request: Request) -> Token:
    """The token of the Authorization header (`token …`, `Bearer …`, or Basic with the token as password)."""
    header = request.headers.get("Authorization", "")
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "basic" and request.authorization:
        value = request.authorization.password or ""
    if not header:
        raise ApiError(401, "Requires authentication")
    token = store.token(value.strip())
    if token is None:
        raise ApiError(401, "Bad credentials")
    return token


_NAMED = re.compile(rf"{API}/repos/([^/]+/[^/]+)(/.*)?")
_NUMBERED = re.compile(rf"{API}/repositories/(\d+)(/.*)?")


def current_path(hub: Hub, request: Request) -> str:
    """The path by the repository's current name; ApiError 301 or 307 when the path has a former name.

    A repository keeps its number, and the redirect names that.
    """
    numbered, named = _NUMBERED.fullmatch(request.path), _NAMED.fullmatch(request.path)
    if numbered and (found := hub.store.repository_with(int(numbered[1]))):
        return f"{API}/repos/{found.full_name}{numbered[2] or ''}"
    if named and named[1] not in hub.store.repositories and (former := hub.store.former_names.get(named[1])):
        query = f"?{request.query_string.decode()}" if request.query_string else ""
        raise moved(hub, request.method, f"/repositories/{former.id}{named[2] or ''}{query}")
    return request.path


def check(store: Store, token: Token, full_name: str, permission: str) -> Repository:
    """The repository; ApiError 404 when the token can't see it, 403 when the token lacks the permission."""
    repository = store.repositories.get(full_name)
    if repository is None or not token.sees(full_name):
        raise not_found()
    area, level = permission.split(":")
    if repository.archived and level == "write":
        raise ApiError(403, "Repository was archived so is read-only.")
    if not token.may(area, level):
        raise ApiError(
            403,
            "Resource not accessible by personal access token",
            headers={"X-Accepted-GitHub-Permissions": f"{area}={level}"},
        )
    return repository
