"""Throttled calls are answered as each service answers them, and the SDK tries them again.

The codes that botocore tries again in standard mode are in `botocore/retries/standard.py`.
"""

from collections import Counter
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.retries.standard import ThrottledRetryableChecker

from local.emulator import Emulator
from local.strict import SEED, throttles
from local.strict.throttles import CODES, throttle

CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "cloudwatch-logs": ("describe_log_groups", {}),
    "codebuild": ("list_projects", {}),
    "dynamodb": ("list_tables", {}),
    "eventbridge": ("list_rules", {}),
    "kms": ("list_keys", {}),
    "lambda": ("list_functions", {}),
    "s3": ("list_buckets", {}),
    "secrets-manager": ("list_secrets", {}),
    "sfn": ("list_state_machines", {}),
    "sns": ("list_topics", {}),
    "sqs": ("list_queues", {}),
    "ssm": ("describe_parameters", {}),
    "sts": ("get_caller_identity", {}),
}
CHECKER: Any = ThrottledRetryableChecker
CLIENTS = {
    "cloudwatch-logs": "logs",
    "eventbridge": "events",
    "secrets-manager": "secretsmanager",
    "sfn": "stepfunctions",
}


def client(session: boto3.Session, emulator: Emulator, service: str, tries: int) -> Any:
    """A client that tries so often."""
    config = Config(retries={"total_max_attempts": tries, "mode": "standard"})
    name: Any = CLIENTS.get(service, service)
    return session.client(name, endpoint_url=emulator.endpoint, config=config)


@pytest.mark.parametrize("service", CODES)
def test_a_throttled_call_is_the_error_that_clients_know(
    session: boto3.Session, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, service: str
) -> None:
    """With the code of the service, which the SDK tries again."""
    monkeypatch.setattr(throttles, "ONE_IN", 1)
    monkeypatch.setenv(SEED, "any")
    operation, given = CALLS[service]
    with pytest.raises(ClientError) as caught:
        getattr(client(session, emulator, service, 1), operation)(**given)
    code, status = CODES[service]
    error: Any = caught.value.response
    assert (error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    assert code in CHECKER._THROTTLED_ERROR_CODES


def test_the_sdk_tries_again(session: boto3.Session, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller of a call that is throttled once sees its answer only."""
    monkeypatch.setenv(SEED, "any")
    first = iter([0])
    monkeypatch.setattr(throttles, "crc32", lambda _: next(first, 1))
    answer = client(session, emulator, "dynamodb", 5).list_tables()
    assert answer["ResponseMetadata"]["RetryAttempts"] == 1


def drawn(seed: str, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Which of the first calls are throttled."""
    monkeypatch.setattr(throttles, "_calls", Counter())
    monkeypatch.setenv(SEED, seed)
    request = type("Request", (), {"url": "http://127.0.0.1"})
    return [throttle("before-send.sfn.StartExecution", request) is not None for _ in range(4000)]


def test_the_seed_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same seed throttles the same calls, about one in 200; no seed throttles none."""
    first = drawn("1", monkeypatch)
    assert first == drawn("1", monkeypatch)
    assert first != drawn("2", monkeypatch)
    assert 5 <= sum(first) <= 60
    assert not any(drawn("", monkeypatch))
