"""An HTTP API hands on cookies apart from the headers: the event has them in `cookies`, and no header `cookie`.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html: "All cookie
headers in the request are combined with commas and added to the cookies field."
"""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from ministack.services import apigateway, lambda_svc

from local.strict.around import Answer, around

_given: ContextVar[str] = ContextVar("cookies", default="")


@around(apigateway, "_invoke_lambda_proxy")
async def take_cookies(
    original: Callable[..., Any],
    integration: Any,
    api_id: str,
    stage: str,
    path: str,
    method: str,
    headers: Any,
    *more: Any,
    **named: Any,
) -> Answer:
    """Take the cookies out of the headers of a request."""
    token = _given.set("; ".join(value for name, value in headers.items() if name.lower() == "cookie"))
    kept = {name: value for name, value in headers.items() if name.lower() != "cookie"}
    try:
        return await original(integration, api_id, stage, path, method, kept, *more, **named)
    finally:
        _given.reset(token)


@around(lambda_svc, "_execute_function_with_config_scope")
def add_cookies(original: Callable[..., Answer], record: Any, event: Any, *more: Any, **named: Any) -> Answer:
    """Put them into the event."""
    cookies = _given.get()
    if cookies and isinstance(event, dict) and event.get("version") == "2.0":
        event["cookies"] = [one.strip() for one in cookies.split(";")]
    return original(record, event, *more, **named)
