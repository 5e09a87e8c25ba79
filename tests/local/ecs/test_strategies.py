"""Each deployment strategy shifts requests as ECS documents it, and no request fails on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.local.ecs.support import requests

if TYPE_CHECKING:
    from tests.local.ecs.support import Workbench

PAUSE = {"targetType": "PAUSE", "lifecycleStages": ["PRE_PRODUCTION_TRAFFIC_SHIFT"]}
BREAKER = {"enable": True, "rollback": True}
CRASHES = "import sys\nsys.exit(3)\n"


def test_rolling(bench: Workbench) -> None:
    """Tasks are replaced while the minimum of healthy ones serves; requests meet old or new, and none fails.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html
    """
    name = bench.service(bench.image("old"), shifts=False, count=2)
    with requests(bench, name) as answers:
        arn = bench.update(name, bench.image("new"), strategy="ROLLING", minimumHealthyPercent=50, maximumPercent=100)
        bench.ended(arn, "SUCCESSFUL")
    assert set(answers) <= {"old", "new"}
    assert answers["old"]
    assert bench.answers(name, 5) == {"new": 5}
    service = f"{arn.replace(':service-deployment/', ':service/').rpartition('/')[0]}"
    assert bench.names("ECS Deployment State Change", service)[-2:] == [
        "SERVICE_DEPLOYMENT_IN_PROGRESS",
        "SERVICE_DEPLOYMENT_COMPLETED",
    ]


@pytest.mark.parametrize("code", [CRASHES, None], ids=["crashing", "missing"])
def test_circuit_breaker(bench: Workbench, code: str | None) -> None:
    """After three failed tasks in a row a rolling deployment goes back, and says why; requests never fail.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
    """
    name = bench.service(bench.image("old"), shifts=False)
    image = bench.image("bad", code=code) if code else f"{bench.image('x').partition('@')[0]}:none"
    with requests(bench, name) as answers:
        arn = bench.update(name, image, strategy="ROLLING", deploymentCircuitBreaker=BREAKER)
        ended = bench.ended(arn, "ROLLBACK_SUCCESSFUL")
    assert set(answers) == {"old"}
    assert "circuit breaker" in ended["statusReason"]
    assert ended["deploymentCircuitBreaker"]["status"] == "TRIGGERED"
    codes = {one["stopCode"] for one in bench.tasks(name, "STOPPED")}
    assert ("EssentialContainerExited" if code else "TaskFailedToStart") in codes
    described = bench.ecs.describe_services(cluster="shop", services=[name])["services"][0]
    assert described["taskDefinition"].endswith(":1")


def test_canary(bench: Workbench) -> None:
    """A pause hook before production traffic pauses before each of the two steps; the first share is exact.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/pause-lifecycle-hooks.html
    """
    name = bench.service(bench.image("old"))
    canary = {"canaryPercent": 10.0, "canaryBakeTimeInMinutes": 0}
    with requests(bench, name) as answers:
        arn = bench.update(
            name, bench.image("new"), strategy="CANARY", canaryConfiguration=canary, lifecycleHooks=[PAUSE]
        )
        first = bench.paused(arn, 0.0)
        assert not answers["new"]
        bench.ecs.continue_service_deployment(serviceDeploymentArn=arn, hookId=first, action="CONTINUE")
        second = bench.paused(arn, 10.0)
    assert second != first
    assert bench.answers(name) == {"old": 18, "new": 2}
    with requests(bench, name) as more:
        bench.ecs.continue_service_deployment(serviceDeploymentArn=arn, hookId=second)
        bench.ended(arn, "SUCCESSFUL")
    assert set(answers + more) <= {"old", "new"}
    assert bench.answers(name) == {"new": 20}
    assert bench.names("ECS Hook State Change", arn) == ["HOOK_AWAITING_ACTION", "HOOK_SUCCEEDED"] * 2


@pytest.mark.long
def test_linear(bench: Workbench) -> None:
    """Equal steps, each paused before; a rollback at a step returns all requests to the old revision at once."""
    name = bench.service(bench.image("old"))
    linear = {"stepPercent": 50.0, "stepBakeTimeInMinutes": 1}
    arn = bench.update(name, bench.image("new"), strategy="LINEAR", linearConfiguration=linear, lifecycleHooks=[PAUSE])
    bench.ecs.continue_service_deployment(serviceDeploymentArn=arn, hookId=bench.paused(arn, 0.0))
    hook = bench.paused(arn, 50.0)
    assert bench.answers(name) == {"old": 10, "new": 10}
    with requests(bench, name) as answers:
        bench.ecs.continue_service_deployment(serviceDeploymentArn=arn, hookId=hook, action="ROLLBACK")
        ended = bench.ended(arn, "ROLLBACK_SUCCESSFUL")
    assert set(answers) <= {"old", "new"}
    assert hook in ended["statusReason"]
    assert ended["rollback"]["serviceRevisionArn"] == ended["sourceServiceRevisions"][0]["arn"]
    assert bench.answers(name) == {"old": 20}
    assert bench.names("ECS Hook State Change", arn)[-1] == "HOOK_FAILED"


def test_blue_green(bench: Workbench) -> None:
    """All requests shift at once, and the old tasks run until the bake time is over.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-blue-green.html
    """
    name = bench.service(bench.image("old"))
    hook = {"targetType": "PAUSE", "lifecycleStages": ["POST_PRODUCTION_TRAFFIC_SHIFT"]}
    arn = bench.update(name, bench.image("new"), strategy="BLUE_GREEN", bakeTimeInMinutes=1, lifecycleHooks=[hook])
    waiting = bench.paused(arn, 100.0)
    assert bench.answers(name, 5) == {"new": 5}
    assert len(bench.tasks(name)) == 2
    bench.ecs.continue_service_deployment(serviceDeploymentArn=arn, hookId=waiting)
    bench.ended(arn, "SUCCESSFUL")
    assert len(bench.tasks(name)) == 1


def test_pause_that_nobody_ends(bench: Workbench) -> None:
    """The time-out's action is taken: ROLLBACK unless the hook says otherwise."""
    name = bench.service(bench.image("old"))
    hook = {**PAUSE, "timeoutConfiguration": {"timeoutInMinutes": 1}}
    arn = bench.update(name, bench.image("new"), strategy="BLUE_GREEN", bakeTimeInMinutes=0, lifecycleHooks=[hook])
    bench.ended(arn, "ROLLBACK_SUCCESSFUL")
    assert bench.names("ECS Hook State Change", arn) == ["HOOK_AWAITING_ACTION", "HOOK_TIMED_OUT"]


def test_bad_image_beside_the_old(bench: Workbench) -> None:
    """Without a circuit breaker a shift waits for tasks that never run, until it is stopped; nobody meets them.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stop-service-deployment.html
    """
    name = bench.service(bench.image("old"))
    bad = bench.image("bad", code=CRASHES)
    arn = bench.update(name, bad, strategy="CANARY", lifecycleHooks=[PAUSE])

    def failures() -> bool:
        (service,) = bench.ecs.describe_services(cluster="shop", services=[name])["services"]
        return bool(service["deployments"][0]["failedTasks"] >= 3)

    bench.wait(failures, "three failed tasks")
    assert bench.read(arn)["lifecycleStage"] == "SCALE_UP"
    bench.ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")
    bench.ended(arn, "ROLLBACK_SUCCESSFUL")
    assert bench.answers(name, 5) == {"old": 5}
    with pytest.raises(bench.ecs.exceptions.ConflictException):
        bench.ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")


def test_newer_deployment(bench: Workbench) -> None:
    """It ends one that is paused, whose tasks are stopped first; then it goes its own way."""
    name = bench.service(bench.image("old"))
    hooks = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0, "lifecycleHooks": [PAUSE]}
    first = bench.update(name, bench.image("first"), **hooks)
    bench.paused(first, 0.0)
    second = bench.update(name, bench.image("second"), **{**hooks, "lifecycleHooks": []})
    bench.ended(second, "SUCCESSFUL")
    assert bench.read(first)["status"] == "STOPPED"
    assert bench.answers(name, 5) == {"second": 5}
    assert len(bench.tasks(name)) == 1
