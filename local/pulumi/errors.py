"""The errors of an embedded deployment.

DeploymentError
├── ConfigurationError   the project, a setting or an argument; nothing was touched
└── ResourceError        one resource; everything before it is in the state
    └── GoneError        a resource that AWS does not list
"""

from __future__ import annotations


class DeploymentError(Exception):
    """A deployment failed; the message is for people."""


class ConfigurationError(DeploymentError):
    """The project, a setting or an argument is wrong; nothing was touched."""


class ResourceError(DeploymentError):
    """One resource could not be deployed."""


class GoneError(ResourceError):
    """AWS lists no such resource: it was not created, or deleted by hand."""
