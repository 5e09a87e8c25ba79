"""The tasks of one revision of a service, kept at a number."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.ecs.balancer import Target
from local.ecs.tasks import Task

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from local.ecs.balancer import Route
    from local.ecs.context import Context

Record = dict[str, Any]
# Failing tasks are started again after a while that grows, as on AWS, where it grows to 15 minutes.
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-throttle-logic.html
AGAIN_SECONDS, LONGEST_AGAIN = 0.1, 2.0


@dataclass(frozen=True, slots=True)
class Door:
    """Where a service's tasks are reached: a container's port, and how the target group checks it."""

    container: str
    port: int
    path: str
    expected: frozenset[int]


@dataclass(frozen=True, slots=True)
class Revision:
    """A service revision: a task definition, the digests of its images, and its target group ("" without one)."""

    arn: str
    definition: Record
    images: Mapping[str, str]
    group: str
    created: datetime

    @property
    def digests(self) -> list[Record]:
        """The images as DescribeServiceRevisions has them."""
        return [
            {
                "containerName": one["name"],
                "image": one["image"],
                **({"imageDigest": self.images[one["name"]]} if one["name"] in self.images else {}),
            }
            for one in self.definition["containerDefinitions"]
        ]


class TaskSet:
    """The tasks of a revision; `failures` counts those that failed in a row since one was healthy."""

    def __init__(
        self,
        context: Context,
        cluster: str,
        group: str,
        revision: Revision,
        deployment: str,
        route: Route,
        door: Door | None,
        grace: float,
    ) -> None:
        self.revision = revision
        self.deployment = deployment
        self.tasks: list[Task] = []
        self.ended: list[Task] = []
        self.failures = 0
        self.failed = 0
        self.reason = ""
        self._context = context
        self._cluster = cluster
        self._group = group
        self._route = route
        self._door = door
        self._grace = grace * context.second
        self._next_start = 0.0
        self._since: dict[str, float] = {}

    @property
    def active(self) -> list[Task]:
        """The tasks that run or will run."""
        return [one for one in self.tasks if one.active]

    @property
    def healthy(self) -> int:
        """The number of healthy tasks."""
        return sum(one.healthy for one in self.tasks)

    @property
    def gone(self) -> bool:
        """Whether all processes have ended."""
        return not self.tasks

    @property
    def counts(self) -> Record:
        """The numbers of running and pending tasks."""
        running = sum(one.status == "RUNNING" for one in self.active)
        return {"runningTaskCount": running, "pendingTaskCount": len(self.active) - running}

    def start(self, count: int) -> list[Task]:
        """Start up to `count` tasks; after failures only when it is time again."""
        if count <= 0 or time.monotonic() < self._next_start:
            return []
        made = [
            Task(
                self._context,
                self._cluster,
                self.revision.definition,
                group=self._group,
                started_by=self.deployment,
                images=self.revision.images,
            )
            for _ in range(count)
        ]
        self.tasks += made
        return made

    def stop(self, count: int, reason: str) -> None:
        """Stop tasks: those that are not healthy first."""
        for one in sorted(self.active, key=lambda task: task.healthy)[: max(0, count)]:
            one.stop("ServiceSchedulerInitiated", reason)

    def step(self, *, reset: bool = True) -> None:
        """Let every task go on; count failures, and with `reset` forget them when a task is healthy."""
        for one in [*self.tasks]:
            one.step()
            if one.status == "RUNNING" and one.active:
                self._since.setdefault(one.arn, time.monotonic())
                self._register(one)
                if one.unhealthy and time.monotonic() - self._since[one.arn] >= self._grace:
                    self._fail(f"{one.arn} failed health checks")
                    one.stop("ServiceSchedulerInitiated", "Task failed health checks")
            if one.stopped:
                self.tasks.remove(one)
                self.ended.append(one)
                if one.target:
                    self._route.deregister(one.target)
                if one.stop_code in ("TaskFailedToStart", "EssentialContainerExited"):
                    self._fail(one.stopped_reason)
        if reset and self.healthy:
            self.failures = 0

    def _fail(self, reason: str) -> None:
        self.failures += 1
        self.failed += 1
        self.reason = reason
        self._next_start = time.monotonic() + min(LONGEST_AGAIN, AGAIN_SECONDS * self.failures)

    def _register(self, task: Task) -> None:
        if self._door and task.target is None:
            port = task.port(self._door.container, self._door.port)
            task.target = Target(port, self._door.path, self._door.expected)
            self._route.register(self.revision.group, task.target)
