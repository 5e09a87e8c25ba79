"""What no service model says: sizes in bytes, names, texts. The source of each stands beside it in `quotas.py`."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.strict.quotas import KIB, MIB, QUOTAS, judge
from tests.local.strict.conftest import Connect

MACHINE = "arn:aws:states:eu-central-1:123456789012:stateMachine:any"
# Two bytes in UTF-8, one character.
WIDE = "ä"

JUST_TOO_MUCH: list[tuple[str, str, dict[str, Any], str]] = [
    ("stepfunctions", "StartExecution", {"input": WIDE * (128 * KIB + 1)}, "ValidationException"),
    ("stepfunctions", "StartExecution", {"name": "feat: no"}, "InvalidName"),
    ("stepfunctions", "SendTaskSuccess", {"output": WIDE * (128 * KIB + 1)}, "ValidationException"),
    ("lambda", "Invoke", {"Payload": bytes(6 * MIB + 1)}, "RequestTooLargeException"),
    ("lambda", "Invoke", {"Payload": bytes(MIB + 1), "InvocationType": "Event"}, "RequestTooLargeException"),
    ("lambda", "CreateFunction", {"Code": {"ZipFile": bytes(50 * MIB + 1)}}, "RequestEntityTooLargeException"),
    ("lambda", "UpdateFunctionCode", {"ZipFile": bytes(50 * MIB + 1)}, "RequestEntityTooLargeException"),
    (
        "lambda",
        "UpdateFunctionConfiguration",
        {"Environment": {"Variables": {"A": "x" * 4096}}},
        "InvalidParameterValueException",
    ),
    ("events", "PutEvents", {"Entries": [{"Detail": WIDE * (512 * KIB + 1)}]}, "ValidationException"),
    ("sns", "Publish", {"Subject": "x" * 100}, "InvalidParameter"),
    ("sns", "Publish", {"Subject": "two\nlines"}, "InvalidParameter"),
    ("ssm", "PutParameter", {"Value": "x" * 4097}, "ValidationException"),
    ("secretsmanager", "PutSecretValue", {"SecretString": WIDE * (32 * KIB + 1)}, "ValidationException"),
    ("secretsmanager", "UpdateSecretVersionStage", {"VersionStage": "AWSCURRENT"}, "InvalidParameterException"),
    ("s3", "PutObject", {"Key": WIDE * 513}, "KeyTooLongError"),
    ("iam", "CreateRole", {"AssumeRolePolicyDocument": "x" * 2049}, "LimitExceeded"),
    ("iam", "UpdateAssumeRolePolicy", {"PolicyDocument": "x" * 2049}, "LimitExceeded"),
    ("iam", "PutRolePolicy", {"PolicyDocument": "x" * 10_241}, "LimitExceeded"),
]


@pytest.mark.parametrize(("service", "operation", "given", "code"), JUST_TOO_MUCH)
def test_what_is_just_too_much_is_refused(service: str, operation: str, given: dict[str, Any], code: str) -> None:
    """With the code that the service has for it."""
    refusal = judge(service, operation, given)
    assert refusal is not None
    assert refusal.code == code


@pytest.mark.parametrize(("service", "operation", "given", "code"), JUST_TOO_MUCH)
def test_what_is_just_allowed_is_not_refused(service: str, operation: str, given: dict[str, Any], code: str) -> None:
    """One character or byte less."""
    assert judge(service, operation, _one_less(given)) is None


def test_every_quota_is_tried() -> None:
    """A quota that is added needs its line above."""
    assert {(service, operation) for service, operation, *_ in JUST_TOO_MUCH} == QUOTAS.keys()


def test_blanks_in_policies_do_not_count() -> None:
    """IAM counts a policy without white space."""
    assert judge("iam", "PutRolePolicy", {"PolicyDocument": "x" * 10_240 + " " * 999}) is None


def test_a_client_raises_what_the_service_would(connect: Connect) -> None:
    """Before the emulator, which takes such a name, is called."""
    states = connect("stepfunctions")
    with pytest.raises(states.exceptions.InvalidName):
        states.start_execution(stateMachineArn=MACHINE, name="two words")
    with pytest.raises(ClientError, match="Invalid parameter: Subject"):
        connect("sns").publish(TopicArn="arn:aws:sns:eu-central-1:123456789012:any", Message="x", Subject="x" * 100)


def _one_less(given: Any) -> Any:
    """The same request without what is too much in its longest value."""
    if isinstance(given, dict):
        return {key: value if key == "InvocationType" else _one_less(value) for key, value in given.items()}
    if isinstance(given, list):
        return [_one_less(value) for value in given]
    for wrong, right in (("feat: no", "feat-no"), ("two\nlines", "two lines")):
        if given == wrong:
            return right
    return given[:-1]
