"""A task: its containers, from the pull of their images to the reason why it stopped."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from local.ecs.containers import Container
from local.ecs.context import Context, clock, new_id, now, short
from local.ecs.errors import PullError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from local.ecs.balancer import Target

Record = dict[str, Any]
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html: a task without any health
# check counts as healthy this long after it began to run
UNCHECKED_SECONDS = 40
# the default deregistration delay of a target group
DRAIN_SECONDS = 300


class Task:
    """One task; `step` is called by the scheduler's thread only, because processes end with the thread that made them.

    PROVISIONING → PENDING → RUNNING → DEACTIVATING (its connections drain) → STOPPING → STOPPED.
    """

    def __init__(
        self,
        context: Context,
        cluster: str,
        definition: Record,
        *,
        group: str,
        started_by: str = "",
        overrides: Record | None = None,
        images: Mapping[str, str] | None = None,
    ) -> None:
        """`images` are the digests that a service revision resolved, by the name of the container."""
        self.arn = context.arn(f"task/{short(cluster)}/{new_id()}")
        self.definition = definition
        self.group = group
        self.started_by = started_by
        self.status = "PROVISIONING"
        self.desired = "RUNNING"
        self.containers: list[Container] = []
        self.stop_code = ""
        self.stopped_reason = ""
        self.target: Target | None = None
        self._context = context
        self.cluster = cluster
        self._overrides = overrides or {}
        self._images = images or {}
        self._reasons: dict[str, str] = {}
        self._times: dict[str, Any] = {"createdAt": now()}
        self._running_since = 0.0
        self._deactivated = 0.0

    @property
    def stopped(self) -> bool:
        """Whether the task has ended."""
        return self.status == "STOPPED"

    @property
    def active(self) -> bool:
        """Whether the task runs or will run."""
        return self.desired == "RUNNING" and not self.stopped

    @property
    def health(self) -> str:
        """UNHEALTHY if an essential container is, HEALTHY if all checked ones are, else UNKNOWN."""
        found = {one.health for one in self.containers if one.essential and one.checked}
        return "UNHEALTHY" if "UNHEALTHY" in found else "HEALTHY" if found == {"HEALTHY"} else "UNKNOWN"

    @property
    def healthy(self) -> bool:
        """Whether the scheduler of a service counts the task as healthy."""
        if self.status != "RUNNING" or not self.active:
            return False
        checked = any(one.essential and one.checked for one in self.containers)
        if checked and self.health != "HEALTHY":
            return False
        if self.target:
            return self.target.healthy
        return checked or time.monotonic() - self._running_since >= UNCHECKED_SECONDS * self._context.second

    @property
    def unhealthy(self) -> bool:
        """Whether a health check of a container, or of the target group, has failed."""
        return self.health == "UNHEALTHY" or bool(self.target and self.target.failed)

    def port(self, container: str, container_port: int) -> int:
        """The port on which a container listens for its `container_port`."""
        found = next(one for one in self.containers if one.definition["name"] == container)
        return found.ports[container_port]

    def stop(self, code: str, reason: str) -> None:
        """Ask the task to stop; a repetition changes nothing."""
        if self.active:
            self.desired = "STOPPED"
            self.stop_code, self.stopped_reason = code, reason
            self._times["stoppingAt"] = now()

    def step(self) -> None:
        """Go on as far as possible without waiting."""
        for one in self.containers:
            one.step()
        match self.status:
            case "PROVISIONING":
                self._become("PENDING")
            case "PENDING":
                self._start()
            case "RUNNING":
                self._run()
            case "DEACTIVATING":
                self._drain()
            case "STOPPING":
                self._end()

    def kill(self) -> None:
        """End all processes at once."""
        for one in self.containers:
            one.kill()

    def describe(self) -> Record:
        """The task as DescribeTasks has it."""
        containers = [self._describe(one) for one in self.definition["containerDefinitions"]]
        optional = {
            "startedBy": self.started_by,
            "stopCode": self.stop_code if self.desired == "STOPPED" else "",
            "stoppedReason": self.stopped_reason if self.desired == "STOPPED" else "",
        }
        return {
            "taskArn": self.arn,
            "clusterArn": self.cluster,
            "taskDefinitionArn": self.definition["taskDefinitionArn"],
            "group": self.group,
            "lastStatus": self.status,
            "desiredStatus": self.desired,
            "healthStatus": self.health,
            "containers": containers,
            "overrides": self._overrides,
            "launchType": "FARGATE",
            **self._times,
            **{name: value for name, value in optional.items() if value},
        }

    def _describe(self, definition: Record) -> Record:
        name = definition["name"]
        made = next((one for one in self.containers if one.definition["name"] == name), None)
        described = {
            "containerArn": f"{self.arn.replace(':task/', ':container/')}/{name}",
            "taskArn": self.arn,
            "name": name,
            "image": definition["image"],
            "lastStatus": self.status if made is None or made.exit_code is None else "STOPPED",
            "healthStatus": made.health if made else "UNKNOWN",
        }
        if made:
            described["imageDigest"] = made.image.digest
            described["networkBindings"] = [
                {"bindIP": "127.0.0.1", "containerPort": inside, "hostPort": port, "protocol": "tcp"}
                for inside, port in made.ports.items()
            ]
            if made.exit_code is not None:
                described["exitCode"] = made.exit_code
        if name in self._reasons:
            described["reason"] = self._reasons[name]
        return described

    def _start(self) -> None:
        """Pull the images and start the containers."""
        if not self.active:
            self._become("STOPPED")
            return
        overrides = {one["name"]: one for one in self._overrides.get("containerOverrides", ())}
        definitions: Sequence[Record] = self.definition["containerDefinitions"]
        self._times["pullStartedAt"] = now()
        for one in definitions:
            name, image = one["name"], one["image"]
            digest = self._images.get(name)
            try:
                pulled = self._context.images.pull(f"{image.partition('@')[0]}@{digest}" if digest else image)
            except PullError as error:
                self._reasons[name] = str(error)
                self.stop("TaskFailedToStart", str(error))
                self.kill()
                self._become("STOPPED")
                return
            log = self._context.root / f"{short(self.arn)}.log"
            self.containers.append(Container(one, overrides.get(name, {}), pulled, log, self._context.second))
        self._times["pullStoppedAt"] = self._times["startedAt"] = now()
        self._running_since = time.monotonic()
        self._become("RUNNING")

    def _run(self) -> None:
        if any(one.essential and one.exit_code is not None for one in self.containers):
            self.stop("EssentialContainerExited", "Essential container in task exited")
        if self.desired == "STOPPED":
            if self.target:
                self.target.drain()
            self._deactivated = time.monotonic()
            self._become("DEACTIVATING")
            self._drain()

    def _drain(self) -> None:
        """Stop the containers once no request is under way, or the deregistration delay is over."""
        over = time.monotonic() - self._deactivated > DRAIN_SECONDS * self._context.second
        if self.target is None or self.target.idle or over:
            for one in self.containers:
                one.terminate()
            self._become("STOPPING")

    def _end(self) -> None:
        if all(one.exit_code is not None for one in self.containers):
            self._times["executionStoppedAt"] = now()
            self._become("STOPPED")

    def _become(self, status: str) -> None:
        self.status = status
        if status == "STOPPED":
            self.desired = "STOPPED"
            self._times["stoppedAt"] = now()
            for one in self.containers:
                one.kill()
        times = {name: clock(at) for name, at in self._times.items()}
        self._context.notify("ECS Task State Change", self.arn, {**self.describe(), **times})
