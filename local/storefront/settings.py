"""The settings of docs/storefront.md, with short times."""

from pathlib import Path
from typing import Any

from local.settings import ACCOUNT

EXAMPLE = Path(__file__).parents[2] / "examples" / "storefront"
APPLICATION, INFRASTRUCTURE = "acme/storefront", "acme/storefront-infrastructure"
SERVICES = ("api", "web", "listener", "dns-worker")
ENVIRONMENTS = ("dev", "staging", "prod")
# of the region in which the emulated AWS starts
REGISTRY = f"{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com"
# A minute of ECS's times and of the workflows' waits lasts three seconds.
WAIT_SCALE = 0.05
# The canary is watched so long, and so are all requests after it; even a busy machine compares enough of them by then.
_WATCH_SECONDS = {"dev": 0, "staging": 2, "prod": 12}
# Enough to tell a version of which more than every second request fails.
_COMPARED_REQUESTS = 10
# New tasks are slow at first on a busy machine.
_WORSE_LATENCY_PERCENT = 500


def changes() -> dict[str, Any]:
    """What differs from the settings of the stack's file."""
    images = {service: f"{REGISTRY}/{service}" for service in SERVICES}
    return {
        "repositories": [{"name": INFRASTRUCTURE, "images": images}],
        "environments": [_environment(name) for name in ENVIRONMENTS],
    }


def cluster(environment: str) -> str:
    """The cluster of an environment."""
    return f"storefront-{environment}"


def _environment(name: str) -> dict[str, Any]:
    protected = name == ENVIRONMENTS[-1]
    return {
        "name": name,
        "approval": protected,
        "approvalWaitSeconds": 0,
        "watchSeconds": _WATCH_SECONDS[name],
        "comparedRequests": _COMPARED_REQUESTS,
        "worseLatencyPercent": _WORSE_LATENCY_PERCENT,
        "stabiliseSeconds": 1,
        "ecsServices": [f"{cluster(name)}/{service}" for service in SERVICES],
        "imageRepositories": [f"{REGISTRY}/{service}" for service in SERVICES],
    }
