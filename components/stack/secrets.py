"""Secrets, created without values: people or `kiro-worker setup` write them into Secrets Manager, never Pulumi (I4)."""

from collections.abc import Mapping

import pulumi
from pulumi_aws import secretsmanager, ssm

from components.stack.naming import PROJECT_CONFIG, Naming
from components.stack.settings import Settings
from functions.adapters.secrets import SECRETS


class Secrets(pulumi.ComponentResource):
    """Empty secrets by short name, and SSM parameters for settings that are not secret."""

    arns: Mapping[str, pulumi.Output[str]]
    names: Mapping[str, str]

    def __init__(
        self,
        *,
        naming: Naming,
        settings: Settings,
        key_arn: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("kiro:index:Secrets", "secrets", None, opts)
        retain = settings.retain_stateful
        kept = pulumi.ResourceOptions(parent=self, protect=retain, retain_on_delete=retain)
        self.names = {short: naming.name(secret.name) for short, secret in SECRETS.items()}
        self.arns = {
            short: secretsmanager.Secret(
                secret.name,
                name=naming.name(secret.name),
                description=secret.holds,
                kms_key_id=key_arn,
                recovery_window_in_days=30 if retain else 0,
                opts=kept,
            ).arn
            for short, secret in SECRETS.items()
        }
        for name, value in parameters(settings).items():
            # People change the board's parameter: what they wrote stays.
            changed = ["value"] if name == PROJECT_CONFIG else None
            ssm.Parameter(
                name,
                name=naming.parameter(name),
                type="SecureString",
                key_id=key_arn,
                value=value,
                opts=pulumi.ResourceOptions(parent=self, ignore_changes=changed),
            )
        self.register_outputs({"names": dict(self.names)})


def parameters(settings: Settings) -> dict[str, str]:
    """The SSM parameters by name; SSM allows no empty value, so settings that are not set are left out.

    That of the board begins as `{}`: everything is as in the settings.
    """
    github = settings.github
    wanted = {
        "github-owner": github.organisation or github.names()[0].partition("/")[0],
        "github-repo": ",".join(github.names()),
        "notification-email": settings.notification_email,
        PROJECT_CONFIG: "{}",
    }
    return {name: value for name, value in wanted.items() if value}
