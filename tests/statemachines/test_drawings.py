"""The drawings for the console: every state has a place of its own, and the file is as the definitions are."""

import json
import sys
from pathlib import Path

import pytest

from statemachines import drawings
from statemachines.definitions import WORKFLOWS, load
from statemachines.diagrams import HAPPY_PATHS
from statemachines.drawings import DRAWINGS, drawing, main, phases, written


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_every_state_is_drawn_once(workflow: str) -> None:
    """The happy path is the first column, in its order; no two states are in one place."""
    found = drawing(workflow)
    assert set(found["states"]) == set(load(workflow)["States"])
    places = [tuple(place[:2]) for place in found["states"].values()]
    assert len(set(places)) == len(places)
    assert [name for name, place in found["states"].items() if place[0] == 0] == [*dict.fromkeys(HAPPY_PATHS[workflow])]
    for source, target in found["arrows"]:
        assert {source, target} <= set(found["states"])


def test_a_state_that_waits_looks_like_one() -> None:
    """Those with a token, and those of the clock."""
    states = drawing("stage")["states"]
    kinds = {name: states[name][2] for name in ("AwaitApproval", "WaitForWindow", "LockTaken", "Ended", "Verify")}
    assert kinds == {
        "AwaitApproval": "wait",
        "WaitForWindow": "wait",
        "LockTaken": "choice",
        "Ended": "end",
        "Verify": "task",
    }


def test_every_state_of_a_stage_has_a_phase() -> None:
    """Its states after a rollback are those of the end, not of the rollback."""
    found = phases()
    assert set(found) == set(load("stage")["States"])
    assert (found["RollBack"], found["ReleaseLock"], found["Open"]) == ("back", "record", "entry")


def test_the_file_is_current(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And one that is not is found."""
    assert DRAWINGS.read_text("utf-8") == written(), "run `make diagrams`"
    assert json.loads(written())["stage"] == drawings.drawing("stage")
    stale = tmp_path / "drawings.json"
    monkeypatch.setattr(sys, "argv", ["drawings", "--check"])
    assert main(stale) == 1
    monkeypatch.setattr(sys, "argv", ["drawings"])
    assert main(stale) == 0
    assert stale.read_text("utf-8") == written()
