"""REST: installation tokens of GitHub Apps (https://docs.github.com/rest/apps)."""

import secrets
from datetime import timedelta
from typing import Any

import jwt
from werkzeug.wrappers import Request

from local.github import shapes
from local.github.records import now
from local.github.routing import API, ApiError, Hub, Routes, not_found

ROUTES = Routes()
_LIFETIME = timedelta(hours=1)


@ROUTES.add("POST", f"{API}/app/installations/<int:installation_id>/access_tokens", "", 201)
def create_token(hub: Hub, request: Request, installation_id: int) -> dict[str, Any]:
    """A token of one hour for the App that signed the JWT."""
    app = hub.store.apps.get(installation_id)
    if app is None:
        raise not_found()
    bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
    try:
        jwt.decode(bearer, app.public_key, algorithms=["RS256"], issuer=app.app_id)
    except jwt.InvalidTokenError:
        raise ApiError(401, "A JSON web token could not be decoded") from None
    token = f"ghs_{secrets.token_hex(18)}"
    hub.store.add_token(token, app.bot, app.permissions, None)
    return {
        "token": token,
        "expires_at": shapes.moment(now() + _LIFETIME),
        "permissions": dict(app.permissions or {}),
        "repository_selection": "all",
    }
