"""Which members of requests the endpoint knows: any other is refused by name, so that nothing is ignored silently."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.ecs.errors import InvalidParameterError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# Kept and answered, without effect on a process of this machine.
_KEPT_OF_TASK = {
    "taskRoleArn",
    "executionRoleArn",
    "networkMode",
    "requiresCompatibilities",
    "cpu",
    "memory",
    "runtimePlatform",
    "ephemeralStorage",
    "pidMode",
}
_KEPT_OF_CONTAINER = {
    "cpu",
    "memory",
    "memoryReservation",
    "dockerLabels",
    "logConfiguration",
    "readonlyRootFilesystem",
    "user",
    "versionConsistency",
}
_KEPT_OF_SERVICE = {
    "launchType",
    "platformVersion",
    "networkConfiguration",
    "enableECSManagedTags",
    "enableExecuteCommand",
    "propagateTags",
    "availabilityZoneRebalancing",
    "capacityProviderStrategy",
}
TASK_DEFINITION = {"family", "containerDefinitions", "tags", *_KEPT_OF_TASK}
CONTAINER = {
    "name",
    "image",
    "essential",
    "portMappings",
    "entryPoint",
    "command",
    "environment",
    "healthCheck",
    "stopTimeout",
    *_KEPT_OF_CONTAINER,
}
CREATE_SERVICE = {
    "cluster",
    "serviceName",
    "taskDefinition",
    "desiredCount",
    "loadBalancers",
    "deploymentConfiguration",
    "deploymentController",
    "healthCheckGracePeriodSeconds",
    "schedulingStrategy",
    "tags",
    *_KEPT_OF_SERVICE,
}
UPDATE_SERVICE = {
    "cluster",
    "service",
    "taskDefinition",
    "desiredCount",
    "deploymentConfiguration",
    "forceNewDeployment",
    "healthCheckGracePeriodSeconds",
    "networkConfiguration",
    "platformVersion",
}
KEPT_OF_SERVICE = frozenset(_KEPT_OF_SERVICE)
LOAD_BALANCER = {"targetGroupArn", "containerName", "containerPort", "advancedConfiguration"}
ADVANCED = {"alternateTargetGroupArn", "productionListenerRule", "roleArn"}
CONFIGURATION = {
    "strategy",
    "deploymentCircuitBreaker",
    "maximumPercent",
    "minimumHealthyPercent",
    "bakeTimeInMinutes",
    "lifecycleHooks",
    "linearConfiguration",
    "canaryConfiguration",
}
HOOK = {"targetType", "lifecycleStages", "timeoutConfiguration"}
RUN_TASK = {
    "cluster",
    "taskDefinition",
    "count",
    "group",
    "startedBy",
    "overrides",
    "clientToken",
    "launchType",
    "networkConfiguration",
    "platformVersion",
    "capacityProviderStrategy",
    "enableECSManagedTags",
    "enableExecuteCommand",
    "propagateTags",
    "tags",
}
OVERRIDES = {"containerOverrides"}
CONTAINER_OVERRIDE = {"name", "command", "environment"}


def only(given: Mapping[str, Any], known: Iterable[str], where: str) -> None:
    """Refuse members of a request that are not supported here; an empty list or object says nothing."""
    unknown = sorted({name for name, value in given.items() if value not in ([], {})} - set(known))
    if unknown:
        raise InvalidParameterError(f"{where}: {', '.join(unknown)} is not supported by the embedded ECS")
