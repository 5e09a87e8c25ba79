"""Where the commands act: AWS as the environment says, another endpoint, or the platform that runs on this machine."""

import json
import os
from pathlib import Path
from typing import Any

from cli.aws.operator import OutOfReachError

# Written by `python -m local start`, removed when it ends.
RUNNING = Path(".local") / "running.json"


def direct(stack: str | None, endpoint: str | None, *, local: bool) -> str:
    """Point the SDK at an address, and name the stack; `local` takes both from the platform that runs here."""
    if local:
        known = _running()
        os.environ["AWS_ENDPOINT_URL_CODEBUILD"] = known["codebuildEndpoint"]
        os.environ["AWS_DEFAULT_REGION"] = os.environ["AWS_REGION"] = known["region"]
        endpoint, stack = known["endpoint"], stack or known["stack"]
        _use_emulator()
    if endpoint:
        os.environ["AWS_ENDPOINT_URL"] = endpoint
    return stack or "test"


def _use_emulator() -> None:
    """The credentials of this machine are for AWS, and neither they nor its proxy are used here."""
    os.environ.pop("AWS_PROFILE", None)
    os.environ.pop("AWS_SESSION_TOKEN", None)
    os.environ["AWS_ACCESS_KEY_ID"] = os.environ["AWS_SECRET_ACCESS_KEY"] = "test"  # noqa: S105 - the emulator's
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"


def _running() -> dict[str, Any]:
    try:
        known: dict[str, Any] = json.loads(RUNNING.read_text("utf-8"))
    except (OSError, ValueError):
        raise OutOfReachError("no platform runs in this folder; `python -m local start` starts one") from None
    return known
