"""The requests to an alias are split between two versions by its weights, as AWS does.

https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html: at most two versions, both published, with
the same execution role and dead-letter queue; each request is drawn by itself.
"""

import os
import random
from collections.abc import Callable
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import lambda_svc

from local.strict import SEED
from local.strict.around import Answer, around

# The same seed draws the same versions for the same requests, in their order.
_draws = random.Random(os.environ.get(SEED) or None)  # noqa: S311 - no secret


def drawn(function: dict[str, Any] | None, qualifier: str | None) -> str | None:
    """The version that a request to an alias with weights meets; any other qualifier stays as it is."""
    alias = (function or {}).get("aliases", {}).get(qualifier) or {}
    weights = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    for version, weight in weights.items():
        if _draws.random() < weight:
            return str(version)
    return qualifier


_of_the_alias = lambda_svc._effective_func_record_for_qualifier


@around(lambda_svc, "_effective_func_record_for_qualifier")
def split_the_requests(original: Callable[..., Answer], function: Any, qualifier: str | None) -> Answer:
    """Requests by function URLs, APIs, events and workflows."""
    return original(function, drawn(function, qualifier))


@around(lambda_svc, "_get_func_record_for_qualifier")
def read_the_alias_itself(_: Callable[..., Answer], name: str, qualifier: str | None) -> Answer:
    """What is read of an alias is its own version, whatever the weights."""
    return _of_the_alias(lambda_svc._functions.get(name), qualifier)


@around(lambda_svc, "_invoke")
async def split_the_calls(
    original: Callable[..., Answer],
    name: str,
    event: Any,
    headers: dict[str, str],
    path_qualifier: str | None = None,
    query_params: Any = None,
) -> Answer:
    """Requests by Invoke."""
    qualifier = lambda_svc._qualifier_from_path_or_query(path_qualifier, query_params)
    return await original(name, event, headers, drawn(lambda_svc._functions.get(name), qualifier), query_params)


def refuse_unlike_versions(original: Callable[..., Answer], name: str, *request: Any) -> Answer:
    """Refuse weights between versions that AWS doesn't split requests between."""
    function, wanted = lambda_svc._functions.get(name) or {}, request[-1]
    others = ((wanted.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}).keys()
    known = function.get("aliases", {}).get(wanted.get("Name") or request[0], {}) if len(request) > 1 else {}
    own = wanted.get("FunctionVersion") or known.get("FunctionVersion", "$LATEST")
    refusal = _refusal(function, own, list(others)) if others else ""
    if refusal:
        return error_response_json("InvalidParameterValueException", refusal, 400)
    return original(name, *request)


def _refusal(function: dict[str, Any], own: str, others: list[str]) -> str:
    """Why an alias of these versions is refused; "" if it is not."""
    if len(others) > 1:
        return f"Number of items in AdditionalVersionWeights cannot be greater than 1. Specified: {len(others)}"
    if own == "$LATEST" or "$LATEST" in others:
        return "$LATEST is not supported for an alias pointing to more than 1 version"
    if own in others:
        return f"Invalid function version {own}. Function version {own} is already included in routing configuration."
    versions = function.get("versions", {})
    if others[0] not in versions:
        return f"Function version {others[0]} does not exist"
    one, other = (versions[version]["config"] for version in (own, others[0]))
    for name, what in (("Role", "execution role"), ("DeadLetterConfig", "dead-letter queue")):
        if (one.get(name) or None) != (other.get(name) or None):
            return f"The versions {own} and {others[0]} have a different {what}"
    return ""


for _operation in ("_create_alias", "_update_alias"):
    around(lambda_svc, _operation)(refuse_unlike_versions)
