"""The two roles of each environment in the stack's own account: one to change it, one to read it (I7)."""

from collections.abc import Iterable, Sequence

import pulumi

from components.functions.python_function import PythonFunction
from components.functions.resources import StackResources
from components.stack.environment_settings import EnvironmentSettings
from components.stack.naming import Grant, Naming
from components.stack.role import Role
from functions.handler import Handler
from functions.targets import registry
from functions.targets.base import Packages, Statement


class DeployAccess(pulumi.ComponentResource):
    """A deploy role and a read role per environment of this account; only functions that declare one may assume it."""

    def __init__(
        self, *, stack: StackResources, functions: Iterable[PythonFunction], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("kiro:index:DeployAccess", "deploy-access", None, opts)
        known = list(functions)
        inner = pulumi.ResourceOptions(parent=self)
        packages = Packages(pulumi.Output.concat(stack.storage.bucket.arn, "/packages/*"), stack.key_arn)
        for environment in stack.settings.environments:
            if environment.deploy_role_arn:
                continue
            granted = {
                "deploy": deploy_grants(environment, stack.naming, packages),
                "read": read_grants(environment, stack.naming),
            }
            for which, grants in granted.items():
                trusted = [one.role.arn for one in known if may_assume(f"{which}-roles", one.handler.declared)]
                name = f"{which}-{environment.name}"
                Role(name, naming=stack.naming, trust={"AWS": trusted}, grants=grants, opts=inner)
        self.register_outputs({})


def may_assume(roles: str, handler: Handler) -> bool:
    """Whether a handler assumes the `deploy-roles` or the `read-roles`."""
    return any(allow.on == roles for allow in handler.allow)


def deploy_grants(environment: EnvironmentSettings, naming: Naming, packages: Packages) -> list[Grant]:
    """The permissions of a deploy role: to change parts of every kind."""
    kinds = (registry.target_of(kind) for kind in registry.KINDS)
    return [grant for kind in kinds for grant in _grants(kind.deploy_permissions(environment, naming, packages))]


def read_grants(environment: EnvironmentSettings, naming: Naming) -> list[Grant]:
    """The permissions of a read role: to read alarms, metrics, CloudTrail, and what runs in parts of every kind."""
    alarms = Grant(
        ("cloudwatch:DescribeAlarms",),
        ("*",),
        why="DescribeAlarms returns composite alarms only if it is allowed for all alarms",
    )
    metrics = Grant(("cloudwatch:GetMetricData",), ("*",), why="GetMetricData can't be restricted to a resource")
    trails = Grant(("cloudtrail:LookupEvents",), ("*",), why="LookupEvents can't be restricted to a resource")
    kinds = (registry.target_of(kind) for kind in registry.KINDS)
    return [
        alarms,
        metrics,
        trails,
        *(grant for kind in kinds for grant in _grants(kind.read_permissions(environment, naming))),
    ]


def _grants(statements: Sequence[Statement]) -> list[Grant]:
    return [Grant(one.actions, one.resources, one.why, one.condition) for one in statements]
