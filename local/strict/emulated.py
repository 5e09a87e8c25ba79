"""Starts ministack with stricter rules, where AWS is stricter: `python -P guarded.py PARENT_PID emulated.py`.

ministack evaluates IAM (`AUTH=true`): a call with the credentials of a role needs a permission in the role's policies.
The credentials of this machine are those of the account's root. This module adds what IAM demands besides;
the modules that it imports at its end add the rules of other services. ministack has no hooks, so they replace its
functions. If a version of ministack lacks one of these, the start fails and names it.
"""

import contextvars
import functools
import json
import os
import re
import runpy
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from ministack import app
from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import json_response
from ministack.services import eventbridge, s3, secretsmanager, sns

sys.path.append(str(Path(__file__).parents[2]))  # the emulator runs in a folder of its own
from local.strict.arns import of_the_machine, role_of
from local.strict.around import Answer, around

iam_actions._BOTOCORE_SERVICE_MAP["lambda"] = ["lambda"]
# The file of used permissions; `usage.py` reads it.
USES = os.environ.get("STRICT_USES", os.devnull)
# The permissions on the key that a call needs: the service uses the key with the caller's credentials.
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


@around(iam_evaluator, "evaluate_trust_policy")
def say_for_whom(original: Callable[..., bool], document: Any, caller: str, context: Any = None) -> bool:
    """AWS's services, for which root stands here, name the account for which they assume a role (confused deputy).

    https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    """
    if context is not None and context.principal_type == "Root":
        context.service_context.setdefault("aws:sourceaccount", context.principal_account)
    return original(document, caller, context)


@around(iam_actions, "_lambda_action")
def name_the_action(_: Callable[..., Any], method: str, path: str) -> str | None:
    """Lambda's actions have the names of its operations, but for Invoke; ministack guesses them from the path.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
    """
    operation: str | None = iam_actions._match_rest_action("lambda", method, path, {})
    return "InvokeFunction" if operation == "Invoke" else operation


@around(iam_actions, "extract_resource_arn")
def name_the_resource(original: Callable[..., str], *request: Any) -> str:
    """The resource of CreateFunction is the function in its body; that of a build is its project.

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
    return of_the_machine(original(*request))


@around(iam_evaluator, "_resolve_condition_key")
def name_the_role(original: Callable[..., Any], key: str, context: Any) -> Any:
    """`aws:PrincipalArn` of a session is its role, in key policies, too.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn
    """
    found = original(key, context)
    return role_of(str(found)) if key.lower() == "aws:principalarn" and found else found


@around(iam_evaluator, "enforce")
def demand_the_key(
    original: Callable[..., Answer], access_key: str, action: str, service: str, region: str, **more: Any
) -> Answer:
    """A call on an encrypted resource needs a permission on its key, too; a part of a large object needs two."""
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
    """The further permissions that an action needs: action, service and resource."""
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
    """The ARN of the customer's key that encrypts a bucket, secret or topic; empty if there is none."""
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
    """Record which statement of which role allows an action; CodeBuild's calls are simulated, and count."""
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


@around(app, "pin_request_origin")
def take_loopback_for_tls(original: Callable[..., None], address: str, _tls: bool) -> None:
    """aws:SecureTransport is true: AWS's endpoints use TLS, where the emulator uses HTTP on loopback."""
    original(address, True)


@around(eventbridge, "_put_permission")
def keep_the_policy(original: Callable[..., Answer], request: dict[str, Any]) -> Answer:
    """PutPermission may have a whole policy, which ministack reads as a statement that admits everybody.

    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutPermission.html
    """
    if not request.get("Policy"):
        return original(request)
    eventbridge._event_bus_policies[request.get("EventBusName", "default")] = json.loads(request["Policy"])
    return json_response({})


if __name__ == "__main__":
    if not app.AUTH:
        raise SystemExit("AUTH=true is not set: no policy would be evaluated")
    rules = (
        "functions",
        "weighted_aliases",
        "executions",
        "machine_roles",
        "service_quotas",
        "runtime_api",
        "ecs",
        "registry",
        "cookies",
        "secrets",
        "alarm_times",
    )
    for one in rules:
        import_module(f"local.strict.{one}")
    runpy.run_module("ministack", run_name="__main__", alter_sys=True)
