"""The operator's command against a platform of this machine."""

import os

from local.platform import Platform
from local.strict import HOOK, SEED


def operator_environment(platform: Platform) -> dict[str, str]:
    """The variables with which `kiro-worker` and the AWS CLI reach the platform."""
    return {
        **os.environ,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": platform.emulator.region,
        "AWS_ENDPOINT_URL_CODEBUILD": platform.codebuild.endpoint,
        "NO_PROXY": "127.0.0.1",
        "PYTHONPATH": str(HOOK),
        SEED: platform.seed,
    }
