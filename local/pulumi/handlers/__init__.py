"""One module per service; importing this package fills the registry."""

from local.pulumi.handlers import (
    cloudwatch,
    codebuild,
    dynamodb,
    events,
    http_api,
    iam,
    kms,
    lambda_,
    lambda_triggers,
    logs,
    messaging,
    s3,
    secrets,
    workflows,
)
from local.pulumi.handlers.base import REGISTRY

__all__ = [
    "REGISTRY",
    "cloudwatch",
    "codebuild",
    "dynamodb",
    "events",
    "http_api",
    "iam",
    "kms",
    "lambda_",
    "lambda_triggers",
    "logs",
    "messaging",
    "s3",
    "secrets",
    "workflows",
]
