"""A function is made from its handler: settings, permissions, limits, alarm."""

import json
from typing import Any

import pytest

from components.functions.handlers import FoundHandler, discover
from tests.components.recorder import Outcome

HANDLERS = discover()


@pytest.mark.parametrize("handler", HANDLERS.values(), ids=HANDLERS)
def test_a_function_is_made_from_its_handler(whole: Outcome, handler: FoundHandler) -> None:
    """Handler, limits, tracing, and exactly the settings of its adapters."""
    function = whole.recorder.one("lambda/function:Function", handler.thing).inputs
    assert function["handler"] == "functions.runtime.handler"
    assert function["ephemeralStorage"] == {"size": handler.declared.storage_mb}
    assert (function["timeout"], function["memorySize"]) == (
        handler.declared.timeout_seconds,
        handler.declared.memory_mb,
    )
    assert function["tracingConfig"] == {"mode": "Active"}
    always = {"HANDLER", "POWERTOOLS_SERVICE_NAME", "LOG_LEVEL"}
    told = function["environment"]["variables"]
    assert set(told) == always | set(handler.settings)
    assert told["HANDLER"] == handler.module
    assert all(told.values())


@pytest.mark.parametrize("handler", HANDLERS.values(), ids=HANDLERS)
def test_a_role_allows_what_the_handler_declares(whole: Outcome, handler: FoundHandler) -> None:
    """The declared actions without switched-off features, and those of logs, traces and dead letters."""
    statements = json.loads(whole.recorder.one("iam/rolePolicy:RolePolicy", handler.thing).inputs["policy"])[
        "Statement"
    ]
    allowed = {action for statement in statements for action in statement["Action"]}
    # Security Hub and images are off, and builds push with a token.
    off = ("security-hub", "images", "secret/git")
    declared = {action for allow in handler.declared.allow if allow.on not in off for action in allow.actions}
    own = {"logs:CreateLogStream", "logs:PutLogEvents", "xray:PutTelemetryRecords", "xray:PutTraceSegments"}
    assert declared <= allowed
    assert allowed - declared <= own | {"sqs:SendMessage"}


def test_every_function_has_an_alarm_for_its_errors(whole: Outcome) -> None:
    """More than 10 % within 5 minutes notifies the people on call."""
    for handler in HANDLERS.values():
        alarm: dict[str, Any] = whole.recorder.one(
            "cloudwatch/metricAlarm:MetricAlarm", f"{handler.thing}-errors"
        ).inputs
        assert (alarm["threshold"], alarm["comparisonOperator"]) == (10, "GreaterThanThreshold")
        assert alarm["alarmActions"] == [whole.outputs["rollbacksTopic"]]
        assert {q["metric"]["period"] for q in alarm["metricQueries"] if q.get("metric")} == {300}


def test_all_functions_share_one_layer(whole: Outcome) -> None:
    """Libraries are uploaded once."""
    layers = {tuple(one.inputs["layers"]) for one in whole.recorder.of("lambda/function:Function")}
    assert len(layers) == 1
