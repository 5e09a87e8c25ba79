"""The accesses to the console in the waits table."""

from datetime import UTC, datetime, timedelta

import pytest

from functions.adapters.console_accesses import ConsoleAccesses
from functions.adapters.waits_table import WaitsTable
from functions.domain.console_access import LASTS, begin
from tests.functions.stack import Stack

NOW = datetime(2026, 1, 31, 8, tzinfo=UTC)


def test_an_access_is_found_by_its_link_and_expires(stack: Stack) -> None:
    """DynamoDB deletes it when its session has ended; every link is another."""
    accesses = ConsoleAccesses.connect(stack.clients)
    link, other = accesses.open("arn:ada", NOW), accesses.open("arn:ada", NOW)
    assert link != other
    access_id, _, secret = link.partition(".")
    found = accesses.find(access_id)
    assert found
    assert (found.by, begin(found, secret, NOW) != "") == ("arn:ada", True)
    row = next(one for one in stack.items("waits") if one["waitKey"] == f"console/{access_id}")
    assert row["expiresAt"] == int((NOW + LASTS).timestamp())
    assert len(secret) >= 43, "256 bits"


@pytest.mark.parametrize("name", ["", "x", "../push/acme", "0" * 31, "0" * 33, "G" * 32])
def test_no_other_row_is_read(stack: Stack, name: str) -> None:
    """What is no id is not asked for."""
    before = len(stack.calls)
    assert ConsoleAccesses.connect(stack.clients).find(name) is None
    assert len(stack.calls) == before


def test_an_access_is_no_wait(stack: Stack) -> None:
    """Who reads all open waits does not meet it."""
    ConsoleAccesses.connect(stack.clients).open("arn:ada", NOW + timedelta(1))
    assert list(WaitsTable.connect(stack.clients).open()) == []
