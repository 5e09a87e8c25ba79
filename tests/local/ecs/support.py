"""An ECS endpoint for an emulator, and helpers that deploy tiny servers."""

from __future__ import annotations

import threading
import time
import urllib.error
import urllib.request
import uuid
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local.clients import Clients, clients
from local.ecs import EcsServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from local.emulator import Emulator

Record = dict[str, Any]
DEADLINE_SECONDS = 30.0
# A minute of a bake time lasts a sixth of a second here, so a second lasts three milliseconds.
MINUTE_SECONDS = 0.17
CLUSTER = "shop"
# Without http.server, whose import is half the time of a container's start.
SERVER = """
import os, socket
listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])), backlog=128)
while True:
    asked, _ = listener.accept()
    asked.settimeout(5)
    try:
        request = b""
        while not request.endswith(b"\\r\\n\\r\\n") and (more := asked.recv(65536)):
            request += more
        path = request.split()[1]
        status = 500 if path == b"/fails" else {health} if path == b"/health" else 200
        body = os.environ.get("SAYS", {says!r}).encode()
        head = f"HTTP/1.1 {{status}} -\\r\\nContent-Length: {{len(body)}}\\r\\nConnection: close\\r\\n\\r\\n"
        asked.sendall(head.encode() + body)
    except (OSError, IndexError):
        pass
    asked.close()
"""


@dataclass
class Workbench:
    """The endpoint with its clients and events, and helpers for tests of services."""

    aws: Clients
    server: EcsServer
    events: list[Record] = field(default_factory=list)

    @property
    def ecs(self) -> Any:
        """A boto3 client of the endpoint."""
        return self.aws.client("ecs")

    def image(self, says: str, *, health: int = 200, code: str = "", tag: str = "") -> str:
        """Push an image whose server answers `says`; returns `repository@digest`."""
        files = {"server.py": code or SERVER.format(says=says, health=health)}
        return self.server.images.push("api", tag or uuid.uuid4().hex, files, ["python", "-S", "server.py"])

    def definition(self, image: str, family: str, **container: Any) -> str:
        """Register a revision with one container; returns its ARN."""
        made = self.ecs.register_task_definition(
            family=family,
            containerDefinitions=[
                {"name": "app", "image": image, "portMappings": [{"containerPort": 80}], **container}
            ],
        )
        return str(made["taskDefinition"]["taskDefinitionArn"])

    def group(self) -> str:
        """A target group with a health check."""
        made = self.aws.client("elbv2").create_target_group(
            Name=f"group-{uuid.uuid4().hex[:8]}",
            Protocol="HTTP",
            Port=80,
            VpcId="vpc-1",
            TargetType="ip",
            HealthCheckPath="/health",
        )
        return str(made["TargetGroups"][0]["TargetGroupArn"])

    def service(self, image: str, *, shifts: bool = True, count: int = 1, **settings: Any) -> str:
        """Create a service behind a load balancer, and wait until it runs; returns its name."""
        name = f"api-{uuid.uuid4().hex[:8]}"
        balancer: Record = {"targetGroupArn": self.group(), "containerName": "app", "containerPort": 80}
        if shifts:
            balancer["advancedConfiguration"] = {
                "alternateTargetGroupArn": self.group(),
                "productionListenerRule": "arn:aws:elasticloadbalancing:eu-central-1:1:listener-rule/app/a/b/c/d",
                "roleArn": "arn:aws:iam::123456789012:role/ecs",
            }
        self.ecs.create_service(
            cluster=CLUSTER,
            serviceName=name,
            taskDefinition=self.definition(image, name),
            desiredCount=count,
            **{"loadBalancers": [balancer], **settings},
        )
        self.ended(self.deployment(name), "SUCCESSFUL")
        return name

    def update(self, name: str, image: str, **configuration: Any) -> str:
        """Deploy another image; returns the ARN of the service deployment."""
        definition = self.definition(image, name)
        before = self.deployment(name)
        given = {"deploymentConfiguration": configuration} if configuration else {}
        self.ecs.update_service(cluster=CLUSTER, service=name, taskDefinition=definition, **given)
        return self.deployment(name, after=before)

    def deployment(self, name: str, after: str = "") -> str:
        """The ARN of the newest service deployment that has begun; with `after`, of a newer one than this."""
        return str(self.wait(lambda: self._newest(name, after), "a service deployment"))

    def _newest(self, name: str, after: str) -> str:
        found = self.ecs.list_service_deployments(cluster=CLUSTER, service=name)["serviceDeployments"]
        newest = found[0]["serviceDeploymentArn"] if found else ""
        return "" if newest == after else newest

    def read(self, arn: str) -> Record:
        """A service deployment as it is now."""
        found: Record = self.ecs.describe_service_deployments(serviceDeploymentArns=[arn])["serviceDeployments"][0]
        return found

    def ended(self, arn: str, status: str) -> Record:
        """Wait until a service deployment has a status."""
        self.wait(lambda: self.read(arn)["status"] == status, f"{status} of {arn}", lambda: self.read(arn))
        return self.read(arn)

    def paused(self, arn: str, percent: float) -> str:
        """Wait until a service deployment is paused at a share; returns the hook's id."""

        def hook() -> str:
            found = self.read(arn)
            if found["targetServiceRevision"].get("requestedProductionTrafficWeight") != percent:
                return ""
            waiting = [one for one in found["lifecycleHookDetails"] if one["status"] == "AWAITING_ACTION"]
            return waiting[0]["hookId"] if waiting else ""

        return str(self.wait(hook, f"a pause at {percent} %", lambda: self.read(arn)))

    def wait(self, found: Callable[[], Any], what: str, state: Callable[[], Any] = lambda: "") -> Any:
        """Wait until something is found."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not (value := found()):
            assert time.monotonic() < deadline, f"{what} did not happen in {DEADLINE_SECONDS} s: {state()}"
            time.sleep(0.02)
        return value

    def answers(self, name: str, count: int = 20) -> Counter[str]:
        """The answers to so many requests."""
        return Counter(self.get(name) for _ in range(count))

    def get(self, name: str, path: str = "", cluster: str = CLUSTER) -> str:
        """The answer of a service, or its error status."""
        try:
            with urllib.request.urlopen(f"{self.server.address(cluster, name)}/{path}", timeout=10) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return str(error.code)

    def tasks(self, name: str, status: str = "RUNNING") -> list[Record]:
        """The tasks of a service."""
        found = self.ecs.list_tasks(cluster=CLUSTER, serviceName=name, desiredStatus=status)["taskArns"]
        return list(self.ecs.describe_tasks(cluster=CLUSTER, tasks=found)["tasks"]) if found else []

    def names(self, detail_type: str, about: str) -> list[str]:
        """The event names of a type about a resource (an ARN), in their order."""
        return [
            one["detail"]["eventName"]
            for one in self.events
            if one["detail-type"] == detail_type and about in one["resources"]
        ]


@contextmanager
def workbench(emulator: Emulator, root: Path) -> Iterator[Workbench]:
    """A running endpoint for an emulator, with a cluster."""
    events: list[Record] = []
    with (
        clients(emulator.endpoint, emulator.region) as emulated,
        EcsServer(emulated, emulator.account, root, events.append, minute=MINUTE_SECONDS) as server,
        Clients(emulator.endpoint, emulator.region, ecs_endpoint=server.endpoint) as aws,
    ):
        aws.client("ecs").create_cluster(clusterName=CLUSTER)
        yield Workbench(aws, server, events)


@contextmanager
def requests(bench: Workbench, name: str) -> Iterator[Counter[str]]:
    """Steady requests to a service, counted by their answers."""
    found: Counter[str] = Counter()
    over = threading.Event()

    def ask() -> None:
        while not over.wait(0.01):
            found[bench.get(name)] += 1

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield found
    finally:
        over.set()
        thread.join()
