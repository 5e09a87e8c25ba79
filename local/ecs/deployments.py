"""Calls of service deployments and service revisions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.ecs.errors import (
    ConflictError,
    DeploymentNotFoundError,
    InvalidParameterError,
    UnsupportedError,
)
from local.paging import page

if TYPE_CHECKING:
    from local.ecs.context import Context
    from local.ecs.service import Service
    from local.ecs.service_deployment import ServiceDeployment
    from local.ecs.services import Services

Record = dict[str, Any]


class Deployments:
    """The service deployments of all services."""

    def __init__(self, context: Context, services: Services) -> None:
        self._context = context
        self._services = services

    def list_service_deployments(self, request: Record) -> Record:
        """Return the deployments of a service, newest first; those not yet begun are not listed."""
        with self._context.lock:
            service = self._services.find(request.get("cluster"), request["service"])
            wanted = set(request.get("status", ()))
            found = [
                {
                    "serviceDeploymentArn": one.arn,
                    "serviceArn": service.arn,
                    "clusterArn": service.cluster,
                    "createdAt": one.created,
                    "targetServiceRevisionArn": one.target.arn,
                    "status": one.status,
                    **{name: at for name, at in one.times.items() if name in ("startedAt", "finishedAt")},
                    **({"statusReason": one.reason} if one.reason else {}),
                }
                for one in reversed(service.deployments)
                if "startedAt" in one.times and (not wanted or one.status in wanted)
            ]
            return page("serviceDeployments", found, request, InvalidParameterError)

    def describe_service_deployments(self, request: Record) -> Record:
        """Return deployments by ARN."""
        with self._context.lock:
            found, failures = [], []
            for arn in request["serviceDeploymentArns"]:
                try:
                    found.append(_describe(*self._find(arn)))
                except DeploymentNotFoundError:
                    failures.append({"arn": arn, "reason": "MISSING"})
            return {"serviceDeployments": found, "failures": failures}

    def describe_service_revisions(self, request: Record) -> Record:
        """Return revisions by ARN."""
        with self._context.lock:
            found, failures = [], []
            every = {
                revision.arn: (service, revision)
                for service in self._services.all.values()
                for revision in service.revisions
            }
            for arn in request["serviceRevisionArns"]:
                if arn not in every:
                    failures.append({"arn": arn, "reason": "MISSING"})
                    continue
                service, revision = every[arn]
                found.append(
                    {
                        "serviceRevisionArn": arn,
                        "serviceArn": service.arn,
                        "clusterArn": service.cluster,
                        "taskDefinition": revision.definition["taskDefinitionArn"],
                        "loadBalancers": service.given.get("loadBalancers", []),
                        "containerImages": revision.digests,
                        **service.resolved(revision),
                        "createdAt": revision.created,
                    }
                )
            return {"serviceRevisions": found, "failures": failures}

    def continue_service_deployment(self, request: Record) -> Record:
        """End a pause: the deployment goes on, or back.

        https://docs.aws.amazon.com/AmazonECS/latest/developerguide/continue-service-deployment.html
        """
        with self._context.lock:
            service, found = self._find(request["serviceDeploymentArn"])
            hook = next((one for one in found.hooks if one.id == request["hookId"]), None)
            if hook is None:
                raise InvalidParameterError(f"The hook {request['hookId']} does not exist.")
            if found.status != "IN_PROGRESS" or hook.status != "AWAITING_ACTION":
                raise InvalidParameterError(f"The hook {hook.id} is not in AWAITING_ACTION status.")
            hook.decide(request.get("action", "CONTINUE"))
            hook.notify(self._context, service.cluster, service.arn, found.arn)
            return {"serviceDeploymentArn": found.arn}

    def stop_service_deployment(self, request: Record) -> Record:
        """Roll an ongoing deployment back.

        https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stop-service-deployment.html
        """
        with self._context.lock:
            _, found = self._find(request["serviceDeploymentArn"])
            if request.get("stopType", "ROLLBACK") != "ROLLBACK":
                raise UnsupportedError("stopType: only ROLLBACK is supported by the embedded ECS")
            if found.status not in ("PENDING", "IN_PROGRESS"):
                raise ConflictError(f"The service deployment is in the state {found.status} and can't be stopped.")
            found.asked = "Service deployment rolled back because StopServiceDeployment was called."
            found.become("ROLLBACK_REQUESTED")
            return {"serviceDeploymentArn": found.arn}

    def _find(self, arn: str) -> tuple[Service, ServiceDeployment]:
        for service in self._services.all.values():
            for one in service.deployments:
                if one.arn == arn and "startedAt" in one.times:
                    return service, one
        raise DeploymentNotFoundError(f"The service deployment {arn} was not found.")


def _describe(service: Service, one: ServiceDeployment) -> Record:
    breaker = one.configuration.breaker
    return {
        "serviceDeploymentArn": one.arn,
        "serviceArn": service.arn,
        "clusterArn": service.cluster,
        "createdAt": one.created,
        **one.times,
        "sourceServiceRevisions": [service.summary(source) for source in one.sources],
        "targetServiceRevision": service.summary(one.target),
        "status": one.status,
        **({"statusReason": one.reason} if one.reason else {}),
        **({"lifecycleStage": one.stage} if one.stage else {}),
        "lifecycleHookDetails": [hook.describe() for hook in one.hooks],
        "deploymentConfiguration": one.configuration.given,
        **({"rollback": one.rollback} if one.rollback else {}),
        "deploymentCircuitBreaker": {
            "status": "TRIGGERED"
            if one.tripped
            else ("MONITORING_COMPLETE" if one.over else "MONITORING")
            if breaker
            else "DISABLED",
            "failureCount": _failures(service, one),
            "threshold": one.configuration.threshold(service.desired) if breaker else 0,
        },
    }


def _failures(service: Service, one: ServiceDeployment) -> int:
    return next((tasks.failed for tasks in service.sets if tasks.revision is one.target), 0)
