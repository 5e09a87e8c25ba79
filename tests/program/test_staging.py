"""What is special about the stack `staging`: watched like production, destroyable like test."""

import json

from tests.components.recorder import Outcome


def test_it_is_destroyable(outcomes: dict[str, Outcome]) -> None:
    """Stateful resources go with the stack."""
    recorder = outcomes["staging"].recorder
    assert all(bucket.inputs["forceDestroy"] for bucket in recorder.of("s3/bucket:Bucket"))


def test_its_alarms_are_those_of_production(outcomes: dict[str, Outcome]) -> None:
    """The same things are watched, with the same limits."""
    alarms = {
        stack: {
            one.name: (one.inputs["threshold"], one.inputs["evaluationPeriods"])
            for one in outcomes[stack].recorder.of("cloudwatch/metricAlarm:MetricAlarm")
        }
        for stack in ("staging", "production")
    }
    assert alarms["staging"] == alarms["production"]


def test_a_release_walks_to_production_through_an_approval(outcomes: dict[str, Outcome]) -> None:
    """The deployment's definition carries the environments in order; the last one asks a person."""
    machine = outcomes["staging"].recorder.one("sfn/stateMachine:StateMachine", "deployment")
    carried = json.loads(machine.inputs["definition"])["States"]["Begin"]["Assign"]["environments"]
    assert [(one["name"], one["approval"]) for one in carried] == [
        ("test", False),
        ("staging", False),
        ("production", True),
    ]
