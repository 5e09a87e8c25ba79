"""What is there before the first function: the things that functions are allowed and told."""

from dataclasses import dataclass

import pulumi
from pulumi_aws import codebuild

from components.builds import Builds, deploy_project, test_project
from components.channels import Channels
from components.environment_settings import EnvironmentSettings
from components.secrets import Secrets
from components.settings import Settings
from components.site import Site
from components.storage import Storage
from components.worker import WORKER, Worker
from functions.domain.environments import Environment
from functions.domain.windows import Closed, Window


@dataclass(frozen=True, slots=True)
class Estate:
    """The parts of a stack, for everything that is made after them."""

    site: Site
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
        return environment.deploy_role_arn or self.site.role_arn(self.site.name(f"deploy-{environment.name}"))

    def security_hub_products(self) -> list[str]:
        """The product under which the account's own findings are imported; none where that is switched off."""
        product = f"product/{self.site.account}/default"
        return [self.site.arn("securityhub", product)] if self.settings.security_hub else []

    def environments(self) -> list[Environment]:
        """The environments as the deployment's definition carries them."""
        return [
            Environment(
                name=one.name,
                region=one.region or self.site.region,
                deploy_role_arn=self.deploy_role_arn(one),
                deploy_project=self.site.name(deploy_project(one.name)),
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
                test_project=self.site.name(test_project(position)),
                windows=[Window(list(w.days), w.opens, w.closes, w.timezone) for w in one.windows],
                freezes=[Closed(f.starts, f.ends, f.reason) for f in one.freezes],
                ringing_alarms=one.ringing_alarms,
                blind_alarms=one.blind_alarms,
                enhanced_watch_seconds=one.enhanced_watch_seconds,
            )
            for position, one in enumerate(self.settings.environments)
        ]
