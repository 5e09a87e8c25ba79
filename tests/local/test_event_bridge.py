"""Service events reach the targets of the emulator's rules, as EventBridge delivers them."""

from __future__ import annotations

import io
import json
import time
import uuid
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from local.clients import Clients
from local.event_bridge import Rule, ServiceEvents, fill, look_up, render
from tests.roles import new_role

if TYPE_CHECKING:
    from collections.abc import Iterator

Record = dict[str, Any]
DEADLINE_SECONDS = 15.0
PATTERN = {"source": ["aws.codebuild"], "detail": {"build-status": ["FAILED"]}}
RULE = Rule("arn:aws:events:eu-central-1:123456789012:rule/r", "r", "{}", [])


@pytest.fixture
def events(aws: Clients) -> Iterator[ServiceEvents]:
    """A running bridge with an empty cache."""
    with ServiceEvents(aws) as running:
        yield running


def an_event(status: str = "FAILED") -> Record:
    """Return a CodeBuild event that no other test's rule matches."""
    project = f"project-{uuid.uuid4().hex[:8]}"
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "CodeBuild Build State Change",
        "source": "aws.codebuild",
        "account": "123456789012",
        "time": "2026-01-02T03:04:05Z",
        "region": "eu-central-1",
        "resources": [f"arn:aws:codebuild:eu-central-1:123456789012:build/{project}:1"],
        "detail": {"build-status": status, "project-name": project, "additional-information": {"phases": [{"n": 1}]}},
    }


def a_queue(aws: Clients) -> tuple[str, str]:
    """Create a queue; returns its URL and ARN."""
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName=f"queue-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    return url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def a_rule(aws: Clients, event: Record, *targets: Record, bus: str = "default") -> str:
    """Create a rule for this event's project; returns the rule's name."""
    client, name = aws.client("events"), f"rule-{uuid.uuid4().hex[:8]}"
    detail = PATTERN["detail"] | {"project-name": [event["detail"]["project-name"]]}  # type: ignore[operator]
    client.put_rule(Name=name, EventBusName=bus, EventPattern=json.dumps(PATTERN | {"detail": detail}))
    client.put_targets(
        Rule=name,
        EventBusName=bus,
        Targets=[{"Id": str(number), **target} for number, target in enumerate(targets)],
    )
    return name


def receive(aws: Clients, url: str) -> Record:
    """Wait for one message."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        messages = (
            aws.client("sqs")
            .receive_message(QueueUrl=url, WaitTimeSeconds=1, MessageAttributeNames=["All"])
            .get("Messages", [])
        )
        if messages:
            message: Record = messages[0]
            return message
    raise AssertionError(f"nothing arrived in {url}")


def test_whole_event(aws: Clients, events: ServiceEvents) -> None:
    """A queue target without an input receives the event as it was published."""
    event, (url, arn) = an_event(), a_queue(aws)
    a_rule(aws, event, {"Arn": arn})
    events.publish(event)
    assert json.loads(receive(aws, url)["Body"]) == event


def test_transformer(aws: Clients, events: ServiceEvents) -> None:
    """A queue target with an input transformer receives the filled template."""
    event, (url, arn) = an_event(), a_queue(aws)
    transformer = {
        "InputPathsMap": {"status": "$.detail.build-status", "build": "$.resources[0]"},
        "InputTemplate": '{"text": "<build> is <status>", "status": <status>}',
    }
    a_rule(aws, event, {"Arn": arn, "InputTransformer": transformer})
    events.publish(event)
    build = event["resources"][0]
    assert json.loads(receive(aws, url)["Body"]) == {"text": f"{build} is FAILED", "status": "FAILED"}


def test_only_matching_events(aws: Clients, events: ServiceEvents) -> None:
    """An event that does not match is not delivered and does not delay the next one."""
    event, (url, arn) = an_event(), a_queue(aws)
    a_rule(aws, event, {"Arn": arn})
    events.publish({**event, "detail": {**event["detail"], "build-status": "SUCCEEDED"}})
    events.publish(event)
    assert json.loads(receive(aws, url)["Body"])["detail"]["build-status"] == "FAILED"


def test_lambda_target(aws: Clients, events: ServiceEvents) -> None:
    """A function target is invoked with the part of the event that InputPath names."""
    event, (url, _) = an_event(), a_queue(aws)
    code = (
        "import json, os, boto3\n"
        "def handler(event, context):\n"
        "    boto3.client('sqs').send_message(QueueUrl=os.environ['URL'], MessageBody=json.dumps(event))\n"
    )
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("app.py", code)
    function = aws.client("lambda").create_function(
        FunctionName=f"function-{uuid.uuid4().hex[:8]}",
        Runtime="python3.11",
        Handler="app.handler",
        Role=new_role(aws),
        Code={"ZipFile": archive.getvalue()},
        Timeout=20,
        Environment={"Variables": {"URL": url, "AWS_ENDPOINT_URL": aws.endpoint}},
    )
    a_rule(aws, event, {"Arn": function["FunctionArn"], "InputPath": "$.detail"})
    events.publish(event)
    assert json.loads(receive(aws, url)["Body"]) == event["detail"]


def test_other_bus(aws: Clients, events: ServiceEvents) -> None:
    """A bus target passes the event to the rules of that bus."""
    event, (url, arn) = an_event(), a_queue(aws)
    bus = f"bus-{uuid.uuid4().hex[:8]}"
    bus_arn = aws.client("events").create_event_bus(Name=bus)["EventBusArn"]
    a_rule(aws, event, {"Arn": arn}, bus=bus)
    a_rule(aws, event, {"Arn": bus_arn})
    events.publish(event)
    assert json.loads(receive(aws, url)["Body"])["id"] == event["id"]


def test_failing_target_goes_to_its_dead_letter_queue(aws: Clients, events: ServiceEvents) -> None:
    """A failing target is retried; then the event is in the dead-letter queue with the reason."""
    event, (url, arn) = an_event(), a_queue(aws)
    missing = "arn:aws:lambda:eu-central-1:123456789012:function:nobody"
    rule = a_rule(
        aws,
        event,
        {"Arn": missing, "DeadLetterConfig": {"Arn": arn}, "RetryPolicy": {"MaximumRetryAttempts": 1}},
    )
    events.publish(event)
    letter = receive(aws, url)
    assert json.loads(letter["Body"]) == event
    attributes = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
    assert attributes["TARGET_ARN"] == missing
    assert attributes["RULE_ARN"].endswith(rule)
    assert attributes["ERROR_CODE"] == "ResourceNotFoundException"
    assert attributes["RETRY_ATTEMPTS"] == "1"


def forwarding(
    aws: Clients, source: Clients, event: Record, *, may_put: bool = True, admit: str = ""
) -> tuple[str, str]:
    """Forward an event from elsewhere to a new bus of the emulator's own account; the URLs of queue and dead letters.

    `admit` is the account that the policy of the bus admits.
    """
    (url, arn), bus, events = a_queue(aws), f"bus-{uuid.uuid4().hex[:8]}", aws.client("events")
    bus_arn = events.create_event_bus(Name=bus)["EventBusArn"]
    a_rule(aws, event, {"Arn": arn}, bus=bus)
    if admit:
        statement = {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{admit}:root"},
            "Action": "events:PutEvents",
            "Resource": bus_arn,
            "Condition": {"ForAllValues:StringEquals": {"events:source": "aws.codebuild"}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        events.put_permission(EventBusName=bus, Policy=policy)
    action = "events:PutEvents" if may_put else "events:PutRule"
    role = new_role(source, {"Effect": "Allow", "Action": action, "Resource": bus_arn})
    letters_url, letters = a_queue(source)
    target = {"Arn": bus_arn, "RoleArn": role, "DeadLetterConfig": {"Arn": letters}}
    a_rule(source, event, {**target, "RetryPolicy": {"MaximumRetryAttempts": 0}})
    return url, letters_url


def sent_from(account: str, region: str) -> Record:
    """An event of an account and region."""
    return {**an_event(), "account": account, "region": region}


def test_an_event_stays_in_its_account_and_region(aws: Clients, events: ServiceEvents) -> None:
    """A rule elsewhere does not see it: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-region.html."""
    event = an_event()
    url, arn = a_queue(aws)
    a_rule(aws, event, {"Arn": arn})
    events.publish({**event, "region": "us-east-1"})
    events.publish({**event, "account": "222233334444"})
    events.publish(event)
    assert json.loads(receive(aws, url)["Body"]) == event
    assert not aws.client("sqs").receive_message(QueueUrl=url).get("Messages")


@pytest.mark.parametrize("account", ["123456789012", "222233334444"], ids=["another region", "another account"])
def test_a_forwarded_event_keeps_its_account_and_region(aws: Clients, events: ServiceEvents, account: str) -> None:
    """A rule sends it with its role to a bus elsewhere, whose policy admits another account."""
    event = sent_from(account, "us-east-1")
    with Clients(aws.endpoint, "us-east-1", account="" if account == "123456789012" else account) as source:
        url, _ = forwarding(aws, source, event, admit="222233334444" if account == "222233334444" else "")
        events.publish(event)
        assert json.loads(receive(aws, url)["Body"]) == event


@pytest.mark.parametrize(
    ("may_put", "admit", "said"),
    [(False, "222233334444", "AccessDenied"), (True, "000000000000", "ValueError")],
    ids=["the role may not put events", "the bus admits another account only"],
)
def test_an_event_that_may_not_be_forwarded_is_not(
    aws: Clients, events: ServiceEvents, may_put: bool, admit: str, said: str
) -> None:
    """The role of the target must allow it, and so must the policy of a bus in another account."""
    event = sent_from("222233334444", "us-east-1")
    with Clients(aws.endpoint, "us-east-1", account="222233334444") as source:
        _, letters = forwarding(aws, source, event, may_put=may_put, admit=admit)
        events.publish(event)
        assert said in receive(source, letters)["MessageAttributes"]["ERROR_CODE"]["StringValue"]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$.detail.build-status", "FAILED"),
        ("$.detail.additional-information.phases[0].n", 1),
        ("$.detail.nothing", ""),
        ("$.resources[7]", ""),
    ],
)
def test_look_up(path: str, found: object) -> None:
    """A path gives its value, or the empty text if the value does not exist."""
    assert look_up(an_event(), path) == found


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        ('"status <s> of <o>"', '"status it\'s of {a: 1}"'),
        ('{"s": <s>, "o": <o>, "keep": "<unknown>"}', '{"s": "it\'s", "o": {"a": 1}, "keep": "<unknown>"}'),
        ("plain <s>", "plain it's"),
        ("<o>", '{"a": 1}'),
    ],
)
def test_fill(template: str, filled: str) -> None:
    """A value becomes text inside quotes and JSON outside."""
    assert fill(template, {"s": "it's", "o": {"a": 1}}) == filled


def test_constant_input() -> None:
    """A constant input is delivered as it is written."""
    assert render({"Arn": "arn", "Input": '{"a": 1}'}, RULE, an_event()) == '{"a": 1}'
