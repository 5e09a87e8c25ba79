"""The infrastructure repository, and what its Pulumi program creates as far as this machine has it.

There are neither networks nor RDS here: a file of SQLite is the database of an environment, and the load balancer is
that of `local/ecs`. The build of the part `infrastructure` writes the addresses only.
"""

import json
import runpy
import time
from collections.abc import Iterator
from typing import Any

from local.platform import Platform, PlatformError
from local.storefront.settings import ENVIRONMENTS, EXAMPLE, INFRASTRUCTURE, REGISTRY, SERVICES, cluster
from local.working_copy import WorkingCopy

_PORT = 8080
_PATIENCE_SECONDS = 120.0
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/blue-green-deployment-how-it-works.html: ECS changes the
# rule's weights by this role; the laptop's balancer has neither.
_SHIFTS = {
    "productionListenerRule": "arn:aws:elasticloadbalancing:eu-central-1:1:listener-rule/app/storefront/a/b/c",
    "roleArn": "arn:aws:iam::123456789012:role/ecs",
}
# A laptop that does something else as well is slow at times, which says nothing about a version.
_LEAST = ("LEAST_SECONDS = 0.1", "LEAST_SECONDS = 1.0")
_ADDRESSES = """version: 0.2
phases:
  build:
    commands:
      - cp "addresses/$KIRO_ENVIRONMENT.json" outputs.json
artifacts:
  files:
    - outputs.json
"""


class Infrastructure:
    """Three environments with four services each."""

    def __init__(self, platform: Platform) -> None:
        if platform.ecs is None:
            raise PlatformError("the storefront needs ECS: name its services in `ecsServices` of an environment")
        self.ecs = platform.ecs
        self._aws = platform.clients
        self._databases = platform.root / "databases"
        self._client = platform.clients.client("ecs")
        sizes = runpy.run_path(str(EXAMPLE / "infrastructure" / "storefront_stack" / "sizes.py"))["SIZES"]
        self.tasks: dict[str, int] = {name: sizes[name].tasks for name in ENVIRONMENTS}

    def create(self, tag: str) -> None:
        """Create every service with the image that has this tag, and wait until all are healthy."""
        self._databases.mkdir()
        for environment in ENVIRONMENTS:
            self._client.create_cluster(clusterName=cluster(environment))
            for service in SERVICES:
                self._create(environment, service, f"{REGISTRY}/{service}:{tag}")
        for environment in ENVIRONMENTS:
            self._await(environment)

    def repository(self, platform: Platform) -> WorkingCopy:
        """The repository `acme/storefront-infrastructure`, with another `pulumi up` and a patient load run."""
        folder = platform.root / "infrastructure"
        made = WorkingCopy(platform, INFRASTRUCTURE, folder, EXAMPLE / "infrastructure")
        (folder / "delivery" / "infrastructure.yml").write_text(_ADDRESSES, "utf-8")
        load = folder / "checks" / "load.py"
        load.write_text(load.read_text("utf-8").replace(*_LEAST), "utf-8")
        (folder / "addresses").mkdir()
        for environment in ENVIRONMENTS:
            known = {service: self.address(environment, service) for service in ("api", "web")}
            (folder / "addresses" / f"{environment}.json").write_text(json.dumps(known), "utf-8")
        return made

    def address(self, environment: str, service: str) -> str:
        """The URL of a service."""
        return self.ecs.address(cluster(environment), service)

    def digests(self, environment: str) -> dict[str, set[str]]:
        """The digests of the images that run, by service."""
        return {service: set(self._digests(environment, service)) for service in SERVICES}

    def share(self, environment: str, service: str) -> float:
        """The percentage of the requests that the newest deployment of a service has been given."""
        where = {"cluster": cluster(environment), "service": service}
        listed = self._client.list_service_deployments(**where)["serviceDeployments"]
        arns = [one["serviceDeploymentArn"] for one in listed[:1]]
        found = self._client.describe_service_deployments(serviceDeploymentArns=arns)["serviceDeployments"]
        return float(found[0]["targetServiceRevision"].get("requestedProductionTrafficWeight", 0.0))

    def _create(self, environment: str, service: str, image: str) -> None:
        behind, name = service in ("api", "web"), f"{cluster(environment)}-{service}"
        variables = {
            "HOST": "127.0.0.1",
            "DATABASE_FILE": str(self._databases / f"{environment}.sqlite"),
            "API_URL": self.address(environment, "api"),
            "SHOP_HOST": "localhost",
            "PAUSE_SECONDS": "1",
        }
        container: dict[str, Any] = {
            "name": "app",
            "image": image,
            "environment": [{"name": key, "value": value} for key, value in variables.items()],
            "portMappings": [{"containerPort": _PORT}] if behind else [],
        }
        definition = self._client.register_task_definition(family=name, containerDefinitions=[container])
        balancer = {
            "targetGroupArn": self._group(f"{name}-a"),
            "containerName": "app",
            "containerPort": _PORT,
            "advancedConfiguration": {"alternateTargetGroupArn": self._group(f"{name}-b"), **_SHIFTS},
        }
        self._client.create_service(
            cluster=cluster(environment),
            serviceName=service,
            taskDefinition=definition["taskDefinition"]["taskDefinitionArn"],
            desiredCount=self.tasks[environment],
            loadBalancers=[balancer] if behind else [],
            deploymentConfiguration={
                "strategy": "ROLLING",
                "deploymentCircuitBreaker": {"enable": True, "rollback": True},
            },
        )

    def _group(self, name: str) -> str:
        made = self._aws.client("elbv2").create_target_group(
            Name=name, Protocol="HTTP", Port=_PORT, VpcId="vpc-1", TargetType="ip", HealthCheckPath="/health"
        )
        return str(made["TargetGroups"][0]["TargetGroupArn"])

    def _await(self, environment: str) -> None:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while late := [service for service in SERVICES if self._status(environment, service) != "SUCCESSFUL"]:
            failed = [service for service in late if self._status(environment, service) in ("STOPPED", "FAILED")]
            if failed or time.monotonic() > deadline:
                reasons = "\n".join(self.ecs.why(cluster(environment), service) for service in failed or late)
                raise PlatformError(f"services of {environment} did not become healthy:\n{reasons}")
            time.sleep(0.2)

    def _status(self, environment: str, service: str) -> str:
        where = {"cluster": cluster(environment), "service": service}
        listed = self._client.list_service_deployments(**where)["serviceDeployments"]
        return str(listed[0]["status"]) if listed else ""

    def _digests(self, environment: str, service: str) -> Iterator[str]:
        where = {"cluster": cluster(environment)}
        arns = self._client.list_tasks(**where, serviceName=service)["taskArns"]
        for task in self._client.describe_tasks(**where, tasks=arns)["tasks"] if arns else ():
            yield from (one["imageDigest"] for one in task["containers"] if "imageDigest" in one)
