"""REST: installation tokens of GitHub Apps (https://docs.github.com/rest/apps)."""

import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import jwt
from werkzeug.wrappers import Request

from local.github import shapes
from local.github.records import App, Repository, now
from local.github.routing import API, ApiError, Hub, Routes, not_found

ROUTES = Routes()
_LIFETIME = timedelta(hours=1)
_LONGEST_JWT_SECONDS = 600
_RANK = ("read", "write", "admin")


@ROUTES.add("POST", f"{API}/app/installations/<int:installation_id>/access_tokens", "", 201)
def create_token(hub: Hub, request: Request, installation_id: int) -> dict[str, Any]:
    """A token of one hour for the App that signed the JWT, for the repositories and permissions of the request.

    https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app
    """
    app = hub.store.apps.get(installation_id)
    if app is None:
        raise not_found()
    _verify(request, app)
    asked = request.get_json(silent=True) or {}
    chosen = [_repository(hub, name) for name in asked["repositories"]] if "repositories" in asked else None
    permissions = _permissions(app, asked.get("permissions"))
    token, expires = f"ghs_{secrets.token_hex(18)}", now() + _LIFETIME
    names = None if chosen is None else [one.full_name for one in chosen]
    hub.store.add_token(token, app.bot, permissions, names, app.pushes_to, expires)
    shown = {} if chosen is None else {"repositories": [shapes.repository(hub, one) for one in chosen]}
    return {
        "token": token,
        "expires_at": shapes.moment(expires),
        "permissions": dict(permissions or {}),
        "repository_selection": "all" if chosen is None else "selected",
        **shown,
    }


def _verify(request: Request, app: App) -> None:
    """https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app"""
    bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
    try:
        claims = jwt.decode(
            bearer, app.public_key, algorithms=["RS256"], issuer=app.app_id, options={"require": ["exp", "iat", "iss"]}
        )
    except jwt.InvalidTokenError:
        raise ApiError(401, "A JSON web token could not be decoded") from None
    if claims["exp"] - now().timestamp() > _LONGEST_JWT_SECONDS:
        raise ApiError(401, "'Expiration time' claim ('exp') is too far in the future")


def _repository(hub: Hub, name: str) -> Repository:
    """A repository by its name without the owner."""
    for one in hub.store.repositories.values():
        if one.name == name:
            return one
    raise ApiError(
        422, "There is at least one repository that does not exist or is not accessible to the parent installation."
    )


def _permissions(app: App, asked: Mapping[str, str] | None) -> Mapping[str, str] | None:
    """What was asked for, which must not be more than the App has; without any, all that it has."""
    if not asked or app.permissions is None:
        return asked or app.permissions
    held = {area: _RANK.index(level) for area, level in app.permissions.items()}
    if any(_RANK.index(level) > held.get(area, -1) for area, level in asked.items()):
        raise ApiError(422, "The permissions requested are not granted to this installation.")
    return asked
