"""Taking and releasing an environment's lock, on moto's DynamoDB, against two bare conditional writes."""

import os
from time import process_time
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
_EXECUTION = "arn:aws:states:eu-central-1:123456789012:execution:stage:one"


def _take(pairs: int) -> Samples:
    with patch.dict(os.environ, _ENVIRONMENT), mock_aws():
        client = boto3.client("dynamodb")
        client.create_table(
            TableName="locks",
            KeySchema=[{"AttributeName": "lockKey", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "lockKey", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        locks = LocksTable.connect(Clients(_SETTINGS))
        return alternate(pairs, lambda: _timed(_ours, locks), lambda: _timed(_bare, client))


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
