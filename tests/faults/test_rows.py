"""The matrix covers what the definitions say, and a slice of it holds on the whole platform."""

from pathlib import Path

import pytest

from local.faults.lanes import CALM
from local.faults.matrix import play
from local.faults.plans import EVENT_FAULTS, ROOM_FAULTS, Row, rows, select
from local.platform import PROJECT
from statemachines.definitions import WORKFLOWS, load

# One row per kind of fault; together they pass the build, the lock, the change and the end.
SLICE = [
    Row("stage", "ApplyService", "raise-after"),
    Row("stage", "AcquireLock", "raise-before"),
    Row("stage", "RecordGood", "twice"),
    Row("stage", "WriteLedger", "kill-before"),
    Row("deployment", "Conclude", "kill-after"),
    Row("stage", "ApplyService", "stop"),
    Row("deployment", "AwaitBuild", "doubled"),
    Row("deployment", "AnnounceEnd", "lost"),
]


def test_every_task_of_every_workflow_has_its_rows() -> None:
    """A new state is covered without editing anything."""
    tasks = {(w, name) for w in WORKFLOWS for name, state in load(w)["States"].items() if state["Type"] == "Task"}
    found = list(rows())
    assert {(row.workflow, row.state) for row in found} == tasks
    assert len(set(found)) == len(found)


def test_the_number_of_rows_is_told() -> None:
    """The README says how many there are."""
    assert f": {len(list(rows()))} rows," in (PROJECT / "README.md").read_text("utf-8")


def test_a_room_that_waits_has_every_fault() -> None:
    """Rooms break, are repeated, are killed and stopped; the event of a wait gets lost or comes twice."""
    assert [row.fault for row in select(["stage"], ["Watch"], [])] == [*ROOM_FAULTS, *EVENT_FAULTS]
    assert {row.fault for row in select([], [], ["kill"])} == {"kill-before", "kill-after"}
    assert {row.fault for row in select(["stage"], ["RollBack"], [])} == {"stop", "stop-nested"}
    assert {row.fault for row in select(["stage"], ["StartEnhancedWatch"], [])} == {"stop-nested"}


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for one platform."""
    return tmp_path_factory.mktemp("faults")


def test_a_slice_of_the_matrix_holds(home: Path) -> None:
    """One row per kind of fault: nothing is left behind, one outcome is told, and a rerun works."""
    # One lane: rows side by side need warm functions each, and to start these is most of what a slice costs.
    verdicts = play(home, SLICE, print, print, {CALM: 1}, rehearsed="good")
    assert [(v.row, v.problems) for v in verdicts if not v.holds] == []
