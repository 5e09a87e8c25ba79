"""The cluster and its services.

The platform deploys images: it registers a copy of a service's task definition with another image. This program creates
each service with a first image, and after that keeps the image that runs, so that it changes variables, sizes and
roles, and never an image. `pulumi up --refresh` reads what the platform has registered; with `track_latest` a task
definition that says the same is no change. https://www.pulumi.com/registry/packages/aws/api-docs/ecs/taskdefinition/
"""

from collections.abc import Mapping

import pulumi
from pulumi_aws import cloudwatch, ecs

from storefront_stack.balancer import Entry
from storefront_stack.database import DATABASE, USER, Database
from storefront_stack.images import CONTAINER
from storefront_stack.network import PORT, Network
from storefront_stack.roles import Roles, roles
from storefront_stack.sizes import Size

SERVICES = ("api", "web", "listener", "dns-worker")
_WITH_DATABASE = ("api", "listener", "dns-worker")
_LOG_DAYS = 30


def services(
    name: str, network: Network, database: Database, entries: dict[str, Entry], size: Size, images: Mapping[str, str]
) -> None:
    """Create the services with these images; those with an entry are behind the load balancer."""
    insights = ecs.ClusterSettingArgs(name="containerInsights", value="enabled")
    cluster = ecs.Cluster(name, name=name, settings=[insights])
    granted = roles(name, database.secret)
    variables = {
        "api": {"PORT": str(PORT)},
        "web": {"PORT": str(PORT), "API_URL": f"https://{entries['api'].host}"},
        "listener": {},
        "dns-worker": {"SHOP_HOST": entries["web"].host},
    }
    for service in SERVICES:
        entry = entries.get(service)
        definition = _definition(f"{name}-{service}", service, images[service], variables[service], database, granted)
        ecs.Service(
            f"{name}-{service}",
            name=service,
            cluster=cluster.arn,
            task_definition=definition.arn,
            desired_count=size.tasks,
            launch_type="FARGATE",
            network_configuration=ecs.ServiceNetworkConfigurationArgs(
                subnets=network.public, security_groups=[network.tasks], assign_public_ip=True
            ),
            load_balancers=[_behind(entry, granted)] if entry else None,
            health_check_grace_period_seconds=30 if entry else None,
            # What changes here is deployed without the pauses of the strategy, which only the platform ends.
            deployment_configuration=ecs.ServiceDeploymentConfigurationArgs(strategy="ROLLING"),
            deployment_circuit_breaker=ecs.ServiceDeploymentCircuitBreakerArgs(enable=True, rollback=True),
            enable_ecs_managed_tags=True,
            propagate_tags="SERVICE",
            # A target group can be used once a rule leads to it.
            opts=pulumi.ResourceOptions(depends_on=[entry.rule] if entry else None),
        )


def _definition(
    name: str, service: str, image: str, variables: Mapping[str, str], database: Database, granted: Roles
) -> ecs.TaskDefinition:
    log = cloudwatch.LogGroup(name, name=f"/ecs/{name}", retention_in_days=_LOG_DAYS)
    uses = service in _WITH_DATABASE
    given = {**variables, **({"DATABASE_HOST": database.host, "DATABASE_NAME": DATABASE} if uses else {})}
    given |= {"DATABASE_USER": USER} if uses else {}
    container = {
        "name": CONTAINER,
        "image": image,
        "essential": True,
        "environment": [{"name": key, "value": value} for key, value in given.items()],
        "secrets": [{"name": "DATABASE_PASSWORD", "valueFrom": database.secret}] if uses else [],
        "portMappings": [{"containerPort": PORT}] if "PORT" in variables else [],
        "readonlyRootFilesystem": True,
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": log.name,
                "awslogs-region": pulumi.Config("aws").require("region"),
                "awslogs-stream-prefix": service,
            },
        },
    }
    return ecs.TaskDefinition(
        name,
        family=name,
        container_definitions=pulumi.Output.json_dumps([container]),
        cpu="256",
        memory="512",
        network_mode="awsvpc",
        requires_compatibilities=["FARGATE"],
        execution_role_arn=granted.execution,
        task_role_arn=granted.task,
        # The one before is the way back of the release that runs it.
        skip_destroy=True,
        track_latest=True,
    )


def _behind(entry: Entry, granted: Roles) -> ecs.ServiceLoadBalancerArgs:
    first, second = entry.groups
    return ecs.ServiceLoadBalancerArgs(
        target_group_arn=first.arn,
        container_name=CONTAINER,
        container_port=PORT,
        advanced_configuration=ecs.ServiceLoadBalancerAdvancedConfigurationArgs(
            alternate_target_group_arn=second.arn,
            production_listener_rule=entry.rule.arn,
            role_arn=granted.shifts,
        ),
    )
