"""The Lambda function behind every task of the workflows under test; it follows the script of the deployment.

A script is `<SCRIPTS>/<deployment id>.json`: for `workflow/State` or `workflow/State@environment` a list of lines, one
per call; the last line also serves all later calls. Each call is recorded in `<deployment id>.calls` before the answer.
"""

import json
import os
import time
import urllib.request
from pathlib import Path
from typing import Any

SCRIPTS = Path(os.environ.get("SCRIPTS", "."))
ROLE = os.environ.get("ROLE", "")


def handle(event: dict[str, Any], _: object) -> Any:
    """Return a value, complete the token, raise, stay silent or crash, as the script's line for this call demands."""
    # The emulator waits 50 ms for a first line of log before it takes an answer for complete.
    print(ROLE, flush=True)  # noqa: T201
    line = _line(event)
    token = event.get("taskToken")
    if line["do"] == "raise":
        raise type(line["error"], (Exception,), {})(line["cause"])
    if line["do"] == "crash":
        os._exit(1)
    if line["do"] == "silence":
        return None
    value = {**event, **line["value"]} if line.get("echo") else line["value"]
    if token:
        _complete(token, value)
        return None
    return value


def _line(event: dict[str, Any]) -> Any:
    place = event.get("environment", "")
    place = place["name"] if isinstance(place, dict) else place
    role = f"{ROLE}@{place}" if place else ROLE
    execution = event.get("deploymentId") or event["workId"]
    calls = SCRIPTS / f"{execution}.calls"
    past = calls.read_text("utf-8").splitlines() if calls.exists() else []
    times = sum(json.loads(call)["role"] == role for call in past)
    with calls.open("a", encoding="utf-8") as log:
        log.write(json.dumps({"role": role, "payload": event, "at": time.time()}) + "\n")
    script = json.loads((SCRIPTS / f"{execution}.json").read_text("utf-8"))
    lines = script.get(role) or script[ROLE]
    return lines[min(times, len(lines) - 1)]


def _complete(token: str, value: Any) -> None:
    """Complete a task token by HTTP: importing an SDK would slow down every handler."""
    request = urllib.request.Request(
        os.environ["AWS_ENDPOINT_URL"],
        json.dumps({"taskToken": token, "output": json.dumps(value)}).encode(),
        {
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": "AWSStepFunctions.SendTaskSuccess",
            "Authorization": f"AWS4-HMAC-SHA256 Credential=test/20250101/{os.environ['AWS_REGION']}/states/aws4_request"
            ", SignedHeaders=host, Signature=none",
        },
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        answer.read()
