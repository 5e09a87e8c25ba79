"""The AWS that commands use: the one of the credentials, another endpoint, or the platform on this machine."""

import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cli.aws.operator import OutOfReachError

# Written by `python -m local start`, removed when it ends.
RUNNING = Path(".local") / "running.json"


def direct(stack: str | None, endpoint: str | None, *, local: bool) -> str:
    """Set the SDK's endpoint and return the stack's name; `local` takes both from the platform on this machine."""
    if local:
        known = _running()
        os.environ["AWS_ENDPOINT_URL_CODEBUILD"] = known["codebuildEndpoint"]
        if "ecsEndpoint" in known:
            os.environ["AWS_ENDPOINT_URL_ECS"] = known["ecsEndpoint"]
        os.environ["AWS_DEFAULT_REGION"] = os.environ["AWS_REGION"] = known["region"]
        endpoint, stack = known["endpoint"], stack or known["stack"]
        _use_emulator()
    if endpoint:
        url = urlsplit(endpoint)
        if url.scheme not in ("http", "https") or not url.hostname:
            raise OutOfReachError(f"--endpoint-url {endpoint}: write an address such as http://127.0.0.1:4566")
        os.environ["AWS_ENDPOINT_URL"] = endpoint
    return stack or "test"


def _use_emulator() -> None:
    """Use the emulator's credentials and no proxy: those of this machine are for AWS."""
    os.environ.pop("AWS_PROFILE", None)
    os.environ.pop("AWS_SESSION_TOKEN", None)
    os.environ["AWS_ACCESS_KEY_ID"] = os.environ["AWS_SECRET_ACCESS_KEY"] = "test"  # noqa: S105 - the emulator's
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"


def _running() -> dict[str, Any]:
    try:
        known: dict[str, Any] = json.loads(RUNNING.read_text("utf-8"))
    except (OSError, ValueError):
        raise OutOfReachError("no platform runs in this folder; start one with `python -m local start`") from None
    return known
