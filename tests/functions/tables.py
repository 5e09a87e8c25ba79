"""The tables of a stack on moto, with their keys and indexes."""

from collections.abc import Mapping
from typing import Any

# By table: its keys, and the keys of its indexes.
KEYS: Mapping[str, tuple[list[str], Mapping[str, list[str]]]] = {
    "deployments": (
        ["deploymentId"],
        {
            "EnvironmentStatusIndex": ["environment", "status"],
            "StartedIndex": ["listed", "startedAt"],
            "UnderwayIndex": ["underway", "startedAt"],
        },
    ),
    "environments": (["environment", "part"], {}),
    "work-items": (["itemId"], {"StateIndex": ["state", "itemId"]}),
    "locks": (["lockKey"], {}),
    "waits": (
        ["waitKey"],
        {
            "EnvironmentIndex": ["environment", "waitKey"],
            "ExecutionIndex": ["execution"],
            "OpenIndex": ["open", "environment"],
        },
    ),
}


def create_tables(dynamodb: Any, prefix: str = "kiro-", worker: str = "") -> None:
    """The tables with their keys and indexes; `worker` is the prefix of the worker's table, if it is another."""
    for table in KEYS:
        create_table(dynamodb, f"{(worker or prefix) if table == 'work-items' else prefix}{table}", *KEYS[table])


def create_table(dynamodb: Any, name: str, key: list[str], indexes: Mapping[str, list[str]]) -> None:
    """A table with its key and indexes."""
    names = sorted({*key, *(one for index in indexes.values() for one in index)})
    more = {
        "GlobalSecondaryIndexes": [
            {"IndexName": index, "KeySchema": _schema(fields), "Projection": {"ProjectionType": "ALL"}}
            for index, fields in indexes.items()
        ]
    }
    dynamodb.create_table(
        TableName=name,
        KeySchema=_schema(key),
        AttributeDefinitions=[{"AttributeName": one, "AttributeType": "S"} for one in names],
        BillingMode="PAY_PER_REQUEST",
        **(more if indexes else {}),
    )


def _schema(fields: list[str]) -> list[dict[str, str]]:
    return [{"AttributeName": name, "KeyType": kind} for name, kind in zip(fields, ("HASH", "RANGE"), strict=False)]
