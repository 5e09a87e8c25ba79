"""Tasks are processes with images, health checks, reasons why they stopped, and no life of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from local.ecs.balancer import Route

if TYPE_CHECKING:
    from tests.local.ecs.support import Workbench

Record = dict[str, Any]


def run(bench: Workbench, image: str, **given: Any) -> str:
    """Run a task on its own; returns its ARN."""
    definition = bench.definition(image, "job")
    return str(bench.ecs.run_task(cluster="shop", taskDefinition=definition, **given)["tasks"][0]["taskArn"])


def read(bench: Workbench, arn: str) -> Record:
    """A task as it is now."""
    found: Record = bench.ecs.describe_tasks(cluster="shop", tasks=[arn])["tasks"][0]
    return found


def stopped(bench: Workbench, arn: str) -> Record:
    """Wait until a task has stopped."""
    bench.wait(lambda: read(bench, arn)["lastStatus"] == "STOPPED", f"the end of {arn}")
    return read(bench, arn)


def test_one_off_task(bench: Workbench) -> None:
    """A command instead of the image's; its exit code and the image's digest are answered, and its end is an event."""
    image = bench.image("api")
    command = ["python", "-S", "-c", "import os, sys; sys.exit(int(os.environ['CODE']))"]
    override = {"name": "app", "command": command, "environment": [{"name": "CODE", "value": "7"}]}
    arn = run(bench, image, overrides={"containerOverrides": [override]}, startedBy="kiro")
    assert bench.ecs.list_tasks(cluster="shop", startedBy="kiro", desiredStatus="RUNNING")["taskArns"] in ([arn], [])
    task = stopped(bench, arn)
    (container,) = task["containers"]
    assert (container["exitCode"], task["stopCode"]) == (7, "EssentialContainerExited")
    assert container["imageDigest"] == image.partition("@")[2]
    statuses = [
        one["detail"]["lastStatus"]
        for one in bench.events
        if one["detail-type"] == "ECS Task State Change" and one["resources"] == [arn]
    ]
    assert statuses == ["PENDING", "RUNNING", "DEACTIVATING", "STOPPING", "STOPPED"]


def test_missing_image(bench: Workbench) -> None:
    """The task does not start, and the reason names the image.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html
    """
    image = f"{bench.image('x').partition('@')[0]}:missing"
    task = stopped(bench, run(bench, image))
    assert task["stopCode"] == "TaskFailedToStart"
    assert "CannotPullContainerError" in task["stoppedReason"]
    assert image in task["stoppedReason"]


def test_repeated_run(bench: Workbench) -> None:
    """A client token runs one task; with other parameters it is refused.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/ECS_Idempotency.html
    """
    definition = bench.definition(bench.image("once"), "job")
    given = {"cluster": "shop", "taskDefinition": definition, "clientToken": "once"}
    first, again = (bench.ecs.run_task(**given)["tasks"][0]["taskArn"] for _ in range(2))
    assert first == again
    with pytest.raises(bench.ecs.exceptions.InvalidParameterException):
        bench.ecs.run_task(**given, startedBy="another")
    bench.ecs.stop_task(cluster="shop", task=first)
    assert stopped(bench, first)["stopCode"] == "UserInitiated"


def test_container_health_check(bench: Workbench) -> None:
    """Its command decides about the task's health; a service replaces an unhealthy task.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html
    """
    image = bench.image("api")
    name = bench.service(image, shifts=False)
    check = {"command": ["CMD-SHELL", "exit 1"], "interval": 5, "retries": 2}
    definition = bench.definition(image, name, healthCheck=check)
    breaker = {"enable": True, "rollback": True}
    before = bench.deployment(name)
    bench.ecs.update_service(
        cluster="shop",
        service=name,
        taskDefinition=definition,
        deploymentConfiguration={"deploymentCircuitBreaker": breaker},
    )
    bench.ended(bench.deployment(name, after=before), "ROLLBACK_SUCCESSFUL")
    reasons = {one["stoppedReason"] for one in bench.tasks(name, "STOPPED")}
    assert "Task failed health checks" in reasons


def test_unhealthy_target(bench: Workbench) -> None:
    """A task whose health path answers wrongly gets no request, and is replaced."""
    name = bench.service(bench.image("old"), shifts=False)
    arn = bench.update(
        name, bench.image("ill", health=503), deploymentCircuitBreaker={"enable": True, "rollback": False}
    )
    ended = bench.ended(arn, "STOPPED")
    assert "circuit breaker" in ended["statusReason"]
    assert bench.answers(name, 5) == {"old": 5}


def test_killed_task(bench: Workbench) -> None:
    """The scheduler of a service starts another one."""
    name = bench.service(bench.image("api"), shifts=False)
    (before,) = bench.tasks(name)
    bench.ecs.stop_task(cluster="shop", task=before["taskArn"])
    bench.wait(lambda: [one for one in bench.tasks(name) if one["taskArn"] != before["taskArn"]], "another task")
    bench.wait(lambda: bench.get(name) == "api", "an answer")


def test_metrics(bench: Workbench) -> None:
    """A target group's requests, errors and times are in CloudWatch, as a load balancer publishes them.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
    """
    name = bench.service(bench.image("api"), shifts=False)
    assert [bench.get(name, "fails"), bench.get(name)] == ["500", "api"]
    (service,) = bench.ecs.describe_services(cluster="shop", services=[name])["services"]
    group = service["loadBalancers"][0]["targetGroupArn"].rpartition(":")[2]
    dimensions = [{"Name": "TargetGroup", "Value": group}, {"Name": "LoadBalancer", "Value": Route().balancer}]

    def sums() -> bool:
        found = {
            metric: bench.aws.client("cloudwatch").get_metric_statistics(
                Namespace="AWS/ApplicationELB",
                MetricName=metric,
                Dimensions=dimensions,
                StartTime=time.time() - 600,
                EndTime=time.time() + 600,
                Period=3600,
                Statistics=["Sum"],
            )["Datapoints"]
            for metric in ("RequestCount", "HTTPCode_Target_5XX_Count")
        }
        return [sum(one["Sum"] for one in points) for points in found.values()] == [2.0, 1.0]

    bench.wait(sums, "two requests, one of them failed")


LONELY = """
import sys, time
from pathlib import Path
from local.ecs import EcsServer
from local.clients import Clients, clients
endpoint, root = sys.argv[1:]
with clients(endpoint, "eu-central-1") as emulated:
    server = EcsServer(emulated, "123456789012", Path(root), lambda event: None).start()
    ecs = Clients(endpoint, "eu-central-1", ecs_endpoint=server.endpoint).client("ecs")
    image = server.images.push("lonely", "1", {"a.sh": "echo $$ > " + root + "/pid; exec sleep 300"}, ["sh", "a.sh"])
    ecs.create_cluster(clusterName="shop")
    ecs.register_task_definition(family="f", containerDefinitions=[{"name": "app", "image": image}])
    ecs.run_task(cluster="shop", taskDefinition="f")
    time.sleep(300)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
def test_killed_endpoint(bench: Workbench, tmp_path: Path) -> None:
    """Its tasks end with it, also when it gets no chance to stop them."""
    pid = tmp_path / "pid"
    server = subprocess.Popen([sys.executable, "-c", LONELY, bench.aws.endpoint, str(tmp_path)])
    try:
        bench.wait(lambda: pid.exists() and pid.read_text().strip(), "the start of the task")
    finally:
        server.kill()
        server.wait()
    task = int(pid.read_text())

    def gone() -> bool:
        try:
            os.kill(task, 0)
        except ProcessLookupError:
            return True
        return ") Z " in Path(f"/proc/{task}/stat").read_text()

    bench.wait(gone, "the end of the task")
