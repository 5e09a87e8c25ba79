"""An HTTP API hands on cookies apart from the headers.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

import asyncio
from typing import Any

import pytest

from local.strict.cookies import add_cookies, take_cookies


def invoked(headers: dict[str, str], version: str = "2.0") -> dict[str, Any]:
    """The event that a function gets for a request with these headers."""

    async def proxy(*given: Any, **_: Any) -> Any:
        event = {"version": version, "headers": given[5]}
        return add_cookies(lambda _record, one: one, {}, event)

    return dict(asyncio.run(take_cookies(proxy, {}, "id", "$default", "/console", "GET", headers)))


@pytest.mark.parametrize("name", ["cookie", "Cookie"])
def test_cookies_are_in_the_event_and_in_no_header(name: str) -> None:
    """Each by itself; the other headers stay."""
    event = invoked({name: "a=1; b=2", "accept": "text/html"})
    assert event["headers"] == {"accept": "text/html"}
    assert event["cookies"] == ["a=1", "b=2"]


def test_without_cookies_the_event_has_none() -> None:
    """Nor has one of the older format, whose headers hold them."""
    assert "cookies" not in invoked({"accept": "text/html"})
    assert "cookies" not in invoked({"cookie": "a=1"}, version="1.0")
