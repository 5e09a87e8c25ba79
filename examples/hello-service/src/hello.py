"""A service that greets, names its release, and counts its errors."""

import json
import os
import time
from pathlib import Path
from typing import Any


def version() -> str:
    """The commit this code was built from; `dev` before it was built."""
    file = Path(__file__).parent / "version.txt"
    return file.read_text("utf-8") if file.exists() else "dev"


def greet(name: str) -> str:
    """The greeting of a person."""
    return f"Hello, {name}!"


def measure(errors: int) -> str:
    """One line of Embedded Metric Format: CloudWatch turns it into a metric."""
    return json.dumps(
        {
            "_aws": {
                "Timestamp": int(time.time() * 1000),
                "CloudWatchMetrics": [
                    {
                        "Namespace": "HelloService",
                        "Dimensions": [["Environment"]],
                        "Metrics": [{"Name": "Errors", "Unit": "Count", "StorageResolution": 1}],
                    }
                ],
            },
            "Environment": os.environ.get("ENVIRONMENT", "dev"),
            "Errors": errors,
        }
    )


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """`/health` names the release; any other path greets the `name` of the query."""
    if event.get("rawPath") == "/health":
        return answer(200, {"status": "ok", "version": version()})
    try:
        name = (event.get("queryStringParameters") or {}).get("name", "world")
        reply = answer(200, {"message": greet(name), "version": version()})
        print(measure(errors=0))
    except Exception as error:  # the user gets a response, the alarm a metric
        print(measure(errors=1))
        reply = answer(500, {"message": f"{type(error).__name__}: {error}", "version": version()})
    return reply


def answer(status: int, body: dict[str, str]) -> dict[str, Any]:
    """An HTTP response in the form that a Lambda function URL expects."""
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": json.dumps(body)}
