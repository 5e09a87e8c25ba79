"""The requests to an alias are split between two versions by its weights, as AWS does.

https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html: at most two versions, both published, with
the same execution role and dead-letter queue; each request is drawn by itself.
"""

import os
import random
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import cloudwatch, lambda_svc

from local.strict import SEED
from local.strict.around import Answer, around

# The same seed draws the same versions for the same requests, in their order.
_draws = random.Random(os.environ.get(SEED) or None)  # noqa: S311 - no secret


# The dimensions of the metrics of an invocation: in the record that is executed, or of the call that executes it.
_OF_RECORD = "kiroVersionDimensions"
_of_call: ContextVar[list[dict[str, str]] | None] = ContextVar("version_dimensions", default=None)


def drawn(function: dict[str, Any] | None, qualifier: str | None) -> str | None:
    """The version that a request to an alias with weights meets; any other qualifier stays as it is."""
    alias = (function or {}).get("aliases", {}).get(qualifier) or {}
    weights = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    for version, weight in weights.items():
        if _draws.random() < weight:
            return str(version)
    return qualifier


_of_the_alias = lambda_svc._effective_func_record_for_qualifier


def dimensions(function: dict[str, Any] | None, qualifier: str | None, met: str | None) -> list[dict[str, str]]:
    """Those of a request to an alias, and of the version that it met if the alias has weights; [] for no alias.

    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-view.html: metrics can be filtered by the alias
    (Resource), and by ExecutedVersion the two versions that are both targets of a weighted alias can be compared.
    """
    alias = (function or {}).get("aliases", {}).get(qualifier)
    if function is None or alias is None:
        return []
    name = function["config"]["FunctionName"]
    by_alias = {"FunctionName": name, "Resource": f"{name}:{qualifier}"}
    if not (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights"):
        return [by_alias]
    version = alias["FunctionVersion"] if met == qualifier else met
    return [by_alias, {**by_alias, "ExecutedVersion": str(version)}]


@around(lambda_svc, "_effective_func_record_for_qualifier")
def split_the_requests(original: Callable[..., Answer], function: Any, qualifier: str | None) -> Answer:
    """Requests by function URLs, APIs, events and workflows."""
    met = drawn(function, qualifier)
    record, config = original(function, met)
    found = dimensions(function, qualifier, met)
    return ({**record, _OF_RECORD: found} if record and found else record), config


@around(lambda_svc, "_execute_function_dispatch")
def publish_by_version(original: Callable[..., Answer], function: dict[str, Any], *invocation: Any) -> Answer:
    """Each invocation through an alias counts for it, and for the version that it met if there are two of them.

    The function's own metrics are published, too.

    Errors are those of the function: one that returns an error status has not failed.
    """
    found, began = function.get(_OF_RECORD) or _of_call.get(), time.monotonic()
    result = original(function, *invocation)
    took = 1000 * (time.monotonic() - began)
    for names in found or ():
        cloudwatch.record_metric("AWS/Lambda", "Invocations", 1, "Count", names)
        cloudwatch.record_metric("AWS/Lambda", "Errors", 1 if result.get("error") else 0, "Count", names)
        cloudwatch.record_metric("AWS/Lambda", "Duration", took, "Milliseconds", names)
    return result


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
    function = lambda_svc._functions.get(name)
    met = drawn(function, qualifier)
    token = _of_call.set(dimensions(function, qualifier, met))
    try:
        return await original(name, event, headers, met, query_params)
    finally:
        _of_call.reset(token)


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
