"""Calls of services: create, update, describe, list and delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.ecs import supported
from local.ecs.configuration import Configuration, checked
from local.ecs.context import Context, short
from local.ecs.definitions import Clusters, TaskDefinitions, container
from local.ecs.errors import InvalidParameterError, PullError, ServiceNotActiveError, ServiceNotFoundError
from local.ecs.rollout import rollout
from local.ecs.service import Service, groups, production_rule
from local.ecs.task_sets import Door
from local.paging import page

if TYPE_CHECKING:
    from local.clients import Clients
    from local.ecs.balancer import Balancer

Record = dict[str, Any]


class Services:
    """The services of all clusters."""

    def __init__(
        self, context: Context, clusters: Clusters, definitions: TaskDefinitions, balancer: Balancer, aws: Clients
    ) -> None:
        self._context = context
        self._clusters = clusters
        self._definitions = definitions
        self._balancer = balancer
        self._aws = aws
        self.all: dict[str, Service] = {}

    def find(self, cluster: str | None, name: str) -> Service:
        """A service by name or ARN; raises ServiceNotFoundError."""
        path = name.partition(":service/")[2] or f"{short(self._clusters.arn(cluster))}/{name}"
        found = self.all.get(path)
        if found is None or found.status == "INACTIVE":
            raise ServiceNotFoundError("Service not found.")
        return found

    def create_service(self, request: Record) -> Record:
        """Create a service, and deploy it."""
        supported.only(request, supported.CREATE_SERVICE, "CreateService")
        if request.get("deploymentController", {"type": "ECS"})["type"] != "ECS":
            raise InvalidParameterError("deploymentController: only ECS is supported by the embedded ECS")
        if request.get("schedulingStrategy", "REPLICA") != "REPLICA":
            raise InvalidParameterError("schedulingStrategy: only REPLICA is supported by the embedded ECS")
        door = self._door(request)
        with self._context.lock:
            cluster = self._clusters.arn(request.get("cluster"))
            key = f"{short(cluster)}/{request['serviceName']}"
            if key in self.all and self.all[key].status == "ACTIVE":
                raise InvalidParameterError("Creation of service was not idempotent.")
            definition = self._definitions.usable(request.get("taskDefinition", ""))
            configuration = _configuration(request, request.get("deploymentConfiguration", {}))
            if door:
                container(definition, door.container)
            route = self._balancer.route(key)
            if rule := production_rule(request):
                # …:listener-rule/app/{name}/{id}/{listener}/{rule}
                route.balancer = "/".join(rule.rpartition(":")[2].split("/")[1:4])
            made = Service(self._context, cluster, request, configuration, route, door, rollout)
            made.deploy(definition, self._digests(definition))
            self.all[key] = made
            return {"service": made.describe()}

    def update_service(self, request: Record) -> Record:
        """Change a service. Another task definition, or force, begins a deployment; the same one does not."""
        supported.only(request, supported.UPDATE_SERVICE, "UpdateService")
        with self._context.lock:
            service = self.find(request.get("cluster"), request["service"])
            if service.status != "ACTIVE":
                raise ServiceNotActiveError("Service was not ACTIVE.")
            before = service.describe()["taskDefinition"]
            definition = self._definitions.usable(request.get("taskDefinition") or before)
            if "deploymentConfiguration" in request:
                service.configuration = _configuration(service.given, request["deploymentConfiguration"])
            service.desired = request.get("desiredCount", service.desired)
            kept = supported.KEPT_OF_SERVICE | {"healthCheckGracePeriodSeconds"}
            service.given |= {name: value for name, value in request.items() if name in kept}
            if request.get("forceNewDeployment") or definition["taskDefinitionArn"] != before:
                service.deploy(definition, self._digests(definition))
            return {"service": service.describe()}

    def describe_services(self, request: Record) -> Record:
        """Return services by name or ARN; what does not exist is a failure."""
        with self._context.lock:
            cluster = self._clusters.arn(request.get("cluster"))
            found, failures = [], []
            for name in request["services"]:
                key = name.partition(":service/")[2] or f"{short(cluster)}/{name}"
                if key in self.all:
                    found.append(self._described(self.all[key], request.get("include", ())))
                else:
                    failures.append({"arn": self._context.arn(f"service/{key}"), "reason": "MISSING"})
            return {"services": found, "failures": failures}

    def _described(self, service: Service, include: Any) -> Record:
        tags = {"tags": service.given.get("tags", [])} if "TAGS" in include else {}
        return {**service.describe(), **tags}

    def list_services(self, request: Record) -> Record:
        """Return the ARNs of the services of a cluster."""
        with self._context.lock:
            cluster = self._clusters.arn(request.get("cluster"))
            found = [one.arn for one in self.all.values() if one.cluster == cluster and one.status != "INACTIVE"]
            return page("serviceArns", found, request, InvalidParameterError)

    def delete_service(self, request: Record) -> Record:
        """Delete a service; with tasks only by force."""
        with self._context.lock:
            service = self.find(request.get("cluster"), request["service"])
            if service.desired and not request.get("force"):
                raise InvalidParameterError("The service cannot be stopped while it is scaled above 0.")
            service.status, service.desired = "DRAINING", 0
            return {"service": service.describe()}

    def _digests(self, definition: Record) -> dict[str, str]:
        """The digests of a revision's images; one that can't be resolved has none, and its tasks fail.

        https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html#deployment-container-image-stability
        """
        found = {}
        for one in definition["containerDefinitions"]:
            try:
                found[one["name"]] = self._context.images.resolve(one["image"])
            except PullError:
                continue
        return found

    def _door(self, request: Record) -> Door | None:
        """Where requests reach the tasks, checked against the target groups."""
        balancers = request.get("loadBalancers", [])
        if len(balancers) > 1:
            raise InvalidParameterError("loadBalancers: only one is supported by the embedded ECS")
        for one in balancers:
            supported.only(one, supported.LOAD_BALANCER, "loadBalancers")
            supported.only(one.get("advancedConfiguration", {}), supported.ADVANCED, "advancedConfiguration")
            checks = [self._health(arn) for arn in groups(request)]
            path, expected = checks[0]
            return Door(one["containerName"], one["containerPort"], path, expected)
        return None

    def _health(self, group: str) -> tuple[str, frozenset[int]]:
        """The path and the expected statuses of a target group's health check."""
        client = self._aws.client("elbv2")
        try:
            (found,) = client.describe_target_groups(TargetGroupArns=[group])["TargetGroups"]
        except (client.exceptions.TargetGroupNotFoundException, ValueError):
            raise InvalidParameterError(f"The specified target group does not exist: {group}") from None
        codes: set[int] = set()
        for one in found.get("Matcher", {}).get("HttpCode", "200").split(","):
            first, _, last = one.partition("-")
            codes |= set(range(int(first), int(last or first) + 1))
        return found.get("HealthCheckPath") or "/", frozenset(codes)


def _configuration(service: Record, given: Record) -> Configuration:
    own = groups(service)
    return checked(given, balanced=bool(own), shifts=len(own) > 1)
