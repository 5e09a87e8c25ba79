"""One log group: encrypted with the stack's key, with the retention of the settings."""

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
    """A log group; without one, the AWS service creates its own, unencrypted and without expiry."""
    return cloudwatch.LogGroup(
        f"{name}-logs", name=path, kms_key_id=key_arn, retention_in_days=retention_days, opts=opts
    )
