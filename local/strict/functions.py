"""Lambda as strict as AWS: new roles, updates that take time, and the permissions of function URLs."""

import json
import os
import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import error_response_json, request_scope
from ministack.services import iam, lambda_svc

from local.strict.around import Answer, around

# How long a new role can't be assumed by Lambda; on AWS it is "a few seconds", at times more.
ROLE_SECONDS = float(os.environ.get("STRICT_ROLE_SECONDS", "0"))
# How often each function was created or updated.
_updates: dict[str, int] = {}
FORBIDDEN = (
    "Forbidden. For troubleshooting Function URL authorization issues, see: "
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
)


@around(lambda_svc, "_create_function")
def refuse_a_new_role(original: Callable[..., Answer], request: dict[str, Any]) -> Answer:
    """A new role can't be assumed for some seconds: https://github.com/aws/aws-cli/issues/7700."""
    role = iam._roles.get(str(request.get("Role", "")).rpartition("/")[2])
    if role is not None:
        made = datetime.fromisoformat(role["CreateDate"])
        if (datetime.now(UTC) - made).total_seconds() < ROLE_SECONDS:
            message = "The role defined for the function cannot be assumed by Lambda."
            return error_response_json("InvalidParameterValueException", message, 400)
    return original(request)


@around(lambda_svc, "_schedule_state_transition")
def take_as_long_as_it_takes(original: Callable[..., None], name: str, _delay: float) -> None:
    """An update takes a random time, seeded with the function's name and the number of the update: runs are alike."""
    _updates[name] = _updates.get(name, 0) + 1
    original(name, random.Random(f"{name}/{_updates[name]}").uniform(0.1, 1.0))  # noqa: S311 - no secret


def refuse_while_updating(original: Callable[..., Answer], name: str, request: dict[str, Any]) -> Answer:
    """During an update, another update and the publication of a version are refused.

    https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
    """
    found = (lambda_svc._functions.get(name) or {}).get("config", {})
    if found.get("LastUpdateStatus") == "InProgress":
        message = "The operation cannot be performed at this time. An update is in progress for resource: "
        return error_response_json("ResourceConflictException", message + found["FunctionArn"], 409)
    return original(name, request)


for _operation in ("_update_code", "_update_config", "_publish_version"):
    around(lambda_svc, _operation)(refuse_while_updating)


@around(lambda_svc, "handle_function_url_request")
async def demand_both_permissions(original: Callable[..., Answer], url_id: str, *request: Any, **more: Any) -> Answer:
    """A public function URL needs both actions in the function's policy.

    https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html: from October 2025 on `lambda:InvokeFunctionUrl` and
    `lambda:InvokeFunction`, the second under the condition lambda:InvokedViaFunctionUrl.
    """
    found = lambda_svc.resolve_function_url(url_id)
    if found is None or found[4].get("AuthType") != "NONE":
        return await original(url_id, *request, **more)
    account, region, name, qualifier, _ = found
    arn = ":".join(["arn:aws:lambda", region, account, "function", name, *([qualifier] if qualifier else [])])
    # an unsigned request has no account and region of its own
    with request_scope(account, region):
        policy = lambda_svc.function_policy_for_arn(arn)
    needed = {
        "lambda:InvokeFunctionUrl": {"lambda:functionurlauthtype": "NONE"},
        "lambda:InvokeFunction": {"lambda:functionurlauthtype": "NONE", "lambda:invokedviafunctionurl": "true"},
    }
    for action, conditions in needed.items():
        nobody = iam_evaluator.EvalContext(
            principal_arn="*",
            principal_type="Anonymous",
            principal_account="",
            action=action,
            resource_arn=arn,
            region=region,
            service_context=conditions,
        )
        allowed = iam_evaluator.evaluate_resource_policy(policy[0] if policy else None, nobody)
        if allowed.decision != "Allow":
            headers = {"Content-Type": "application/json", "x-amzn-ErrorType": "AccessDeniedException"}
            return 403, headers, json.dumps({"Message": FORBIDDEN}).encode()
    return await original(url_id, *request, **more)
