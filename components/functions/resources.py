"""Resources that functions get permissions and settings for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from msgspec.structs import fields
from pulumi_aws import codebuild

from components.platform.builds import Builds
from components.platform.projects import deploy_project, test_project, things
from components.platform.worker import WORKER, WORKER_BUILD, Worker
from components.stack.channels import Channels
from components.stack.environment_settings import EnvironmentSettings
from components.stack.naming import Naming
from components.stack.secrets import Secrets
from components.stack.settings import Settings
from components.stack.signing import Signing
from components.stack.storage import Storage
from forwarding.places import Place, elsewhere
from functions.domain.environments import Environment
from functions.domain.windows import Closed, Window

NOT_CARRIED = frozenset(
    {
        "account",
        "functions",
        "ecs_services",
        "ecs_task_role_arns",
        "deploy_policy_arns",
        "pulumi_key_arn",
        "approver_identities",
        "approver_logins",
        "approver_slack_users",
        "protected",
    }
)
"""Settings of an environment that only the program reads, for roles and for the settings of functions; the
deployment's definition lacks them."""


@dataclass(frozen=True, slots=True)
class StackResources:
    """The resources of a stack that are created before its functions and workflows."""

    naming: Naming
    settings: Settings
    key_arn: pulumi.Output[str]
    signing: Signing
    storage: Storage
    channels: Channels
    secrets: Secrets
    builds: Builds
    worker: Worker
    api_url: pulumi.Output[str]
    api_arn: pulumi.Output[str]

    def projects(self) -> dict[str, codebuild.Project]:
        """All build projects by repository and name, such as `acme/hello/build`, including the worker's."""
        builds = {f"{repository}/{thing}": project for (repository, thing), project in self.builds.projects.items()}
        return {**builds, **{f"{one}/{WORKER}": project for one, project in self.worker.projects.items()}}

    def project_names(self) -> list[str]:
        """What the names of the projects of every repository begin with, including the worker's."""
        return [self.naming.name(thing) for thing in (*things(self.settings), WORKER_BUILD)]

    def deploy_role_arn(self, environment: EnvironmentSettings) -> str:
        """The deploy role of an environment: from the settings for another account, created by this stack otherwise."""
        return environment.deploy_role_arn or self.naming.role_arn(self.naming.name(f"deploy-{environment.name}"))

    def read_role_arn(self, environment: EnvironmentSettings) -> str:
        """The read role of an environment, from the same place as its deploy role."""
        return environment.read_role_arn or self.naming.role_arn(self.naming.name(f"read-{environment.name}"))

    def security_hub_products(self) -> list[str]:
        """The ARN of Security Hub's default product, for imported findings; empty if the import is off."""
        product = f"product/{self.naming.account}/default"
        return [self.naming.arn("securityhub", product)] if self.settings.security_hub else []

    def environments(self) -> list[Environment]:
        """The environments as the definition of `deployment` carries them."""
        return [
            carried(
                one,
                region=one.region or self.naming.region,
                deploy_role_arn=self.deploy_role_arn(one),
                read_role_arn=self.read_role_arn(one),
                deploy_project=self.naming.name(deploy_project(one.name)),
                test_project=self.naming.name(test_project(position)),
                windows=[Window(list(w.days), w.opens, w.closes, w.timezone) for w in one.windows],
                freezes=[Closed(f.starts, f.ends, f.reason) for f in one.freezes],
                demanded_gates=self.settings.demanded(position),
            )
            for position, one in enumerate(self.settings.environments)
        ]

    def elsewhere(self) -> Mapping[Place, list[str]]:
        """The environments outside the stack's account and region, whose alarm events have to be forwarded."""
        return elsewhere(self.environments(), Place(self.naming.account, self.naming.region))


def carried(settings: EnvironmentSettings, **computed: Any) -> Environment:
    """An environment from the settings of the same names; `computed` gives the other fields."""
    names = [field.name for field in fields(Environment) if field.name not in computed]
    values = {name: getattr(settings, name) for name in names}
    # Execution inputs are JSON, which has no tuples.
    copied: dict[str, Any] = {name: list(one) if isinstance(one, tuple) else one for name, one in values.items()}
    return Environment(**copied, **computed)
