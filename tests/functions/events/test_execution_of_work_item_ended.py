"""A work item's execution that ended without recording it: its lock is released and its build stopped (P9)."""

from datetime import UTC, datetime

from functions.adapters.waits_table import WaitsTable
from functions.domain.waits import Wait, read_wait_key
from functions.domain.work_items import Item, branch_key
from functions.handler import encode
from tests.functions.samples import NOW
from tests.functions.stack import MACHINES, Stack

ITEM = Item("PVTI_1", "issue", "Greet", "kiro/greet", NOW, NOW, "acme/hello-service", 7)


def test_lock_and_waits_end_with_the_execution(stack: Stack) -> None:
    """The poll, which the same event invokes, updates the card."""
    execution = stack.execution("work_item", "7-kiro-greet-1", {"workId": "7-kiro-greet-1", "item": encode(ITEM)})
    key = branch_key(ITEM.repository, ITEM.branch)
    stack.run("work_item.acquire_lock", {"workId": "w", "execution": execution, "key": key})
    waits = WaitsTable.connect(stack.clients)
    waits.store(Wait(read_wait_key("watch/none/1"), "token", execution), datetime.now(UTC))
    stack.kill(execution)
    detail = {"executionArn": execution, "stateMachineArn": MACHINES["work_item"], "status": "ABORTED", "name": "w"}
    answer = stack.run("events.execution_ended", {"detail": detail})
    assert f"released {key}" in answer["done"]
    assert stack.table("locks").get_item(Key={"lockKey": key})["Item"]["owner"] is None
    assert waits.of_execution(execution) == ()
