"""Pages of the List calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.codebuild.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

PAGE = 100


def page(name: str, items: Sequence[Any], request: dict[str, Any]) -> dict[str, Any]:
    """Return one page of `items` under `name`; the token is the number of items on earlier pages."""
    token = request.get("nextToken") or "0"
    if not token.isdigit():
        raise InvalidInputError(f"nextToken {token!r} was not issued here; leave it out to start from the beginning")
    start = int(token)
    end = start + int(request.get("maxResults") or PAGE)
    following = {"nextToken": str(end)} if end < len(items) else {}
    return {name: list(items[start:end]), **following}
