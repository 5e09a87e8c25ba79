"""A service: its revisions, its tasks and the deployment that is under way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.ecs.context import Context, new_id, now
from local.ecs.service_deployment import ServiceDeployment
from local.ecs.task_sets import Door, Revision, TaskSet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from local.ecs.balancer import Route
    from local.ecs.configuration import Configuration
    from local.ecs.tasks import Task

Record = dict[str, Any]
_ROLLOUT_STATES = {"SUCCESSFUL": "COMPLETED", "STOPPED": "FAILED", "ROLLBACK_FAILED": "FAILED"}


class Service:
    """One service; `step` is called by the scheduler's thread at every tick."""

    def __init__(
        self,
        context: Context,
        cluster: str,
        request: Record,
        configuration: Configuration,
        route: Route,
        door: Door | None,
        begin: Callable[[Service, ServiceDeployment], Iterator[None]],
    ) -> None:
        """`begin` begins the rollout of a deployment, which goes on at each tick."""
        self.context = context
        self.cluster = cluster
        self.name: str = request["serviceName"]
        self.arn = context.arn(f"service/{cluster.rpartition('/')[2]}/{self.name}")
        self.given = request
        self.configuration = configuration
        self.desired: int = request.get("desiredCount", 1)
        self.status = "ACTIVE"
        self.sets: list[TaskSet] = []
        self.deployments: list[ServiceDeployment] = []
        self.revisions: list[Revision] = []
        self.current: Revision | None = None
        self.created = now()
        self._route = route
        self._door = door
        self._begin = begin
        self._rollout: Iterator[None] | None = None
        self._every_set: list[TaskSet] = []

    @property
    def key(self) -> str:
        """`cluster/service`."""
        return self.arn.partition(":service/")[2]

    @property
    def groups(self) -> tuple[str, ...]:
        """The target groups: one, or two where traffic can be shifted."""
        return groups(self.given)

    @property
    def latest(self) -> ServiceDeployment | None:
        """The newest service deployment."""
        return self.deployments[-1] if self.deployments else None

    def deploy(self, definition: Record, images: Mapping[str, str]) -> ServiceDeployment:
        """Begin a deployment; one that is under way is stopped, and its tasks are replaced."""
        under_way = self.latest
        if under_way and not under_way.over:
            under_way.become("STOPPED", "The service deployment was stopped: a newer one was started.")
        group = self._group()
        path = self.arn.partition(":service/")[2]
        revision = Revision(
            self.context.arn(f"service-revision/{path}/{int(new_id()[:15], 16)}"), definition, images, group, now()
        )
        made = ServiceDeployment(
            self.context.arn(f"service-deployment/{path}/{new_id()[:21]}"),
            revision,
            [one.revision for one in self.sets],
            self.configuration,
        )
        self.revisions.append(revision)
        self.deployments.append(made)
        self._rollout = None
        return made

    def _group(self) -> str:
        """The target group of a new revision: that without traffic, unless tasks are replaced within one group."""
        if not self.groups:
            return ""
        serving = self._serving_group()
        if self.configuration.strategy == "ROLLING" or not self.sets:
            return serving
        return next((one for one in self.groups if one != serving), serving)

    def _serving_group(self) -> str:
        return max(self.groups, key=self._route.weight)

    def serving(self, new: TaskSet) -> TaskSet:
        """The set of tasks with most of the traffic, besides a new one."""
        others = [one for one in self.sets if one is not new]
        return max(others, key=lambda one: (self._route.weight(one.revision.group), one.revision is self.current))

    def task_set(self, revision: Revision, deployment: str) -> TaskSet:
        """A new set of tasks."""
        grace = self.given.get("healthCheckGracePeriodSeconds", 0)
        made = TaskSet(
            self.context, self.cluster, f"service:{self.name}", revision, deployment, self._route, self._door, grace
        )
        self.sets.append(made)
        self._every_set.append(made)
        return made

    def previous(self, deployment: ServiceDeployment) -> TaskSet | None:
        """The tasks to which a failed deployment goes back: those of the last completed one."""
        if self.current is None:
            return None
        known = next((one for one in self.sets if one.revision is self.current), None)
        return known or self.task_set(self.current, deployment.id)

    def open_to(self, to: TaskSet) -> None:
        """Send all requests to a set of tasks."""
        if to.revision.group:
            self._route.set_weights({to.revision.group: 100.0})

    def share(self, new: TaskSet, percent: float) -> None:
        """Send a share of the requests to the new set, the rest to the one that served before."""
        other = next((one for one in self.groups if one != new.revision.group), "")
        self._route.set_weights({new.revision.group: percent, other: 100 - percent})

    def settle(self, on: TaskSet | None) -> None:
        """End a deployment: what runs is this set; None: what its target was goes on, as after a first failure."""
        if on is not None:
            self.current = on.revision
            self.sets = [on]

    def step(self) -> None:
        """Let tasks and the deployment go on."""
        under_way = self.latest
        reset = bool(under_way and under_way.configuration.breaker.get("resetOnHealthyTask", True))
        for one in self.sets:
            one.step(reset=reset or not under_way)
        if self.status == "DRAINING":
            self._rollout = None
            for one in self.sets:
                one.stop(len(one.active), "Service was deleted")
            if all(one.gone for one in self.sets):
                self.status = "INACTIVE"
        elif under_way and not under_way.over:
            self._rollout = self._rollout or self._begin(self, under_way)
            next(self._rollout, None)
        elif self.current is not None:
            for one in self.sets:
                one.start(self.desired - len(one.active))
                one.stop(len(one.active) - self.desired, "Scaling activity initiated by the desired count")

    def resolved(self, revision: Revision) -> Record:
        """Which target group serves a revision, and which rule sends requests there; {} without a load balancer.

        https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceRevisionLoadBalancer.html
        """
        rule = production_rule(self.given)
        balancer = {"targetGroupArn": revision.group, **({"productionListenerRule": rule} if rule else {})}
        return {"resolvedConfiguration": {"loadBalancers": [balancer]}} if revision.group else {}

    def every_task(self) -> list[Task]:
        """All tasks of the service, stopped ones included."""
        return [task for one in self._every_set for task in (*one.tasks, *one.ended)]

    def kill(self) -> None:
        """End all processes."""
        for task in self.every_task():
            task.kill()

    def summary(self, revision: Revision) -> Record:
        """A revision as service deployments have it: its tasks, and its share of the requests."""
        tasks = next((one for one in self.sets if one.revision is revision), None)
        counts = tasks.counts if tasks else {"runningTaskCount": 0, "pendingTaskCount": 0}
        weight = (
            {"requestedProductionTrafficWeight": self._route.weight(revision.group), "requestedTestTrafficWeight": 0.0}
            if len(self.groups) > 1 and tasks
            else {}
        )
        return {"arn": revision.arn, "requestedTaskCount": self.desired if tasks else 0, **counts, **weight}

    def describe(self) -> Record:
        """The service as DescribeServices has it."""
        counts = [one.counts for one in self.sets]
        latest = self.latest
        going_back = latest is not None and latest.status.startswith(("ROLLBACK", "STOPPED"))
        shown = self.current if going_back and self.current else latest.target if latest else None
        deployments = [self._deployment(one) for one in reversed(self.sets)]
        started = [one for one in self.deployments if one.status != "PENDING"]
        return {
            **{name: value for name, value in self.given.items() if name not in ("cluster", "clientToken", "tags")},
            "serviceArn": self.arn,
            "serviceName": self.name,
            "clusterArn": self.cluster,
            "status": self.status,
            "desiredCount": self.desired,
            "runningCount": sum(one["runningTaskCount"] for one in counts),
            "pendingCount": sum(one["pendingTaskCount"] for one in counts),
            "taskDefinition": shown.definition["taskDefinitionArn"] if shown else "",
            "deploymentConfiguration": self.configuration.given,
            "deploymentController": {"type": "ECS"},
            "schedulingStrategy": "REPLICA",
            "deployments": deployments,
            "events": [],
            "createdAt": self.created,
            **({"currentServiceDeployment": started[-1].arn} if started else {}),
            "currentServiceRevisions": [
                {"arn": one.revision.arn, "requestedTaskCount": self.desired, **one.counts} for one in self.sets
            ],
        }

    def _deployment(self, tasks: TaskSet) -> Record:
        own = next((one for one in self.deployments if one.id == tasks.deployment), None)
        status = own.status if own else "SUCCESSFUL"
        counts = tasks.counts
        return {
            "id": tasks.deployment,
            "status": "PRIMARY" if tasks is self.sets[-1] else "ACTIVE",
            "taskDefinition": tasks.revision.definition["taskDefinitionArn"],
            "desiredCount": self.desired,
            "runningCount": counts["runningTaskCount"],
            "pendingCount": counts["pendingTaskCount"],
            "failedTasks": tasks.failures,
            "createdAt": tasks.revision.created,
            "updatedAt": now(),
            "rolloutState": _ROLLOUT_STATES.get(status, "IN_PROGRESS"),
            "rolloutStateReason": own.reason if own else "",
        }


def groups(given: Record) -> tuple[str, ...]:
    """The target groups that a request names: the first, and the alternate one."""
    for one in given.get("loadBalancers", ()):
        alternate = one.get("advancedConfiguration", {}).get("alternateTargetGroupArn")
        return (one["targetGroupArn"], alternate) if alternate else (one["targetGroupArn"],)
    return ()


def production_rule(given: Record) -> str:
    """The listener rule that shares the requests between two target groups; "" without one."""
    balancers = given.get("loadBalancers") or [{}]
    return str(balancers[0].get("advancedConfiguration", {}).get("productionListenerRule", ""))
