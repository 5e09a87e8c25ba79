"""A service deployment on its way: the lifecycle of each strategy, forward and back.

A rollout is a generator that the scheduler resumes at every tick: what waits yields. The stages are those of
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/canary-deployment.html (and of its sister pages for
blue/green and linear); a rolling deployment replaces tasks within its two percentages.
"""

from __future__ import annotations

import time
from math import ceil, floor
from typing import TYPE_CHECKING

from local.ecs.context import clock, now
from local.ecs.hooks import Hook

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.ecs.service import Service
    from local.ecs.service_deployment import ServiceDeployment
    from local.ecs.task_sets import TaskSet

MINUTE = 60
REASON = "(deployment {0}) was replaced"


class GoBackError(Exception):
    """The deployment ends here; what ran before is restored, if there is anything and `back` says so."""

    def __init__(self, reason: str, *, event: str, back: bool = True) -> None:
        super().__init__(reason)
        self.event = event
        self.back = back


class Rollout:
    """Deploys the target revision of a deployment to its service."""

    def __init__(self, service: Service, deployment: ServiceDeployment) -> None:
        self._service = service
        self._deployment = deployment
        self._new = service.task_set(deployment.target, deployment.id)

    def run(self) -> Iterator[None]:
        """The whole deployment; ends when it has."""
        one, service = self._deployment, self._service
        one.become("IN_PROGRESS")
        one.times["startedAt"] = now()
        self._notify("INFO", "IN_PROGRESS", f"ECS deployment {one.id} in progress.")
        try:
            yield from self._replace(self._new) if one.configuration.strategy == "ROLLING" else self._shift()
        except GoBackError as reason:
            yield from self._back(reason)
            return
        service.settle(self._new)
        one.become("SUCCESSFUL")
        self._notify("INFO", "COMPLETED", f"ECS deployment {one.id} completed.")

    def _notify(self, kind: str, name: str, reason: str) -> None:
        self._service.context.notify(
            "ECS Deployment State Change",
            self._service.arn,
            {
                "eventType": kind,
                "eventName": f"SERVICE_DEPLOYMENT_{name}",
                "deploymentId": self._deployment.id,
                "updatedAt": clock(now()),
                "reason": reason,
            },
        )

    def _turn(self) -> Iterator[None]:
        """Wait for the next tick; a rollback that was asked for begins here."""
        yield
        if self._deployment.asked and self._deployment.status == "ROLLBACK_REQUESTED":
            raise GoBackError(self._deployment.asked, event="a user")

    def _wait(self, minutes: float) -> Iterator[None]:
        until = time.monotonic() + minutes * MINUTE * self._service.context.second
        while time.monotonic() < until:
            self._keep()
            yield from self._turn()

    def _keep(self) -> None:
        """Replace tasks that ended while both revisions run."""
        for one in self._service.sets:
            one.start(self._service.desired - len(one.active))

    def _others(self, keep: TaskSet) -> list[TaskSet]:
        return [one for one in self._service.sets if one is not keep]

    def _replace(self, new: TaskSet, *, forward: bool = True) -> Iterator[None]:
        """Replace the tasks of all other sets within the two percentages of the configuration."""
        service, configuration = self._service, self._deployment.configuration
        service.open_to(new)
        reset = configuration.breaker.get("resetOnHealthyTask", True)
        while True:
            desired = service.desired
            low = ceil(desired * configuration.given["minimumHealthyPercent"] / 100)
            high = floor(desired * configuration.given["maximumPercent"] / 100)
            others = self._others(new)
            total = len(new.active) + sum(len(one.active) for one in others)
            new.start(min(desired - len(new.active), high - total))
            spare = new.healthy + sum(one.healthy for one in others) - low
            for one in others:
                ill = len(one.active) - one.healthy
                count = min(len(one.active), ill + max(0, spare))
                one.stop(count, f"Scaling activity initiated by {REASON.format(one.deployment)}")
                spare -= max(0, count - ill)
            if forward and configuration.breaker:
                failures = new.failures if reset else new.failed
                if failures >= configuration.threshold(desired):
                    self._deployment.tripped = True
                    raise GoBackError(
                        "Service deployment rolled back because the circuit breaker threshold was exceeded.",
                        event="ECS deployment circuit breaker",
                        back=configuration.breaker["rollback"],
                    )
            if new.healthy >= desired and len(new.active) == desired and all(one.gone for one in others):
                return
            if forward:
                yield from self._turn()
            else:
                yield

    def _shift(self) -> Iterator[None]:
        """Start the new revision beside the old one, and shift the traffic in steps."""
        service, one, new = self._service, self._deployment, self._new
        others = self._others(new)
        if len(others) > 1:
            one.stage = "RECONCILE_SERVICE"
            yield from self._pause("RECONCILE_SERVICE")
            serving = service.serving(new)
            service.open_to(serving)
            for left in others:
                if left is not serving:
                    left.stop(len(left.active), f"Scaling activity initiated by {REASON.format(left.deployment)}")
            while any(left is not serving and not left.gone for left in others):
                yield from self._turn()
        yield from self._pause("PRE_SCALE_UP")
        one.stage = "SCALE_UP"
        while new.healthy < service.desired:
            self._keep()
            yield from self._turn()
        for stage in ("POST_SCALE_UP", "TEST_TRAFFIC_SHIFT", "POST_TEST_TRAFFIC_SHIFT"):
            yield from self._pause(stage)
        for step in one.configuration.steps():
            yield from self._pause("PRE_PRODUCTION_TRAFFIC_SHIFT")
            one.stage = "PRODUCTION_TRAFFIC_SHIFT"
            service.share(new, step.percent)
            yield from self._wait(step.bake)
        yield from self._pause("POST_PRODUCTION_TRAFFIC_SHIFT")
        one.stage = "BAKE_TIME"
        yield from self._wait(one.configuration.bake)
        one.stage = "CLEAN_UP"
        yield from self._clear(new)

    def _clear(self, keep: TaskSet) -> Iterator[None]:
        """Stop the tasks of all other sets, once their connections have drained."""
        for one in self._others(keep):
            one.stop(len(one.active), f"Scaling activity initiated by {REASON.format(one.deployment)}")
        while any(not one.gone for one in self._others(keep)):
            yield

    def _pause(self, stage: str) -> Iterator[None]:
        """Wait until each pause hook of a stage was continued, or is over."""
        one, context = self._deployment, self._service.context
        # the stages of an API answer lack this one
        one.stage = "PRODUCTION_TRAFFIC_SHIFT" if stage == "PRE_PRODUCTION_TRAFFIC_SHIFT" else stage
        one.hooks = [Hook(stage, given, context.second) for given in one.configuration.hooks(stage)]
        for hook in one.hooks:
            hook.notify(context, self._service.cluster, self._service.arn, one.arn)
        while any(hook.status == "AWAITING_ACTION" for hook in one.hooks):
            self._keep()
            for hook in one.hooks:
                if hook.expire():
                    hook.notify(context, self._service.cluster, self._service.arn, one.arn)
            yield from self._turn()
        refused = [hook for hook in one.hooks if hook.action == "ROLLBACK"]
        if refused:
            raise GoBackError(f"Service deployment rolled back at {stage} by hook {refused[0].id}.", event="a hook")

    def _back(self, reason: GoBackError) -> Iterator[None]:
        """Restore what ran before, or stop where nothing did."""
        one, service = self._deployment, self._service
        self._notify("ERROR", "FAILED", f"{reason.event}: {reason}")
        previous = service.previous(one)
        if previous is None or not reason.back:
            self._new.stop(len(self._new.active), str(reason))
            service.settle(previous)
            one.become("STOPPED", str(reason))
            return
        one.become("ROLLBACK_IN_PROGRESS", str(reason))
        one.rollback = {"reason": str(reason), "startedAt": now(), "serviceRevisionArn": previous.revision.arn}
        self._notify("INFO", "IN_PROGRESS", f"{reason.event}: rolling back to deploymentId {previous.deployment}.")
        if one.configuration.strategy == "ROLLING":
            yield from self._replace(previous, forward=False)
        else:
            service.open_to(previous)
            while previous.healthy < service.desired:
                previous.start(service.desired - len(previous.active))
                yield
            yield from self._clear(previous)
        service.settle(previous)
        one.become("ROLLBACK_SUCCESSFUL", str(reason))
        self._notify("INFO", "COMPLETED", f"ECS deployment {previous.deployment} completed.")


def rollout(service: Service, deployment: ServiceDeployment) -> Iterator[None]:
    """The rollout of a deployment to its service."""
    return Rollout(service, deployment).run()
