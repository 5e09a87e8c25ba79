"""Requests to the service in the environment that is tested; its address is an output of the infrastructure."""

import json
import os
import urllib.request
from typing import Any

ADDRESS = os.environ["KIRO_OUTPUT_URL"].rstrip("/")


def get(path: str) -> dict[str, Any]:
    """The JSON answer of the service; another status than 200 is an error."""
    with urllib.request.urlopen(f"{ADDRESS}{path}", timeout=10) as answer:  # noqa: S310 - the address is https
        found: dict[str, Any] = json.load(answer)
        return found
