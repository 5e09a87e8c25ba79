"""Each deployment strategy shifts requests as ECS documents it, and no request fails on the way."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.local.ecs.conftest import Harbour

PAUSE = {"targetType": "PAUSE", "lifecycleStages": ["PRE_PRODUCTION_TRAFFIC_SHIFT"]}
BREAKER = {"enable": True, "rollback": True}
CRASHES = "import sys\nsys.exit(3)\n"


@contextmanager
def requests(harbour: Harbour, name: str) -> Iterator[Counter[str]]:
    """Steady requests to a service, counted by their answers."""
    found: Counter[str] = Counter()
    over = threading.Event()

    def ask() -> None:
        while not over.wait(0.01):
            found[harbour.get(name)] += 1

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield found
    finally:
        over.set()
        thread.join()


def test_rolling(harbour: Harbour) -> None:
    """Tasks are replaced while the minimum of healthy ones serves; requests meet old or new, and none fails.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html
    """
    name = harbour.service(harbour.image("old"), shifts=False, count=2)
    with requests(harbour, name) as answers:
        arn = harbour.update(
            name, harbour.image("new"), strategy="ROLLING", minimumHealthyPercent=50, maximumPercent=100
        )
        harbour.ended(arn, "SUCCESSFUL")
    assert set(answers) <= {"old", "new"}
    assert answers["old"]
    assert harbour.answers(name, 5) == {"new": 5}
    service = f"{arn.replace(':service-deployment/', ':service/').rpartition('/')[0]}"
    assert harbour.names("ECS Deployment State Change", service)[-2:] == [
        "SERVICE_DEPLOYMENT_IN_PROGRESS",
        "SERVICE_DEPLOYMENT_COMPLETED",
    ]


@pytest.mark.parametrize("code", [CRASHES, None], ids=["crashing", "missing"])
def test_circuit_breaker(harbour: Harbour, code: str | None) -> None:
    """After three failed tasks in a row a rolling deployment goes back, and says why; requests never fail.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
    """
    name = harbour.service(harbour.image("old"), shifts=False)
    image = harbour.image("bad", code=code) if code else f"{harbour.image('x').partition('@')[0]}:none"
    with requests(harbour, name) as answers:
        arn = harbour.update(name, image, strategy="ROLLING", deploymentCircuitBreaker=BREAKER)
        ended = harbour.ended(arn, "ROLLBACK_SUCCESSFUL")
    assert set(answers) == {"old"}
    assert "circuit breaker" in ended["statusReason"]
    assert ended["deploymentCircuitBreaker"]["status"] == "TRIGGERED"
    reason = {one["stopCode"] for one in harbour.tasks(name, "STOPPED")}
    assert reason == ({"EssentialContainerExited"} if code else {"TaskFailedToStart"})
    described = harbour.ecs.describe_services(cluster="shop", services=[name])["services"][0]
    assert described["taskDefinition"].endswith(":1")


def test_canary(harbour: Harbour) -> None:
    """A pause hook before production traffic pauses before each of the two steps; the first share is exact.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/pause-lifecycle-hooks.html
    """
    name = harbour.service(harbour.image("old"))
    canary = {"canaryPercent": 10.0, "canaryBakeTimeInMinutes": 0}
    with requests(harbour, name) as answers:
        arn = harbour.update(
            name, harbour.image("new"), strategy="CANARY", canaryConfiguration=canary, lifecycleHooks=[PAUSE]
        )
        first = harbour.paused(arn, 0.0)
        assert not answers["new"]
        harbour.ecs.continue_service_deployment(serviceDeploymentArn=arn, hookId=first, action="CONTINUE")
        second = harbour.paused(arn, 10.0)
    assert second != first
    assert harbour.answers(name) == {"old": 18, "new": 2}
    with requests(harbour, name) as more:
        harbour.ecs.continue_service_deployment(serviceDeploymentArn=arn, hookId=second)
        harbour.ended(arn, "SUCCESSFUL")
    assert set(answers + more) <= {"old", "new"}
    assert harbour.answers(name) == {"new": 20}
    assert harbour.names("ECS Hook State Change", arn) == ["HOOK_AWAITING_ACTION", "HOOK_SUCCEEDED"] * 2


def test_linear(harbour: Harbour) -> None:
    """Equal steps, each paused before; a rollback at a step returns all requests to the old revision at once."""
    name = harbour.service(harbour.image("old"))
    linear = {"stepPercent": 50.0, "stepBakeTimeInMinutes": 1}
    arn = harbour.update(
        name, harbour.image("new"), strategy="LINEAR", linearConfiguration=linear, lifecycleHooks=[PAUSE]
    )
    harbour.ecs.continue_service_deployment(serviceDeploymentArn=arn, hookId=harbour.paused(arn, 0.0))
    hook = harbour.paused(arn, 50.0)
    assert harbour.answers(name) == {"old": 10, "new": 10}
    with requests(harbour, name) as answers:
        harbour.ecs.continue_service_deployment(serviceDeploymentArn=arn, hookId=hook, action="ROLLBACK")
        ended = harbour.ended(arn, "ROLLBACK_SUCCESSFUL")
    assert set(answers) <= {"old", "new"}
    assert hook in ended["statusReason"]
    assert ended["rollback"]["serviceRevisionArn"] == ended["sourceServiceRevisions"][0]["arn"]
    assert harbour.answers(name) == {"old": 20}
    assert harbour.names("ECS Hook State Change", arn)[-1] == "HOOK_FAILED"


def test_blue_green(harbour: Harbour) -> None:
    """All requests shift at once, and the old tasks run until the bake time is over.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-blue-green.html
    """
    name = harbour.service(harbour.image("old"))
    hook = {"targetType": "PAUSE", "lifecycleStages": ["POST_PRODUCTION_TRAFFIC_SHIFT"]}
    arn = harbour.update(name, harbour.image("new"), strategy="BLUE_GREEN", bakeTimeInMinutes=1, lifecycleHooks=[hook])
    waiting = harbour.paused(arn, 100.0)
    assert harbour.answers(name, 5) == {"new": 5}
    assert len(harbour.tasks(name)) == 2
    harbour.ecs.continue_service_deployment(serviceDeploymentArn=arn, hookId=waiting)
    harbour.ended(arn, "SUCCESSFUL")
    assert len(harbour.tasks(name)) == 1


def test_pause_that_nobody_ends(harbour: Harbour) -> None:
    """The time-out's action is taken: ROLLBACK unless the hook says otherwise."""
    name = harbour.service(harbour.image("old"))
    hook = {**PAUSE, "timeoutConfiguration": {"timeoutInMinutes": 1}}
    arn = harbour.update(name, harbour.image("new"), strategy="BLUE_GREEN", bakeTimeInMinutes=0, lifecycleHooks=[hook])
    harbour.ended(arn, "ROLLBACK_SUCCESSFUL")
    assert harbour.names("ECS Hook State Change", arn) == ["HOOK_AWAITING_ACTION", "HOOK_TIMED_OUT"]


def test_bad_image_beside_the_old(harbour: Harbour) -> None:
    """Without a circuit breaker a shift waits for tasks that never run, until it is stopped; nobody meets them.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stop-service-deployment.html
    """
    name = harbour.service(harbour.image("old"))
    bad = harbour.image("bad", code=CRASHES)
    arn = harbour.update(name, bad, strategy="CANARY", lifecycleHooks=[PAUSE])

    def failures() -> bool:
        (service,) = harbour.ecs.describe_services(cluster="shop", services=[name])["services"]
        return bool(service["deployments"][0]["failedTasks"] >= 3)

    harbour.wait(failures, "three failed tasks")
    assert harbour.read(arn)["lifecycleStage"] == "SCALE_UP"
    harbour.ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")
    harbour.ended(arn, "ROLLBACK_SUCCESSFUL")
    assert harbour.answers(name, 5) == {"old": 5}
    with pytest.raises(harbour.ecs.exceptions.ConflictException):
        harbour.ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")


def test_newer_deployment(harbour: Harbour) -> None:
    """It ends one that is paused, whose tasks are stopped first; then it goes its own way."""
    name = harbour.service(harbour.image("old"))
    hooks = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0, "lifecycleHooks": [PAUSE]}
    first = harbour.update(name, harbour.image("first"), **hooks)
    harbour.paused(first, 0.0)
    second = harbour.update(name, harbour.image("second"), **{**hooks, "lifecycleHooks": []})
    harbour.ended(second, "SUCCESSFUL")
    assert harbour.read(first)["status"] == "STOPPED"
    assert harbour.answers(name, 5) == {"second": 5}
    assert len(harbour.tasks(name)) == 1
