"""Calls of tasks: run, describe, list and stop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.ecs import supported
from local.ecs.definitions import container
from local.ecs.errors import InvalidParameterError
from local.ecs.tasks import Task
from local.paging import page

if TYPE_CHECKING:
    from local.ecs.context import Context
    from local.ecs.definitions import Clusters, TaskDefinitions
    from local.ecs.services import Services

Record = dict[str, Any]
MOST_TASKS = 10


class Tasks:
    """Tasks that were run on their own, and those of services; stopped ones are kept."""

    def __init__(self, context: Context, clusters: Clusters, definitions: TaskDefinitions, services: Services) -> None:
        self._context = context
        self._clusters = clusters
        self._definitions = definitions
        self._services = services
        self._tokens: dict[str, tuple[Record, list[Task]]] = {}
        self.own: list[Task] = []

    def run_task(self, request: Record) -> Record:
        """Start tasks; a repeated client token returns those of the first call.

        https://docs.aws.amazon.com/AmazonECS/latest/APIReference/ECS_Idempotency.html
        """
        supported.only(request, supported.RUN_TASK, "RunTask")
        overrides = request.get("overrides", {})
        supported.only(overrides, supported.OVERRIDES, "overrides")
        count = request.get("count", 1)
        if not 1 <= count <= MOST_TASKS:
            raise InvalidParameterError(f"count must be between 1 and {MOST_TASKS}")
        with self._context.lock:
            cluster = self._clusters.arn(request.get("cluster"))
            token = request.get("clientToken", "")
            if token in self._tokens:
                before, made = self._tokens[token]
                if before != request:
                    raise InvalidParameterError("The clientToken was used with other parameters.")
                return {"tasks": [one.describe() for one in made], "failures": []}
            definition = self._definitions.usable(request["taskDefinition"])
            for one in overrides.get("containerOverrides", ()):
                supported.only(one, supported.CONTAINER_OVERRIDE, "containerOverrides")
                container(definition, one["name"])
            group = request.get("group", f"family:{definition['family']}")
            started_by = request.get("startedBy", "")
            made = [
                Task(self._context, cluster, definition, group=group, started_by=started_by, overrides=overrides)
                for _ in range(count)
            ]
            self.own += made
            if token:
                self._tokens[token] = request, made
            return {"tasks": [one.describe() for one in made], "failures": []}

    def describe_tasks(self, request: Record) -> Record:
        """Return tasks by ARN or id."""
        with self._context.lock:
            self._clusters.arn(request.get("cluster"))
            known = {one.arn: one for one in self._every()}
            by_id = {arn.rpartition("/")[2]: one for arn, one in known.items()}
            found, failures = [], []
            for name in request["tasks"]:
                task = known.get(name) or by_id.get(name)
                if task:
                    found.append(task.describe())
                else:
                    failures.append({"arn": name, "reason": "MISSING"})
            return {"tasks": found, "failures": failures}

    def list_tasks(self, request: Record) -> Record:
        """Return the ARNs of tasks by their desired status (default: RUNNING), service, family or who started them."""
        supported.only(
            request,
            {"cluster", "serviceName", "family", "startedBy", "desiredStatus", "maxResults", "nextToken"},
            "ListTasks",
        )
        with self._context.lock:
            cluster = self._clusters.arn(request.get("cluster"))
            wanted = request.get("desiredStatus", "RUNNING")
            found = [
                one.arn
                for one in self._every()
                if one.cluster == cluster
                and one.desired == wanted
                and request.get("startedBy") in (None, one.started_by)
                and request.get("family") in (None, one.definition["family"])
                and (not request.get("serviceName") or one.group == f"service:{request['serviceName']}")
            ]
            return page("taskArns", found, request, InvalidParameterError)

    def stop_task(self, request: Record) -> Record:
        """Stop a task."""
        with self._context.lock:
            found = next(
                (one for one in self._every() if request["task"] in (one.arn, one.arn.rpartition("/")[2])), None
            )
            if found is None:
                raise InvalidParameterError("The referenced task was not found.")
            found.stop("UserInitiated", request.get("reason", "Task stopped by user"))
            return {"task": found.describe()}

    def step(self) -> None:
        """Let the tasks that belong to no service go on."""
        for one in self.own:
            if not one.stopped:
                one.step()

    def kill(self) -> None:
        """End all processes of tasks that belong to no service."""
        for one in self.own:
            one.kill()

    def _every(self) -> list[Task]:
        of_services = [one for service in self._services.all.values() for one in service.every_task()]
        return [*self.own, *of_services]
