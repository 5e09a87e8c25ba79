"""Authentication and permissions: GitHub's errors 401, 404 and 403, checked in this order."""

from werkzeug.wrappers import Request

from local.github.records import Repository, Token
from local.github.routing import ApiError, not_found
from local.github.store import Store


def authenticate(store: Store, request: Request) -> Token:
    """The token of the Authorization header (`token …`, `Bearer …`, or Basic with the token as password)."""
    header = request.headers.get("Authorization", "")
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "basic" and request.authorization:
        value = request.authorization.password or ""
    if not header:
        raise ApiError(401, "Requires authentication")
    token = store.tokens.get(value.strip())
    if token is None:
        raise ApiError(401, "Bad credentials")
    return token


def check(store: Store, token: Token, full_name: str, permission: str) -> Repository:
    """The repository; ApiError 404 when the token can't see it, 403 when the token lacks the permission."""
    repository = store.repositories.get(full_name)
    if repository is None or not token.sees(full_name):
        raise not_found()
    area, level = permission.split(":")
    if not token.may(area, level):
        raise ApiError(
            403,
            "Resource not accessible by personal access token",
            headers={"X-Accepted-GitHub-Permissions": f"{area}={level}"},
        )
    return repository
