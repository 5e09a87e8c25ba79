"""The errors of calls of ECS, and of tasks that do not start.

EcsError
├── InvalidParameterError     InvalidParameterException
├── ClientError               ClientException
├── ClusterNotFoundError      ClusterNotFoundException
├── ServiceNotFoundError      ServiceNotFoundException
├── ServiceNotActiveError     ServiceNotActiveException
├── DeploymentNotFoundError   ServiceDeploymentNotFoundException
├── ConflictError             ConflictException
└── UnsupportedError          UnsupportedFeatureException
PullError                     an image can't be pulled
"""

from __future__ import annotations

from local.json_service import ServiceError


class EcsError(ServiceError):
    """A call of ECS was refused."""


class InvalidParameterError(EcsError):
    """A parameter is invalid, or not supported here."""

    code = "InvalidParameterException"


class ClientError(EcsError):
    """The request names something that does not exist or can't be used any more."""

    code = "ClientException"


class ClusterNotFoundError(EcsError):
    """The cluster does not exist."""

    code = "ClusterNotFoundException"


class ServiceNotFoundError(EcsError):
    """The service does not exist."""

    code = "ServiceNotFoundException"


class ServiceNotActiveError(EcsError):
    """The service was deleted."""

    code = "ServiceNotActiveException"


class DeploymentNotFoundError(EcsError):
    """The service deployment does not exist."""

    code = "ServiceDeploymentNotFoundException"


class ConflictError(EcsError):
    """The service deployment can't be stopped in its state."""

    code = "ConflictException"


class UnsupportedError(EcsError):
    """The feature exists on AWS and not here."""

    code = "UnsupportedFeatureException"


class PullError(Exception):
    """An image can't be pulled; the text is the reason of the stopped task."""
