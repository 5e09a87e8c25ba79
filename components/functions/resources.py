"""What is there before the first function: the things that functions are allowed and told."""

from dataclasses import dataclass

import pulumi
from pulumi_aws import codebuild

from components.platform.builds import Builds, deploy_project, test_project
from components.platform.worker import WORKER, Worker
from components.stack.channels import Channels
from components.stack.environment_settings import EnvironmentSettings
from components.stack.naming import Naming
from components.stack.secrets import Secrets
from components.stack.settings import Settings
from components.stack.storage import Storage
from functions.domain.environments import Environment
from functions.domain.windows import Closed, Window


@dataclass(frozen=True, slots=True)
class StackResources:
    """The parts of a stack, for everything that is made after them."""

    naming: Naming
    settings: Settings
    key_arn: pulumi.Output[str]
    storage: Storage
    channels: Channels
    secrets: Secrets
    builds: Builds
    worker: Worker
    api_url: pulumi.Output[str]

    def projects(self) -> dict[str, codebuild.Project]:
        """Every build project, the worker's too."""
        return {**self.builds.projects, WORKER: self.worker.project}

    def deploy_role_arn(self, environment: EnvironmentSettings) -> str:
        """The role that changes an environment: given for another account, made by this stack for its own."""
        return environment.deploy_role_arn or self.naming.role_arn(self.naming.name(f"deploy-{environment.name}"))

    def security_hub_products(self) -> list[str]:
        """The product under which the account's own findings are imported; none where that is switched off."""
        product = f"product/{self.naming.account}/default"
        return [self.naming.arn("securityhub", product)] if self.settings.security_hub else []

    def environments(self) -> list[Environment]:
        """The environments as the deployment's definition carries them."""
        return [
            Environment(
                name=one.name,
                region=one.region or self.naming.region,
                deploy_role_arn=self.deploy_role_arn(one),
                deploy_project=self.naming.name(deploy_project(one.name)),
                approval=one.approval,
                approval_timeout_seconds=one.approval_timeout_seconds,
                approval_wait_seconds=one.approval_wait_seconds,
                watch_seconds=one.watch_seconds,
                stabilise_seconds=one.stabilise_seconds,
                coverage_percent=one.coverage_percent,
                critical_alarms=list(one.critical_alarms),
                warning_alarms=list(one.warning_alarms),
                variables=dict(one.variables),
                approvers=list(one.approvers),
                approvals_needed=one.approvals_needed,
                author_may_approve=one.author_may_approve,
                test_project=self.naming.name(test_project(position)),
                windows=[Window(list(w.days), w.opens, w.closes, w.timezone) for w in one.windows],
                freezes=[Closed(f.starts, f.ends, f.reason) for f in one.freezes],
                ringing_alarms=one.ringing_alarms,
                blind_alarms=one.blind_alarms,
                enhanced_watch_seconds=one.enhanced_watch_seconds,
            )
            for position, one in enumerate(self.settings.environments)
        ]
