"""Conversion between DynamoDB's values and plain values, and conditional writes."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal

from functions.handler import encode

# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
_MOST_KEYS = 100


def plain(value: Any) -> Any:
    """A value from DynamoDB for `handler.decode`: decimals become int or float, sets become lists."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, set)):
        return [plain(item) for item in value]
    return value


def every(table: Any, operation: Literal["query", "scan"], **asked: Any) -> Iterator[dict[str, Any]]:
    """Every item that a Query or Scan finds, page by page as they are wanted: DynamoDB ends a page after 1 MB."""
    for page in table.meta.client.get_paginator(operation).paginate(TableName=table.name, **asked):
        yield from map(plain, page["Items"])


def found_under(table: Any, keys: Sequence[Mapping[str, str]]) -> Iterator[dict[str, Any]]:
    """The items under these keys in any order, strongly consistent; keys without an item are left out.

    What DynamoDB leaves unprocessed is read one by one: the SDK repeats a call with backoff, but not a part of a batch.
    """
    for start in range(0, len(keys), _MOST_KEYS):
        asked = {"Keys": keys[start : start + _MOST_KEYS], "ConsistentRead": True}
        answer = table.meta.client.batch_get_item(RequestItems={table.name: asked})
        yield from map(plain, answer["Responses"].get(table.name, ()))
        for key in answer["UnprocessedKeys"].get(table.name, {}).get("Keys", ()):
            item = table.get_item(Key=key, ConsistentRead=True).get("Item")
            if item:
                yield plain(item)


def stored(value: Any) -> Any:
    """A domain value for DynamoDB: encoded as JSON, with floats as Decimal."""
    return _decimals(encode(value))


def conditional(table: Any, operation: str, **how: Any) -> dict[str, Any] | None:
    """The response of a conditional write (`put_item`, …); None if its condition does not hold."""
    try:
        answer: dict[str, Any] = getattr(table, operation)(**how)
    except table.meta.client.exceptions.ConditionalCheckFailedException:
        return None
    return answer


def _decimals(value: Any) -> Any:
    if isinstance(value, float):
        return Decimal(str(value))
    if isinstance(value, dict):
        return {key: _decimals(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_decimals(item) for item in value]
    return value
