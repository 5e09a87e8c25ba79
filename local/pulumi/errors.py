"""What can go wrong in an embedded deployment.

DeploymentError
├── ConfigurationError   the project, a setting or an argument; nothing was touched
└── ResourceError        one resource; everything before it is in the state
"""

from __future__ import annotations


class DeploymentError(Exception):
    """A fault of the deployment, already worded for the person who reads it."""


class ConfigurationError(DeploymentError):
    """The project, a setting or an argument is wrong; nothing was touched."""


class ResourceError(DeploymentError):
    """One resource could not be deployed."""
