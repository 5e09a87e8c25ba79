"""The deploy roles of the environments in the stack's own account (I7)."""

from collections.abc import Iterable

import pulumi

from components.functions.python_function import PythonFunction
from components.functions.resources import StackResources
from components.stack.environment_settings import EnvironmentSettings
from components.stack.naming import Grant, Naming
from components.stack.role import Role
from functions.handler import Handler
from functions.targets import registry
from functions.targets.base import Packages


class DeployAccess(pulumi.ComponentResource):
    """A role per environment of this account; only functions that declare `deploy-roles` may assume it."""

    def __init__(
        self, *, stack: StackResources, functions: Iterable[PythonFunction], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("kiro:index:DeployAccess", "deploy-access", None, opts)
        principals = [one.role.arn for one in functions if may_deploy(one.handler.declared)]
        packages = Packages(pulumi.Output.concat(stack.storage.bucket.arn, "/packages/*"), stack.key_arn)
        for environment in stack.settings.environments:
            if not environment.deploy_role_arn:
                Role(
                    f"deploy-{environment.name}",
                    naming=stack.naming,
                    trust={"AWS": principals},
                    grants=deploy_grants(environment, stack.naming, packages),
                    opts=pulumi.ResourceOptions(parent=self),
                )
        self.register_outputs({})


def may_deploy(handler: Handler) -> bool:
    """Whether a handler assumes the deploy roles."""
    return any(allow.on == "deploy-roles" for allow in handler.allow)


def deploy_grants(environment: EnvironmentSettings, naming: Naming, packages: Packages) -> list[Grant]:
    """The permissions of a deploy role: to read alarms, and to change parts of every kind."""
    alarms = Grant(
        ("cloudwatch:DescribeAlarms",),
        ("*",),
        why="DescribeAlarms returns composite alarms only if it is allowed for all alarms",
    )
    wanted = (registry.target_of(kind).deploy_permissions(environment, naming, packages) for kind in registry.KINDS)
    return [
        alarms,
        *(Grant(one.actions, one.resources, one.why, one.condition) for statements in wanted for one in statements),
    ]
