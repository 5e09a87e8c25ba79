"""Pages of the List calls of the endpoints that are a laptop's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from local.json_service import ServiceError

PAGE = 100


def page(name: str, items: Sequence[Any], request: dict[str, Any], invalid: type[ServiceError]) -> dict[str, Any]:
    """Return one page of `items` under `name`; the token is the number of items on earlier pages.

    A token that was not issued here is an `invalid` error.
    """
    token = request.get("nextToken") or "0"
    if not token.isdigit():
        raise invalid(f"nextToken {token!r} was not issued here; leave it out to start from the beginning")
    start = int(token)
    end = start + int(request.get("maxResults") or PAGE)
    following = {"nextToken": str(end)} if end < len(items) else {}
    return {name: list(items[start:end]), **following}
