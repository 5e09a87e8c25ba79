"""What `kiro-worker validate` demands is what the program registers."""

import pytest

from cli.aws import expected
from tests.components import recorder
from tests.components.conftest import layer
from tests.components.recorder import REPOSITORY, Outcome

__all__ = ["layer"]


@pytest.fixture(scope="module", params=["test", "production"])
def outcome(request: pytest.FixtureRequest) -> Outcome:
    """A stack, as the program registers it."""
    return recorder.stack(request.param)


def names(outcome: Outcome, kind: str, of: str = "name") -> set[str]:
    """The names of all resources of a type."""
    return {one.inputs[of] for one in outcome.recorder.of(kind)}


def test_the_names_are_those_of_the_program(outcome: Outcome) -> None:
    """F1: none is missing, so that none can be deleted unnoticed; and none is invented."""
    stack = outcome.globals["naming"].stack
    optional = f"kiro-pipeline-{stack}-events-console"
    assert set(expected.function_names(stack)) == names(outcome, "lambda/function:Function") - {optional}
    alarms = set(expected.alarm_names(stack, outcome.outputs["environments"], [REPOSITORY]))
    assert alarms == {
        one.inputs["name"]
        for one in outcome.recorder.of("cloudwatch/metricAlarm:MetricAlarm")
        if one.inputs["alarmActions"] == [outcome.outputs["rollbacksTopic"]] and optional not in one.inputs["name"]
    }
    rules = {
        one.inputs["name"]: one.inputs.get("eventBusName")
        for one in outcome.recorder.of("cloudwatch/eventRule:EventRule")
    }
    for own_bus in (True, False):
        assert set(expected.rule_names(stack, own_bus=own_bus)) == {
            name for name, bus in rules.items() if bool(bus) is own_bus
        }
    assert {one.format(stack) for one in expected.PARAMETERS} <= names(outcome, "ssm/parameter:Parameter")
    assert set(expected.ROUTES) <= names(outcome, "apigatewayv2/route:Route", "routeKey")
    assert outcome.outputs["dashboard"] == f"kiro-pipeline-{stack}-dashboard"
