"""What botocore's service models say about a request, and botocore does not check.

The limits are those of botocore's `service-2.json`; the codes are in the services' lists of common errors, such as
https://docs.aws.amazon.com/step-functions/latest/apireference/CommonErrors.html.
"""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.strict.conftest import Connect

MACHINE = "arn:aws:states:eu-central-1:123456789012:stateMachine:any"
ALARM: dict[str, Any] = {"AlarmName": "any", "StateValue": "OK", "StateReason": "any"}


def refused(call: Any, **given: Any) -> dict[str, Any]:
    """The error that a call ends with."""
    with pytest.raises(ClientError) as caught:
        call(**given)
    error: Any = caught.value.response["Error"]
    return dict(error)


def test_a_name_that_is_too_long_is_refused_by_member(connect: Connect) -> None:
    """The model of Step Functions says 80; the error is the one that the client's exceptions know."""
    states = connect("stepfunctions")
    with pytest.raises(states.exceptions.ValidationException) as caught:
        states.start_execution(stateMachineArn=MACHINE, name="x" * 81)
    assert caught.value.response["Error"]["Message"].endswith(
        "at 'name' failed to satisfy constraint: Member must have length less than or equal to 80"
    )


def test_a_pattern_must_match_the_whole_value(connect: Connect) -> None:
    """The name of a role session takes no blank, wherever it is."""
    error = refused(
        connect("sts").assume_role, RoleArn="arn:aws:iam::123456789012:role/any", RoleSessionName="two words"
    )
    assert error["Code"] == "ValidationError"
    assert "at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular" in error["Message"]


def test_a_service_of_the_query_protocol_says_validation_error(connect: Connect) -> None:
    """An enumeration takes what it lists and nothing else."""
    error = refused(connect("cloudwatch").set_alarm_state, **{**ALARM, "StateValue": "FINE"})
    assert error["Code"] == "ValidationError"
    assert "Member must satisfy enum value set: [OK, ALARM, INSUFFICIENT_DATA]" in error["Message"]


def test_what_lies_inside_lists_and_structures_is_checked(connect: Connect) -> None:
    """Eleven events are one too many for one call; a target's ARN has at most 1,600 characters."""
    event = {"Source": "any", "DetailType": "any", "Detail": "{}"}
    error = refused(connect("events").put_events, Entries=[event] * 11)
    assert "at 'entries' failed" in error["Message"]
    targets = [{"Id": "any", "Arn": "a" * 1601}]
    error = refused(connect("events").put_targets, Rule="any", Targets=targets)
    assert "at 'targets.1.member.arn' failed" in error["Message"]


def test_numbers_have_a_range(connect: Connect) -> None:
    """No function has 1,000,000 MB."""
    error = refused(connect("lambda").update_function_configuration, FunctionName="any", MemorySize=1_000_000)
    assert "at 'memorySize' failed to satisfy constraint: Member must have value less than" in error["Message"]


def test_a_right_request_goes_through(connect: Connect) -> None:
    """What the model allows reaches the emulator."""
    table = {"AttributeName": "k", "AttributeType": "S"}
    connect("dynamodb").create_table(
        TableName="right",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[table],
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
    )
    connect("dynamodb").put_item(TableName="right", Item={"k": {"S": "x"}, "large": {"S": "y" * 100_000}})
    assert connect("dynamodb").get_item(TableName="right", Key={"k": {"S": "x"}})["Item"]["k"] == {"S": "x"}
