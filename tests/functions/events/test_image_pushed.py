"""ECR's event about a pushed image starts one release, and an earlier push none after a later one."""

import json
from typing import Any

import pytest

from functions.domain.image_pushes import PushedImages, PushRule
from functions.handler import encode
from tests.functions.domain.test_image_pushes import event
from tests.functions.stack import ACCOUNT, REGION, Stack, failing

RULES = [PushedImages("acme/shop", {"api": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/api"}, (PushRule("v*", "test"),))]


@pytest.fixture(autouse=True)
def _rules(stack: Stack) -> None:
    stack.settings["PUSHED_IMAGES"] = json.dumps(encode(RULES))


def pushed(stack: Stack, **changes: Any) -> list[str]:
    """Run the handler; returns the names of the executions."""
    names: list[str] = stack.run("events.image_pushed", event(**changes))["started"]
    return names


def test_a_push_starts_its_release_once(stack: Stack) -> None:
    """Q1: EventBridge delivers at least once."""
    (name,) = pushed(stack)
    assert pushed(stack) == [name]
    assert stack.executions("deployment") == [name]
    started = next(call.given for call in stack.calls if call.action == "states:StartExecution")
    request = json.loads(started["input"])
    assert (request["repository"], request["ref"], request["until"]) == ("acme/shop", "refs/heads/main", "test")
    assert (request["images"], request["trigger"]) == ({"api": "v1.2.3"}, "image")


def test_an_earlier_push_starts_nothing_after_a_later_one(stack: Stack) -> None:
    """M3: events come in any order, and an older image would replace a newer one."""
    (later,) = pushed(stack, image_tag="v1.2.4", image_digest="sha256:b", time="2026-01-31T08:00:05Z")
    assert pushed(stack) == []
    assert stack.executions("deployment") == [later]


def test_a_push_whose_start_failed_is_repeated(stack: Stack) -> None:
    """The time is recorded before the start, and a repetition has the same time."""
    client = stack.client("stepfunctions")
    with failing(client, "StartExecution", RuntimeError("out of order")), pytest.raises(RuntimeError):
        pushed(stack)
    assert stack.executions("deployment") == []
    (name,) = pushed(stack)
    assert stack.executions("deployment") == [name]


def test_what_no_setting_names_starts_nothing(stack: Stack) -> None:
    """Another tag, another repository, no tag, and a stack without such settings."""
    for changes in ({"image_tag": "latest"}, {"repository_name": "web"}, {"image_tag": ""}):
        assert pushed(stack, **changes) == []
    stack.settings["PUSHED_IMAGES"] = "[]"
    assert pushed(stack) == []
