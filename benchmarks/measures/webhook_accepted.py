"""A push that starts a deployment: ours against the smallest handler that does the same calls with boto3."""

import hashlib
import hmac
import json
import re
from base64 import b64encode
from typing import Any

from benchmarks.aws import SECRET, answering
from benchmarks.interpreters import cpu_ms, init
from benchmarks.measure import Measure, Ratio, Samples, alternate

_COMMIT = "1a2b3c4d5e6f1a2b3c4d5e6f1a2b3c4d5e6f1a2b"
_PUSH = {
    "ref": "refs/heads/main",
    "before": "0" * 40,
    "after": _COMMIT,
    "head_commit": {"id": _COMMIT, "message": "a change"},
    "repository": {"full_name": "acme/hello"},
    "sender": {"login": "ada"},
}
_WARM = 40
"""Deliveries to one warm function, of which the mean counts."""


def _delivery() -> dict[str, Any]:
    body = json.dumps(_PUSH).encode()
    headers = {
        "x-hub-signature-256": "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest(),
        "x-github-event": "push",
        "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
    }
    return {"headers": headers, "body": b64encode(body).decode(), "isBase64Encoded": True}


_OURS = init("events.github_webhook")
_ACCEPT = f"answer = handle({_delivery()!r}, None)\nassert answer['statusCode'] == 202, answer\n"
# The calls are those that our handler was seen to make; the services' parameters are their JSON.
_SMALLEST = """import base64, hashlib, hmac, json
import boto3
clients = {{name: boto3.client(name) for name in {services!r}}}
def handle(event, context):
    body = base64.b64decode(event["body"])
    hmac.compare_digest("sha256=" + hmac.new(b"secret", body, hashlib.sha256).hexdigest(), "sha256=")
    json.loads(body)
    for service, operation, parameters in {calls!r}:
        getattr(clients[service], operation)(**parameters)
    return {{"statusCode": 202}}
"""
_SERVICES = {"secretsmanager": "secretsmanager", "DynamoDB_20120810": "dynamodb", "AWSStepFunctions": "stepfunctions"}


def _take(pairs: int, *, warm: bool) -> Samples:
    with answering() as aws:
        where = {"AWS_ENDPOINT_URL": aws.url}
        cpu_ms(_OURS + _ACCEPT, **where)
        first = list(aws.calls)
        aws.calls.clear()
        cpu_ms(_OURS + _ACCEPT + _ACCEPT, **where)
        again = aws.calls[len(first) :]
        smallest, timed = _smallest(again if warm else first), _warm if warm else _cold
        return alternate(pairs, lambda: timed(_OURS, where), lambda: timed(smallest, where))


def _smallest(calls: list[tuple[str, dict[str, Any]]]) -> str:
    named = [(*_called(target), parameters) for target, parameters in calls]
    return _SMALLEST.format(services=sorted({service for service, *_ in named}), calls=named)


def _called(target: str) -> tuple[str, str]:
    """`DynamoDB_20120810.GetItem` → the client and its method."""
    service, operation = target.split(".")
    return _SERVICES[service], re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower()


def _cold(init: str, where: dict[str, str]) -> float:
    """The start and the first delivery."""
    return cpu_ms(init + _ACCEPT, **where)


def _warm(init: str, where: dict[str, str]) -> float:
    """The mean of deliveries after the first."""
    code = f"""{init}
{_ACCEPT}
warm = process_time()
for _ in range({_WARM}):
    handle({_delivery()!r}, None)
began = process_time() - (process_time() - warm) / {_WARM}"""
    return cpu_ms(code, **where)


COLD = Measure(
    name="webhook-accepted-cold",
    promise="a cold webhook starts a deployment",
    against="the smallest handler with the same calls by boto3",
    unit="ms",
    goal=Ratio(1.2),
    take=lambda pairs: _take(pairs, warm=False),
    floor="the classes of pushes, requests and releases are created with the first delivery, half a millisecond each",
)
WARM = Measure(
    name="webhook-accepted-warm",
    promise="a warm webhook starts a deployment",
    against="the smallest handler with the same calls by boto3",
    unit="ms",
    goal=Ratio(1.2),
    take=lambda pairs: _take(pairs, warm=True),
    floor="rows pass through `boto3`'s resource, which converts each value; the other has them converted beforehand",
)
