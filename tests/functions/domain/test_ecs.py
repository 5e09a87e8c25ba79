"""Deployments of ECS services: what a configuration says, and what a status means."""

from typing import Any, get_args

import botocore.session
import pytest

from functions.domain.ecs import (
    COPIED,
    ServiceDeployment,
    Status,
    Strategy,
    configuration,
    mistake_in_strategy,
    way_back,
)
from local.ecs.configuration import checked

OWN = {
    "strategy": "ROLLING",
    "minimumHealthyPercent": 50,
    "maximumPercent": 150,
    "deploymentCircuitBreaker": {"enable": False, "rollback": False, "resetOnHealthyTask": False},
    "lifecycleHooks": [
        {"targetType": "PAUSE", "lifecycleStages": ["PRE_SCALE_UP"]},
        {"targetType": "AWS_LAMBDA", "hookTargetArn": "arn:f", "lifecycleStages": ["PRE_SCALE_UP"]},
    ],
    "bakeTimeInMinutes": 5,
}
STEPS: dict[Strategy, list[int]] = {"rolling": [], "blue-green": [], "linear": [25, 50, 75], "canary": [10]}


def pauses(given: dict[str, Any]) -> list[tuple[list[str], int, str]]:
    """The stages, time-outs and their actions of the pauses."""
    return [
        (one["lifecycleStages"], one["timeoutConfiguration"]["timeoutInMinutes"], one["timeoutConfiguration"]["action"])
        for one in given["lifecycleHooks"]
        if one["targetType"] == "PAUSE"
    ]


@pytest.mark.parametrize("strategy", get_args(Strategy))
def test_the_configuration_keeps_what_is_the_services_own(strategy: Strategy) -> None:
    """Percentages and Lambda hooks stay; pauses and what belongs to another strategy do not."""
    for made in (configuration(strategy, STEPS[strategy], OWN, 90), way_back(strategy, OWN)):
        assert (made["minimumHealthyPercent"], made["maximumPercent"]) == (50, 150)
        lambdas = [one for one in made["lifecycleHooks"] if one["targetType"] == "AWS_LAMBDA"]
        assert lambdas == [OWN["lifecycleHooks"][1]]  # type: ignore[index]
        assert ("bakeTimeInMinutes" in made) == (strategy != "rolling")
        assert made["deploymentCircuitBreaker"]["enable"] == (strategy == "rolling")


def test_pauses() -> None:
    """R12: before each shift, or after the only one; one that nobody ends goes back."""
    before, after = ["PRE_PRODUCTION_TRAFFIC_SHIFT"], ["POST_PRODUCTION_TRAFFIC_SHIFT"]
    found = {strategy: pauses(configuration(strategy, STEPS[strategy], OWN, 90)) for strategy in STEPS}
    assert found["rolling"] == []
    assert found["blue-green"] == [(after, 90, "ROLLBACK")]
    assert found["linear"] == found["canary"] == [(before, 90, "ROLLBACK")]
    assert all(pauses(way_back(strategy, OWN)) == [] for strategy in STEPS)


def test_shares() -> None:
    """The first step is the canary's share, or what each linear step adds; ECS adds no bake time to the pauses."""
    canary, linear = (configuration(one, STEPS[one], {}, 90) for one in ("canary", "linear"))
    assert canary["canaryConfiguration"] == {"canaryPercent": 10.0, "canaryBakeTimeInMinutes": 0}
    assert linear["linearConfiguration"] == {"stepPercent": 25.0, "stepBakeTimeInMinutes": 0}
    rolling = configuration("rolling", [], OWN, 90)
    assert rolling["deploymentCircuitBreaker"] == {"enable": True, "rollback": True, "resetOnHealthyTask": False}


@pytest.mark.parametrize("strategy", get_args(Strategy))
def test_ecs_takes_the_configuration(strategy: Strategy) -> None:
    """And shifts the requests at the steps of the manifest."""
    made = checked(configuration(strategy, STEPS[strategy], {}, 90), balanced=True, shifts=True)
    assert [one.percent for one in made.steps()] == [*STEPS[strategy], 100]
    checked(way_back(strategy, {}), balanced=True, shifts=True)


def test_steps_fit_their_strategy() -> None:
    """Those above do; others are refused with what to write."""
    assert all(mistake_in_strategy(strategy, steps) == "" for strategy, steps in STEPS.items())
    assert mistake_in_strategy("linear", [30, 60, 90]) == ""
    assert "equal steps" in mistake_in_strategy("linear", [25, 50])
    assert "one step" in mistake_in_strategy("canary", [])
    assert "leave them out" in mistake_in_strategy("rolling", [10])


def deployment(status: Any, **given: Any) -> ServiceDeployment:
    """A deployment with a status."""
    return ServiceDeployment("arn", status, "api:2", "api:1", **given)


def test_every_status_has_a_phase() -> None:
    """All that the pinned SDK knows; only an end of its own succeeds."""
    shape: Any = botocore.session.get_session().get_service_model("ecs").shape_for("ServiceDeploymentStatus")
    assert set(get_args(Status)) == set(shape.enum)
    phases = {status: deployment(status).phase for status in get_args(Status)}
    assert [status for status, phase in phases.items() if phase == "succeeded"] == ["SUCCESSFUL"]
    assert [status for status, phase in phases.items() if phase == "forward"] == ["PENDING", "IN_PROGRESS"]


def test_tasks_that_never_serve() -> None:
    """Three failed tasks in a row before any request are enough; later, the watch decides."""
    failing = {"failed_tasks": 3, "task_reason": "exited"}
    assert deployment("IN_PROGRESS", **failing).broken == "3 tasks failed in a row: exited"
    assert deployment("IN_PROGRESS", failed_tasks=3).broken.endswith("no reason is known")
    assert deployment("IN_PROGRESS", failed_tasks=2).broken == ""
    assert deployment("IN_PROGRESS", percent=10, **failing).broken == ""


def test_everything_of_a_task_definition_is_copied() -> None:
    """All that RegisterTaskDefinition of the pinned SDK takes; tags are copied apart."""
    model = botocore.session.get_session().get_service_model("ecs")
    shape: Any = model.operation_model("RegisterTaskDefinition").input_shape
    assert {*COPIED, "tags"} == set(shape.members)
