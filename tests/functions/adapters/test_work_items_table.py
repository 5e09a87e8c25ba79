import time

from msgspec.structs import replace

from functions.adapters.work_items_table import WorkItemsTable
from functions.domain.work_items import Record
from tests.functions.stack import Stack


def test_an_unknown_item_has_a_fresh_record(stack: Stack) -> None:
    """An unknown item has a new record."""
    assert WorkItemsTable.connect(stack.clients).get("i1") == Record("i1")


def test_what_is_saved_is_read_with_its_next_revision(stack: Stack) -> None:
    """The saved record is returned with its new revision, so that it can be saved again."""
    table = WorkItemsTable.connect(stack.clients)
    written = table.save(Record("i1"))
    assert written is not None
    assert written.revision == Record("i1").revision + 1
    assert table.get("i1") == written


def test_two_writers_are_not_both_right(stack: Stack) -> None:
    """Of two writes based on the same revision, the second writes nothing and returns None."""
    table = WorkItemsTable.connect(stack.clients)
    read = table.get("i1")
    table.save(read)
    assert table.save(read) is None


def test_running_items_are_found(stack: Stack) -> None:
    """Only the records with the state `running` are found."""
    table = WorkItemsTable.connect(stack.clients)
    for name in ("i1", "i3"):
        table.save(replace(Record(name), state="running"))
    table.save(Record("i2"))
    assert sorted(record.item_id for record in table.running()) == ["i1", "i3"]


def test_an_item_that_nobody_works_on_expires(stack: Stack) -> None:
    """400 days after its last change: names of executions, which count attempts, are free again after 90."""
    table = WorkItemsTable.connect(stack.clients)
    record = table.save(Record("i1", state="running"))
    assert record
    assert "expiresAt" not in stack.clients.table("WORK_ITEMS_TABLE").get_item(Key={"itemId": "i1"})["Item"]
    assert table.save(replace(record, state="done"))
    row = stack.clients.table("WORK_ITEMS_TABLE").get_item(Key={"itemId": "i1"})["Item"]
    assert 399 * 86_400 < int(row["expiresAt"]) - time.time() < 401 * 86_400
    assert table.get("i1").state == "done"
