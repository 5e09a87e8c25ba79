"""`kiro-worker items`: the worker's items, one of them, and the instructions that comments give, too."""

import json
from typing import Any

import pytest

from functions.adapters.github.board import Board
from functions.adapters.records import stored
from functions.domain.work_items import Columns, Item, Record, State, Stop
from tests.cli.conftest import Kiro, machine
from tests.functions.causes import keep_causes


@pytest.fixture
def moved(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """The cards that were moved, and where to; the board itself is GitHub's."""
    found: list[tuple[str, str]] = []

    class Cards:
        names = type("Names", (), {"columns": Columns()})

        def move(self, item_id: str, column: str, _reason: str) -> None:
            found.append((item_id, column))

    monkeypatch.setattr(Board, "connect", lambda _aws: Cards())
    monkeypatch.setattr("cli.aws.operator.Operator.informed", lambda *_, **__: None)
    return found


def item(kiro: Kiro, number: int, state: State, **more: Any) -> str:
    """The record of an item with a running attempt; returns its execution."""
    client = kiro.clients.client("stepfunctions")
    name = f"{number}-kiro-1"
    execution = client.start_execution(stateMachineArn=machine("work-item"), name=name, input="{}")["executionArn"]
    card = Item(f"I_{number}", "issue", f"Task {number}", f"kiro/{number}", "2026", "2026", "acme/shop", number)
    record = Record(card.item_id, state, 2, 1, execution, item=card, **more)
    kiro.clients.table("WORK_ITEMS_TABLE").put_item(Item=stored(record))
    return str(execution)


def test_items_show_state_attempts_and_reason(kiro: Kiro) -> None:
    """W10: the items that the worker has begun, those in review only when asked for; running ones come first."""
    item(kiro, 3, "done")
    item(kiro, 2, "quarantined", reason="- tests: 1 of [3] failed")
    item(kiro, 1, "running", stop=Stop("ada"))
    first, second = kiro.json("items")
    assert (first["item"], first["state"], first["execution"]) == ("acme/shop#1", "stopping", "1-kiro-1")
    assert (second["state"], second["attempts"], second["failures"]) == ("quarantined", 2, 1)
    assert "1 of [3] failed" in kiro.run("items").output
    assert [one["item"] for one in kiro.json("items", "--done")][-1] == "acme/shop#3"


@pytest.mark.parametrize("name", ["acme/shop#2", "kiro/2", "I_2"])
def test_one_item_is_found_by_its_names(kiro: Kiro, name: str) -> None:
    """W10: as the list, its branch or the card names it."""
    item(kiro, 2, "quarantined", reason="three failures")
    assert kiro.json("items", "show", name)["reason"] == "three failures"
    assert "three failures" in kiro.run("items", "show", name).stdout
    unknown = kiro.run("items", "show", "acme/shop#9")
    assert (unknown.exit_code, "kiro-worker items --done" in unknown.stderr) == (1, True)


def test_stop_ends_the_attempt_as_a_comment_does(kiro: Kiro, moved: list[tuple[str, str]]) -> None:
    """W10: the wish is recorded with the caller before the execution is stopped."""
    execution = item(kiro, 1, "running")
    keep_causes(kiro.clients.client("stepfunctions"))
    done = kiro.json("items", "stop", "acme/shop#1")
    assert "is stopped" in done["answer"]
    record = kiro.json("items", "show", "acme/shop#1")
    assert record["stop"]["by"].startswith("arn:aws:sts::")
    found = kiro.clients.client("stepfunctions").describe_execution(executionArn=execution)
    assert (found["status"], found["cause"]) == ("ABORTED", f"stopped by {record['stop']['by']}")
    assert moved == []


def test_retry_moves_the_card_back(kiro: Kiro, moved: list[tuple[str, str]]) -> None:
    """W8: it counts as a person's move, which ends the quarantine."""
    item(kiro, 2, "quarantined", moved_at="2026")
    assert kiro.json("items", "retry", "acme/shop#2")["answer"] == "The next attempt starts."
    assert moved == [("I_2", "Todo")]
    row = kiro.clients.table("WORK_ITEMS_TABLE").get_item(Key={"itemId": "I_2"})["Item"]
    assert json.loads(json.dumps(row["movedAt"])) == ""
