"""Conversion of values for DynamoDB, and conditional writes."""

from decimal import Decimal
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from functions.adapters.records import conditional, every, found_under, plain, stored
from functions.handler import encode
from tests.functions.samples import ENVIRONMENT
from tests.functions.stack import Stack

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(-1e9, 1e9) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(VALUES)
def test_what_is_stored_comes_back(value: Any) -> None:
    """A value is read back as it was; a whole float may come back as an int."""
    assert plain(stored(value)) == value


@pytest.mark.parametrize(
    ("given_back", "value"),
    [(Decimal(3), 3), (Decimal("2.5"), 2.5), ({"a": {Decimal(1)}}, {"a": [1]}), ([b"x"], [b"x"])],
)
def test_decimals_become_numbers_and_sets_lists(given_back: Any, value: Any) -> None:
    """Decimals and sets, which JSON lacks, become numbers and lists."""
    found = plain(given_back)
    assert found == value
    assert type(found) is type(value)


def test_no_float_reaches_dynamodb() -> None:
    """Floats are stored as Decimal, because boto3 refuses floats."""
    assert stored(ENVIRONMENT)["coveragePercent"] == Decimal("80.0")
    assert isinstance(stored([1.5])[0], Decimal)
    assert encode(plain(stored(ENVIRONMENT))) == encode(ENVIRONMENT)


def test_every_page_of_a_table_is_read(stack: Stack) -> None:
    """The first one has a single item here, as on AWS it may."""
    for number in range(3):
        stack.table("locks").put_item(Item={"lockKey": str(number)})
    assert sorted(item["lockKey"] for item in every(stack.table("locks"), "scan")) == ["0", "1", "2"]


def test_items_under_many_keys_are_read_in_batches(stack: Stack) -> None:
    """Also those that DynamoDB leaves unprocessed; a batch has 100 keys at most, and a missing item is none.

    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
    """
    table = stack.table("locks")
    for number in range(120):
        table.put_item(Item={"lockKey": str(number), "revision": number})
    stack.recording = True
    found = list(found_under(table, [{"lockKey": str(number)} for number in range(130)]))
    stack.recording = False
    assert sorted(item["revision"] for item in found) == list(range(120))
    assert sum(call.action == "dynamodb:BatchGetItem" for call in stack.calls) == 2
    assert list(found_under(table, [])) == []


def test_a_conditional_write_says_whether_it_was_done(stack: Stack) -> None:
    """A write whose condition does not hold returns None and changes nothing; any other refusal is an exception."""
    table = stack.table("locks")
    new = {"Item": {"lockKey": "a", "revision": 1}, "ConditionExpression": "attribute_not_exists(lockKey)"}
    assert conditional(table, "put_item", **new) is not None
    assert conditional(table, "put_item", **{**new, "Item": {"lockKey": "a", "revision": 2}}) is None
    assert table.get_item(Key={"lockKey": "a"})["Item"]["revision"] == 1
    with pytest.raises(ClientError, match="ValidationException"):
        conditional(table, "put_item", **{**new, "Item": {}})
