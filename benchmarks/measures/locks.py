"""An environment's lock on moto's DynamoDB: it is taken and released, and taken over from an owner that has ended."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from time import process_time, time
from typing import Any
from unittest.mock import patch

import boto3
from moto import mock_aws

from benchmarks.measure import Measure, Ratio, Samples, alternate
from functions.adapters.locks_table import LocksTable
from functions.domain.locks import Contender
from functions.runtime import Clients

_TURNS = 20
_SETTINGS = {"LOCKS_TABLE": "locks", "LOCK_MODE": "superseded"}
_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}
# Its lease, before which no other takes a lock over: _DEFAULT_LEASE_DURATION in python_dynamodb_lock 0.9.1,
# https://github.com/mohankishore/python_dynamodb_lock
_LEASE_MS = 30_000.0
_EXECUTION = "arn:aws:states:eu-central-1:123456789012:execution:stage:one"


@contextmanager
def _locks() -> Iterator[tuple[LocksTable, Any]]:
    """The adapter, and a client of the same service."""
    with patch.dict(os.environ, _ENVIRONMENT), mock_aws():
        client = boto3.client("dynamodb")
        client.create_table(
            TableName="locks",
            KeySchema=[{"AttributeName": "lockKey", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "lockKey", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield LocksTable.connect(Clients(_SETTINGS)), client


def _take(pairs: int) -> Samples:
    with _locks() as (locks, client):
        return alternate(pairs, lambda: _timed(_ours, locks), lambda: _timed(_bare, client))


def _take_over(pairs: int) -> Samples:
    """Each owner is an execution that Step Functions does not know any more."""
    with _locks() as (locks, _):
        return alternate(pairs, lambda: _timed(_over, locks), lambda: _LEASE_MS)


def _timed(turn: Any, subject: Any) -> float:
    """The milliseconds of the processor for one turn, in the mean of several."""
    began = process_time()
    for number in range(_TURNS):
        turn(subject, str(number))
    return (process_time() - began) * 1000 / _TURNS


def _ours(locks: LocksTable, name: str) -> None:
    key, contender = locks.key(name, "acme/hello"), Contender(_EXECUTION, "main-1", None, "a release")
    locks.request(key, contender)
    locks.release(key, _EXECUTION)


def _over(locks: LocksTable, name: str) -> None:
    """Become the owner after the one before, which has ended without a release."""
    key, execution = locks.key("one", "acme/hello"), f"{_EXECUTION}-{name}-{time()}"
    taken = locks.request(key, Contender(execution, "main-1", None, "a release"))
    if not taken.lease:
        raise RuntimeError(f"the lock was not taken over: {taken.outcome}")


def _bare(client: Any, name: str) -> None:
    """Own the lock where nobody does, and delete what is one's own."""
    item = {"lockKey": {"S": f"bare/{name}"}, "owner": {"S": _EXECUTION}}
    client.put_item(TableName="locks", Item=item, ConditionExpression="attribute_not_exists(lockKey)")
    client.delete_item(
        TableName="locks",
        Key={"lockKey": item["lockKey"]},
        ConditionExpression="#owner = :owner",
        ExpressionAttributeNames={"#owner": "owner"},
        ExpressionAttributeValues={":owner": item["owner"]},
    )


MEASURE = Measure(
    name="lock",
    promise="an environment's lock is taken and released",
    against="two bare conditional writes",
    unit="ms",
    goal=Ratio(1.25),
    take=_take,
    floor=(
        "both writes come after a read, as the lock has a queue and a fencing number; and a lock is not left to an "
        "execution that was stopped meanwhile, which is a call of Step Functions"
    ),
)
TAKEOVER = Measure(
    name="lock-takeover",
    promise="a lock is taken over from an execution that has ended",
    against="the lease of python-dynamodb-lock, which has to run out",
    unit="ms",
    goal=Ratio(0.1),
    take=_take_over,
)
