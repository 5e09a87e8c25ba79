"""The matrix covers all definitions, and a slice of its cases holds on the whole platform."""

from pathlib import Path

import pytest

from local.platform import PROJECT
from statemachines.definitions import WORKFLOWS, load
from tests.faults.harness.matrix import run_matrix
from tests.faults.harness.plans import EVENT_FAULTS, HANDLER_FAULTS, FaultCase, cases, select
from tests.faults.harness.subjects import CALM

# One case per kind of fault; together they cover build, lock, change and end.
SLICE = [
    FaultCase("stage", "ApplyService", "raise-after"),
    FaultCase("stage", "AcquireLock", "raise-before"),
    FaultCase("stage", "RecordGood", "twice"),
    FaultCase("stage", "WriteLedger", "kill-before"),
    FaultCase("deployment", "Conclude", "kill-after"),
    FaultCase("stage", "ApplyService", "stop"),
    FaultCase("deployment", "AwaitBuild", "doubled"),
    FaultCase("deployment", "AnnounceEnd", "lost"),
]


def test_every_task_of_every_workflow_has_its_cases() -> None:
    """A new state gets its cases without a change of the harness."""
    tasks = {(w, name) for w in WORKFLOWS for name, state in load(w)["States"].items() if state["Type"] == "Task"}
    found = list(cases())
    assert {(case.workflow, case.state) for case in found} == tasks
    assert len(set(found)) == len(found)


def test_the_number_of_cases_is_documented() -> None:
    """docs/architecture.md states how many fault cases there are."""
    assert f" {len(list(cases()))} cases" in (PROJECT / "docs" / "architecture.md").read_text("utf-8")


def test_a_handler_that_waits_has_every_fault() -> None:
    """A waiting state has all faults of handlers and of events; a state that starts executions has stops."""
    assert [case.fault for case in select(["stage"], ["Watch"], [])] == [*HANDLER_FAULTS, *EVENT_FAULTS]
    assert {case.fault for case in select([], [], ["kill"])} == {"kill-before", "kill-after"}
    assert {case.fault for case in select(["stage"], ["RollBack"], [])} == {"stop", "stop-nested"}
    assert {case.fault for case in select(["stage"], ["StartEnhancedWatch"], [])} == {"stop-nested"}


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for one platform."""
    return tmp_path_factory.mktemp("faults")


@pytest.mark.long
def test_a_slice_of_the_matrix_holds(home: Path) -> None:
    """After each kind of fault there are no orphans, one outcome is announced, and a rerun succeeds."""
    # One subject: parallel cases each need warm functions, whose start takes most of the time.
    verdicts = run_matrix(home, SLICE, print, print, {CALM: 1}, rehearsed="good")
    assert [(v.case, v.problems) for v in verdicts if not v.holds] == []
