"""Which image each service runs: the platform deploys images, and this program keeps them."""

from typing import Any

CONTAINER = "app"


def running_images(ecs: Any, cluster: str, services: list[str]) -> dict[str, str]:
    """The image of each service that exists, by `ecs`, a client of boto3; {} without the cluster."""
    try:
        found = ecs.describe_services(cluster=cluster, services=services)["services"]
    except ecs.exceptions.ClusterNotFoundException:
        return {}
    return {one["serviceName"]: _image(ecs, one["taskDefinition"]) for one in found if one["status"] == "ACTIVE"}


def _image(ecs: Any, definition: str) -> str:
    containers = ecs.describe_task_definition(taskDefinition=definition)["taskDefinition"]["containerDefinitions"]
    return next(str(one["image"]) for one in containers if one["name"] == CONTAINER)
