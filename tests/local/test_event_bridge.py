"""Service events reach the targets of the emulator's rules, as EventBridge delivers them."""

from __future__ import annotations

import io
import json
import time
import uuid
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from local.event_bridge import Rule, ServiceEvents, fill, look_up, render
from tests.roles import new_role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.emulator import Clients

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
    """An event that does not match reaches nobody, and does not hold up the next."""
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
    """A bus target hands the event to the rules of that bus."""
    event, (url, arn) = an_event(), a_queue(aws)
    bus = f"bus-{uuid.uuid4().hex[:8]}"
    bus_arn = aws.client("events").create_event_bus(Name=bus)["EventBusArn"]
    a_rule(aws, event, {"Arn": arn}, bus=bus)
    a_rule(aws, event, {"Arn": bus_arn})
    events.publish(event)
    assert json.loads(receive(aws, url)["Body"])["id"] == event["id"]


def test_failing_target_goes_to_its_dead_letter_queue(aws: Clients, events: ServiceEvents) -> None:
    """A target that keeps failing is retried, its event then lies in the dead-letter queue with the reason."""
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
    """A path leads to its value, and to the empty text where there is none."""
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
    """A value is text inside quotes and JSON outside."""
    assert fill(template, {"s": "it's", "o": {"a": 1}}) == filled


def test_constant_input() -> None:
    """A constant input is delivered as it is written."""
    assert render({"Arn": "arn", "Input": '{"a": 1}'}, RULE, an_event()) == '{"a": 1}'
