"""Subjects that are services of ECS: the repository of each has an image for every commit."""

import json
import time
from dataclasses import dataclass, field
from typing import Any

from local.platform import Platform
from tests.faults.harness.subjects import COMMITS, Subject

_CLUSTER = "faults"
_PORT = 8080
_PATIENCE_SECONDS = 60.0
_SERVICE = """  hello:
    kind: ecs
    cluster: {cluster}
    service: {name}
    container: app
    image: "{{account}}.dkr.ecr.{{region}}.amazonaws.com/{name}"
    alarms:
      critical: [{alarm}]
"""
_BUILD = """version: 0.2
phases:
  build:
    commands:
      - sleep 0.7
artifacts:
  files: [images.json, junit.xml, coverage.xml]
"""
# It begins to listen late, so that the end of a rollout comes as an event, and not in the first query.
_SERVER = """import http.server, os, time
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"version": "VERSION"}')
    def log_message(self, *_): pass
time.sleep(1)
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""


@dataclass  # with slots it would be another class than the one that super() knows
class EcsSubject(Subject):
    """A service of ECS, which answers the number of its commit; `images` are those of all commits."""

    images: list[str] = field(default_factory=list)
    every: tuple[str, ...] = ()

    @property
    def target(self) -> str:
        """The service, with its cluster."""
        return f"{_CLUSTER}/{self.name}"

    def set_up(self, platform: Platform) -> None:
        """Create the service besides what every subject has."""
        super().set_up(platform)
        self.every = tuple(self.commits)

    def answers(self) -> str:
        """The commit whose number the service answers; empty without an answer of a release."""
        number = super().answers()
        return self.every[int(number)] if number.isdecimal() else ""

    def _bounds(self) -> dict[str, Any]:
        return {"ecsServices": [self.target]}

    def _create(self, platform: Platform) -> str:
        assert platform.ecs
        self.images = [self._push(platform, str(number)) for number in range(COMMITS)]
        ecs = platform.clients.client("ecs")
        ecs.create_cluster(clusterName=_CLUSTER)
        container = {
            "name": "app",
            "image": self._push(platform, "none"),
            "portMappings": [{"containerPort": _PORT}],
        }
        made = ecs.register_task_definition(family=self.name, containerDefinitions=[container])["taskDefinition"]
        group = platform.clients.client("elbv2").create_target_group(
            Name=self.name, Protocol="HTTP", Port=_PORT, VpcId="vpc-1", TargetType="ip", HealthCheckPath="/health"
        )["TargetGroups"][0]["TargetGroupArn"]
        ecs.create_service(
            cluster=_CLUSTER,
            serviceName=self.name,
            taskDefinition=made["taskDefinitionArn"],
            desiredCount=1,
            loadBalancers=[{"targetGroupArn": group, "containerName": "app", "containerPort": _PORT}],
        )
        self._await(platform)
        return platform.ecs.address(_CLUSTER, self.name)

    def _await(self, platform: Platform) -> None:
        """Wait until the first deployment of the service has ended."""
        ecs, deadline = platform.clients.client("ecs"), time.monotonic() + _PATIENCE_SECONDS
        while True:
            found = ecs.list_service_deployments(cluster=_CLUSTER, service=self.name)["serviceDeployments"]
            if found and found[0]["status"] == "SUCCESSFUL":
                return
            assert platform.ecs
            assert time.monotonic() < deadline, platform.ecs.why(_CLUSTER, self.name)
            time.sleep(0.1)

    def _push(self, platform: Platform, version: str) -> str:
        assert platform.ecs
        files = {"server.py": _SERVER.replace("VERSION", version)}
        return platform.ecs.images.push(self.name, version, files, ["python", "-S", "server.py"])

    def _files(self) -> dict[str, str]:
        files = super()._files()
        before, _, _ = files["delivery.yml"].partition("  hello:\n")
        service = _SERVICE.format(cluster=_CLUSTER, name=self.name, alarm=self.alarm)
        return {**files, "delivery.yml": before + service, "build.yml": _BUILD}

    def _changed(self, number: int) -> dict[str, str]:
        return {"images.json": json.dumps({"hello": self.images[number]})}
