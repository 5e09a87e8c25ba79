"""Sends a `repository_dispatch` to the local GitHub, and reads what the platform's webhook answered."""

import json
import time
import urllib.request
from collections.abc import Mapping
from typing import Any

from local.github import LocalGitHub

_DELIVERY_SECONDS = 60.0
STARTED = "started: "


def dispatch(
    github: LocalGitHub, token: str, repository: str, event: str, payload: Mapping[str, Any]
) -> tuple[int, str]:
    """Send it as the owner of the token does; returns status and text of the webhook's answer.

    An answer that begins with `STARTED` goes on with the name of the execution.
    """
    (hook,) = github.repository(repository).hooks
    before = len(hook.deliveries)
    request = urllib.request.Request(  # noqa: S310 - an address of this machine
        f"{github.api_url}/repos/{repository}/dispatches",
        json.dumps({"event_type": event, "client_payload": payload}).encode(),
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=20):  # noqa: S310 - as above
        pass
    deadline = time.monotonic() + _DELIVERY_SECONDS
    while time.monotonic() < deadline:
        for sent in hook.deliveries[before:]:
            if sent.event == "repository_dispatch":
                return sent.status_code, str(json.loads(sent.response)["message"])
        time.sleep(0.1)
    raise TimeoutError(f"the dispatch {event} of {repository} was not delivered within {_DELIVERY_SECONDS:.0f} s")
