"""One log group: encrypted with the stack's key, kept for as long as the settings say."""

import pulumi
from pulumi_aws import cloudwatch


def log_group(
    name: str,
    path: str,
    *,
    key_arn: pulumi.Input[str],
    retention_days: int,
    opts: pulumi.ResourceOptions,
) -> cloudwatch.LogGroup:
    """A group declared here, so that no service makes it unencrypted and everlasting."""
    return cloudwatch.LogGroup(
        f"{name}-logs", name=path, kms_key_id=key_arn, retention_in_days=retention_days, opts=opts
    )
