"""Quotas that no service model holds, each with its source; those that models hold are in `requests.py`.

Only calls that the product makes are here. Items of more than 400 KB, functions of more than 250 MB unpacked and
messages of more than 256 KB are refused by the emulator itself (ministack 1.5.33).
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from .refusal import Refusal

KIB, MIB = 1024, 1024 * 1024
# White space, brackets, wildcards, special and control characters.
_NOT_IN_NAMES = re.compile(r"[\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]")
_BREAKS = re.compile(r"[\x00-\x1f\x7f]")


class Quota(NamedTuple):
    """The limit of a request, and the message of the service above it."""

    source: str
    most: int
    measured: Callable[[Mapping[str, Any]], int]
    code: str
    message: str
    status: int = 400


def judge(service: str, operation: str, params: Mapping[str, Any]) -> Refusal | None:
    """The first quota that a request exceeds; None if there is none."""
    for quota in QUOTAS.get((service, operation), ()):
        if quota.measured(params) > quota.most:
            return Refusal(quota.code, quota.message, quota.status)
    return None


def _bytes(*names: str) -> Callable[[Mapping[str, Any]], int]:
    return lambda params: sum(_length(params.get(name, "")) for name in names)


def _length(value: Any) -> int:
    """The length in bytes of a text or of bytes; 0 for files, which are not read here."""
    if isinstance(value, str):
        return len(value.encode())
    return len(value) if isinstance(value, (bytes, bytearray)) else 0


def _matches(pattern: re.Pattern[str], name: str) -> Callable[[Mapping[str, Any]], int]:
    return lambda params: len(pattern.findall(params.get(name, "")))


def _without_blanks(name: str) -> Callable[[Mapping[str, Any]], int]:
    return lambda params: len(re.sub(r"\s", "", params.get(name, "")))


def _event_bytes(params: Mapping[str, Any]) -> int:
    """As https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html counts."""
    return sum(
        (14 if "Time" in entry else 0)
        + sum(_length(entry.get(name, "")) for name in ("Source", "DetailType", "Detail"))
        + sum(map(_length, entry.get("Resources", ())))
        for entry in params["Entries"]
    )


def _variable_bytes(params: Mapping[str, Any]) -> int:
    variables: Mapping[str, str] = params.get("Environment", {}).get("Variables", {})
    return sum(_length(text) for pair in variables.items() for text in pair)


def _asynchronous(params: Mapping[str, Any]) -> int:
    return _length(params.get("Payload", "")) if params.get("InvocationType") == "Event" else 0


def _zip_bytes(params: Mapping[str, Any]) -> int:
    return _length(params.get("Code", params).get("ZipFile", ""))


_LAMBDA = "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"
_STATES = "https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"
_IAM = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"


def _states_text(member: str) -> Quota:
    """The model counts characters; "length constraints … are expressed as bytes in UTF-8 encoding"."""
    constraint = "Member must have length less than or equal to 262144"
    message = f"1 validation error detected: Value at '{member}' failed to satisfy constraint: {constraint}"
    return Quota(_STATES, 256 * KIB, _bytes(member), "ValidationException", message)


_CODE = Quota(
    _LAMBDA, 50 * MIB, _zip_bytes, "RequestEntityTooLargeException", "Request must be smaller than 70167211 bytes", 413
)
_VARIABLES = Quota(
    _LAMBDA,
    4 * KIB,
    _variable_bytes,
    "InvalidParameterValueException",
    "Lambda was unable to configure your environment variables because the environment variables you have provided "
    "exceeded the 4KB limit.",
)


def _trust(member: str) -> Quota:
    return Quota(
        _IAM, 2048, _without_blanks(member), "LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048", 409
    )


QUOTAS: Mapping[tuple[str, str], Iterable[Quota]] = {
    ("stepfunctions", "StartExecution"): (
        Quota(_STATES, 0, _matches(_NOT_IN_NAMES, "name"), "InvalidName", "Invalid Name: it holds invalid characters"),
        _states_text("input"),
    ),
    ("stepfunctions", "SendTaskSuccess"): (_states_text("output"),),
    ("lambda", "Invoke"): (
        Quota(
            _LAMBDA,
            6 * MIB,
            _bytes("Payload"),
            "RequestTooLargeException",
            "Request must be smaller than 6291456 bytes for the InvokeFunction operation",
            413,
        ),
        Quota(
            _LAMBDA,
            1 * MIB,
            _asynchronous,
            "RequestTooLargeException",
            "Request must be smaller than 1048576 bytes for the InvokeFunction operation",
            413,
        ),
    ),
    ("lambda", "CreateFunction"): (_CODE, _VARIABLES),
    ("lambda", "UpdateFunctionCode"): (_CODE,),
    ("lambda", "UpdateFunctionConfiguration"): (_VARIABLES,),
    ("events", "PutEvents"): (
        Quota(
            "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html",
            1 * MIB,
            _event_bytes,
            "ValidationException",
            "Total size of the entries in the request is over the limit.",
        ),
    ),
    ("sns", "Publish"): (
        Quota(
            "https://docs.aws.amazon.com/sns/latest/api/API_Publish.html",
            99,
            lambda params: len(params.get("Subject", "")),
            "InvalidParameter",
            "Invalid parameter: Subject",
        ),
        Quota(
            "https://docs.aws.amazon.com/sns/latest/api/API_Publish.html",
            0,
            _matches(_BREAKS, "Subject"),
            "InvalidParameter",
            "Invalid parameter: Subject",
        ),
    ),
    ("ssm", "PutParameter"): (
        Quota(
            "https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html",
            4 * KIB,
            _bytes("Value"),
            "ValidationException",
            "Standard tier parameters support a maximum parameter value of 4096 characters.",
        ),
    ),
    ("secretsmanager", "PutSecretValue"): (
        Quota(
            "https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html",
            64 * KIB,
            _bytes("SecretString"),
            "ValidationException",
            "The secret value can't be larger than 65536 bytes.",
        ),
    ),
    ("secretsmanager", "UpdateSecretVersionStage"): (
        Quota(
            # "A secret always has a version labeled AWSCURRENT": the label is moved, never removed.
            "https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html#term_version",
            0,
            lambda params: params.get("VersionStage") == "AWSCURRENT" and "MoveToVersionId" not in params,
            "InvalidParameterException",
            "You can't remove the staging label AWSCURRENT from a version without moving it to another one.",
        ),
    ),
    ("s3", "PutObject"): (
        Quota(
            "https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html",
            1024,
            _bytes("Key"),
            "KeyTooLongError",
            "Your key is too long",
        ),
    ),
    ("iam", "CreateRole"): (_trust("AssumeRolePolicyDocument"),),
    ("iam", "UpdateAssumeRolePolicy"): (_trust("PolicyDocument"),),
    ("iam", "PutRolePolicy"): (
        Quota(
            _IAM,
            10_240,
            _without_blanks("PolicyDocument"),
            "LimitExceeded",
            "Maximum policy size of 10240 bytes exceeded",
            409,
        ),
    ),
}
