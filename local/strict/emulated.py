"""Becomes ministack, as strict as AWS where ministack is kinder: `python -P guarded.py PARENT_PID emulated.py`.

IAM is ministack's own (`AUTH=true`): each call of a role's credentials needs what the role's policies allow, while the
credentials of the machine itself are the account's root. What is added here and in `machine_roles.py` reaches into
ministack, which offers no hook; a place that a new version of ministack no longer has ends the start, by name.
"""

import contextvars
import functools
import json
import os
import random
import re
import runpy
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from ministack import app
from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import error_response_json, json_response, request_scope
from ministack.services import eventbridge, iam, lambda_svc, s3, secretsmanager, sns, stepfunctions

sys.path.append(str(Path(__file__).parents[2]))  # the emulator runs in a folder of its own
from local.strict.around import Answer, around

iam_actions._BOTOCORE_SERVICE_MAP["lambda"] = ["lambda"]
# How long a new role can't be taken by Lambda; on AWS it is "a few seconds", at times more.
ROLE_SECONDS = float(os.environ.get("STRICT_ROLE_SECONDS", "0"))
LOOK_SECONDS = 0.1
# How often each function was created or updated.
_updates: dict[str, int] = {}
# In the thread of an execution: the state machine that it runs, and what of it the start has fixed.
_started: contextvars.ContextVar[dict[str, Any] | None] = contextvars.ContextVar("_started", default=None)
_running_machine: contextvars.ContextVar[str] = contextvars.ContextVar("_running_machine", default="")
# Where each use of a permission is noted, once: `usage.py` reads it.
USES = os.environ.get("STRICT_USES", os.devnull)
# What a call needs of the key that its resource is encrypted with: the service asks for it in the caller's name.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
# https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
# https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
OF_THE_KEY = {
    "s3:GetObject": ("kms:Decrypt",),
    "s3:GetObjectVersion": ("kms:Decrypt",),
    "s3:PutObject": ("kms:GenerateDataKey",),
    "secretsmanager:GetSecretValue": ("kms:Decrypt",),
    "secretsmanager:PutSecretValue": ("kms:GenerateDataKey", "kms:Decrypt"),
    "sns:Publish": ("kms:GenerateDataKey", "kms:Decrypt"),
}
# The action that a denied call needs besides its own.
_ALSO: contextvars.ContextVar[str] = contextvars.ContextVar("also needed", default="")
KEY_OF_BUCKET = re.compile("<KMSMasterKeyID>([^<]+)<")
# https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html: of a state, a task, an execution
DATA_BYTES = 256 * 1024
LIMITED = ("StateEntered", "StateExited", "TaskSucceeded")
TOO_LARGE = "States.DataLimitExceeded"
FORBIDDEN = (
    "Forbidden. For troubleshooting Function URL authorization issues, see: "
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
)


@around(iam_evaluator, "evaluate_trust_policy")
def say_for_whom(original: Callable[..., bool], document: Any, caller: str, context: Any = None) -> bool:
    """Root stands for AWS's services, too, which say for which account they take a role (the confused deputy).

    https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    """
    if context is not None and context.principal_type == "Root":
        context.service_context.setdefault("aws:sourceaccount", context.principal_account)
    return original(document, caller, context)


@around(iam_actions, "_lambda_action")
def name_the_action(_: Callable[..., Any], method: str, path: str) -> str | None:
    """Lambda's actions are called as its operations but for Invoke; ministack guesses them from parts of the path.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
    """
    operation: str | None = iam_actions._match_rest_action("lambda", method, path, {})
    return "InvokeFunction" if operation == "Invoke" else operation


@around(iam_actions, "extract_resource_arn")
def name_the_resource(original: Callable[..., str], *request: Any) -> str:
    """CreateFunction is allowed on the function, which its body names; a build is allowed on its project.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscodebuild.html
    """
    service, method, path, _, body, _, region, account = request
    if service == "codebuild":
        given = json.loads(body)
        name = given.get("projectName") or given.get("id") or next(iter(given.get("ids", ())), "*")
        return f"arn:aws:codebuild:{region}:{account}:project/{name.partition(':')[0]}"
    if (service, method) == ("lambda", "POST") and path.rstrip("/").endswith("/functions"):
        return f"arn:aws:lambda:{region}:{account}:function:{json.loads(body)['FunctionName']}"
    return original(*request)


@around(iam_evaluator, "enforce")
def demand_the_key(
    original: Callable[..., Answer], access_key: str, action: str, service: str, region: str, **more: Any
) -> Answer:
    """What lies encrypted needs a permission on its key, too; a part of a large object needs two."""
    part = _is_part()  # the request is gone once its signature has been checked
    _ALSO.set("")
    denied = original(access_key, action, service, region, **more)
    if denied is None:
        for also, of, resource in _also_needed(service, action, more.get("resource_arn", "*"), part=part):
            denied = original(access_key, also, of, region, resource_arn=resource)
            if denied:
                _ALSO.set(also)
                break
    return denied


@around(iam_actions, "access_denied_response")
def name_the_other_action(
    original: Callable[..., Answer], service: str, action: str, *more: Any, **named: Any
) -> Answer:
    """A refusal names the action that is not allowed, which may be one of the key."""
    return original(service, _ALSO.get() or action, *more, **named)


def _also_needed(service: str, action: str, resource: str, *, part: bool) -> Iterator[tuple[str, str, str]]:
    """What an action needs besides itself: action, service and resource."""
    if action == "s3:GetObject" and not _is_there(resource):
        # Only who may list a bucket learns that an object is missing, instead of a 403.
        # https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
        yield "s3:ListBucket", "s3", resource.partition("/")[0]
    needed = OF_THE_KEY.get(action, ())
    if action == "s3:PutObject" and part:
        needed = (*needed, "kms:Decrypt")
    if needed and (key := _key_of(service, resource)):
        yield from ((one, "kms", key) for one in needed)


def _key_of(service: str, resource: str) -> str:
    """The ARN of the customer's key that a bucket, secret or topic is encrypted with; empty when there is none."""
    if service == "s3":
        found = KEY_OF_BUCKET.search(
            s3._bucket_encryption.get(resource.removeprefix("arn:aws:s3:::").partition("/")[0]) or ""
        )
        key = found[1] if found else ""
    elif service == "secretsmanager":
        key = next((one.get("KmsKeyId", "") for one in secretsmanager._secrets.values() if one["ARN"] == resource), "")
    else:
        key = (sns._topics.get(resource) or {}).get("attributes", {}).get("KmsMasterKeyId", "")
    return str(key) if str(key).startswith("arn:") else ""


def _is_there(arn: str) -> bool:
    bucket, _, key = arn.removeprefix("arn:aws:s3:::").partition("/")
    return key in (s3._buckets.get(bucket) or {}).get("objects", {})


def _is_part() -> bool:
    request = iam_evaluator._signed_request.get()
    return request is not None and bool({"uploads", "uploadId"} & request.query_params.keys())


@around(iam_evaluator, "evaluate")
def note_the_use(original: Callable[..., Answer], context: Any, policies: Any, *limits: Any) -> Answer:
    """Note which statement of which role allowed an action, or would: CodeBuild has the policies simulated."""
    result = original(context, policies, *limits)
    if result.decision == "Allow" and "role/" in context.principal_arn:
        statements = [one for policy in policies for one in policy]
        used = iam_evaluator._first_match(context, statements, "Allow")
        role = context.principal_arn.split("/")[1]
        _note(json.dumps({"role": role, "action": context.action, "resources": sorted(used.resources)}))
    return result


@functools.cache
def _note(line: str) -> None:
    with open(USES, "a", encoding="utf-8") as file:  # noqa: PTH123 - may be the null device
        file.write(f"{line}\n")


@around(stepfunctions, "_add_event")
def limit_data(original: Callable[..., None], execution: Any, kind: str, details: Any = None) -> None:
    """An input or output that is too large ends the execution, whatever it catches.

    https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html, States.DataLimitExceeded
    """
    original(execution, kind, details)
    for detail in (details or {}).values() if kind.endswith(LIMITED) else ():
        for text in (detail.get("input"), detail.get("output")):
            if text and len(text) > DATA_BYTES and _utf8_bytes(text) > DATA_BYTES:
                what = detail.get("name") or detail.get("resource")
                message = f"The state/task '{what}' returned a result with a size exceeding the maximum number of bytes"
                raise stepfunctions._ExecutionError(TOO_LARGE, f"{message} service limit.")


def _utf8_bytes(text: str) -> int:
    """ministack escapes what is not ASCII, which takes more."""
    return len(json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":")).encode())


@around(stepfunctions, "_error_matches")
def catch_no_limit(original: Callable[..., bool], names: list[str], error: str) -> bool:
    """`States.ALL` does not match what is terminal."""
    return TOO_LARGE in names if error == TOO_LARGE else original(names, error)


@around(app, "pin_request_origin")
def take_loopback_for_tls(original: Callable[..., None], address: str, _tls: bool) -> None:
    """The emulator speaks plain HTTP on loopback, where AWS's endpoints speak TLS: aws:SecureTransport is true."""
    original(address, True)


@around(lambda_svc, "_create_function")
def refuse_a_new_role(original: Callable[..., Answer], request: dict[str, Any]) -> Answer:
    """A role that was made a moment ago can't be assumed yet: https://github.com/aws/aws-cli/issues/7700."""
    role = iam._roles.get(str(request.get("Role", "")).rpartition("/")[2])
    if role is not None:
        made = datetime.fromisoformat(role["CreateDate"])
        if (datetime.now(UTC) - made).total_seconds() < ROLE_SECONDS:
            message = "The role defined for the function cannot be assumed by Lambda."
            return error_response_json("InvalidParameterValueException", message, 400)
    return original(request)


@around(lambda_svc, "_schedule_state_transition")
def take_as_long_as_it_takes(original: Callable[..., None], name: str, _delay: float) -> None:
    """An update is in progress for a while that differs, but not from run to run: the seed is the name and a number."""
    _updates[name] = _updates.get(name, 0) + 1
    original(name, random.Random(f"{name}/{_updates[name]}").uniform(0.1, 1.0))  # noqa: S311 - no secret


def refuse_while_updating(original: Callable[..., Answer], name: str, request: dict[str, Any]) -> Answer:
    """Until an update has ended, there is no other one, and no version of what it changes.

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
    """Everybody may call a function's address only if its policy allows both actions.

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


@around(stepfunctions, "_delete_state_machine")
def wait_for_executions(original: Callable[..., Answer], request: dict[str, Any]) -> Answer:
    """A state machine is DELETING until its last execution has ended, and starts no other.

    https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteStateMachine.html
    """
    arn = request.get("stateMachineArn")
    machine = stepfunctions._state_machines.get(arn)
    if machine is None or not _running(arn):
        return original(request)
    machine["status"] = "DELETING"
    scope = contextvars.copy_context()

    def follow() -> None:
        while _running(arn):
            time.sleep(LOOK_SECONDS)
        original(request)

    threading.Thread(target=scope.run, args=(follow,), daemon=True).start()
    return json_response({})


@around(stepfunctions, "_start_execution")
def start_as_it_is_now(original: Callable[..., Answer], request: dict[str, Any]) -> Answer:
    """An execution keeps the definition with which it starts: that of the version, or the newest one.

    https://docs.aws.amazon.com/step-functions/latest/dg/execution-alias-version-associate.html
    StateMachineDeleting: https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
    """
    return contextvars.copy_context().run(lambda: _fix(str(request.get("stateMachineArn"))) or original(request))


@around(stepfunctions, "_start_sync_execution")
def start_nested_as_it_is_now(original: Callable[..., Answer], request: dict[str, Any]) -> Answer:
    """A nested execution runs in the thread of the one that waits for it, which keeps its own definition."""
    arn = str(request.get("stateMachineArn"))
    of_machine = {**request, "stateMachineArn": stepfunctions._resolve_state_machine_arn(arn) or arn}
    return contextvars.copy_context().run(lambda: _fix(arn) or original(of_machine))


def _fix(arn: str) -> Answer:
    """Fix the definition for the execution that starts in this context; the refusal of a machine that is deleted."""
    machine = stepfunctions._state_machines.get(stepfunctions._resolve_state_machine_arn(arn)) or {}
    if machine.get("status") == "DELETING":
        return error_response_json("StateMachineDeleting", f"State Machine is being deleted: '{arn}'", 400)
    fixed = stepfunctions._state_machine_versions.get(arn) or machine
    _started.set({"definition": fixed.get("definition")})
    return None


@around(stepfunctions, "_run_execution")
def keep_the_definition(original: Callable[..., None], arn: str) -> None:
    """The thread of an execution has the context of the call that started it."""
    execution = stepfunctions._executions.get(arn)
    if execution is not None:
        execution["started"] = _started.get()
        _running_machine.set(execution["stateMachineArn"])
    original(arn)


@around(stepfunctions, "_describe_state_machine_for_execution")
def describe_as_it_started(original: Callable[..., Answer], request: dict[str, Any]) -> Answer:
    """The definition of the execution, not the newest one."""
    status, headers, body = original(request)
    started = (stepfunctions._executions.get(request.get("executionArn")) or {}).get("started")
    if status == 200 and started:
        body = json.dumps({**json.loads(body), "definition": started["definition"]}).encode()
    return status, headers, body


class _AsStarted(type(stepfunctions._state_machines)):  # type: ignore[misc]
    """The state machines, of which an execution sees its own as it was when it started."""

    def get(self, key: Any, default: Any = None) -> Any:
        machine, started = super().get(key, default), _started.get()
        return {**machine, **started} if machine and started and key == _running_machine.get() else machine


stepfunctions._state_machines = _AsStarted()


@around(eventbridge, "_put_permission")
def keep_the_policy(original: Callable[..., Answer], request: dict[str, Any]) -> Answer:
    """PutPermission takes a whole policy, too; ministack would take it for a statement that admits everybody.

    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutPermission.html
    """
    if not request.get("Policy"):
        return original(request)
    eventbridge._event_bus_policies[request.get("EventBusName", "default")] = json.loads(request["Policy"])
    return json_response({})


def _running(arn: Any) -> bool:
    executions = list(stepfunctions._executions.values())
    return any(one.get("stateMachineArn") == arn and one.get("status") == "RUNNING" for one in executions)


if __name__ == "__main__":
    if not app.AUTH:
        raise SystemExit("AUTH=true is not set: no policy would be evaluated")
    import_module("local.strict.machine_roles")
    runpy.run_module("ministack", run_name="__main__", alter_sys=True)
