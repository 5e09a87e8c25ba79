"""The stack `staging`: it has the alarms of production and can be destroyed like test."""

import json

from tests.components.recorder import Outcome


def test_it_is_destroyable(outcomes: dict[str, Outcome]) -> None:
    """Stateful resources are deleted with the stack."""
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


def test_a_release_needs_an_approval_for_production(outcomes: dict[str, Outcome]) -> None:
    """The deployment's definition has the environments in order, and the last one needs an approval."""
    machine = outcomes["staging"].recorder.one("sfn/stateMachine:StateMachine", "deployment")
    carried = json.loads(machine.inputs["definition"])["States"]["Begin"]["Assign"]["environments"]
    assert [(one["name"], one["approval"]) for one in carried] == [
        ("test", False),
        ("staging", False),
        ("production", True),
    ]
