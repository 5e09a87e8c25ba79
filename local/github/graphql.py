"""The GraphQL endpoint; it answers nothing yet."""

from typing import Any

from local.github.routing import ApiError, Call, Routes

ROUTES = Routes()


@ROUTES.add("POST", "/api/graphql", "metadata:read")
def query(call: Call) -> dict[str, Any]:
    """Answer a GraphQL document."""
    call.body("query")
    raise ApiError(501, "The local GitHub has no GraphQL yet: use REST, or point this client at a real GitHub.")
