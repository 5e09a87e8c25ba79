"""Inputs of real producers, each read as a file by the product's own reader."""

from pathlib import Path

import pytest

from functions.buildspecs.work_item.checks import _cobertura, _tests
from functions.domain.gates import Coverage, TestRun, Unreadable, judge_coverage, judge_tests
from tests.cases.expectations import COVERAGE_PERCENT, READERS, RECORDED, Expectation, expectations

ALL = [*expectations("cases"), *expectations("corpus")]


@pytest.mark.parametrize("expected", [one for one in ALL if one.reader in READERS], ids=str)
def test_an_input_is_answered_as_recorded(expected: Expectation) -> None:
    """Outcome and reason are those of `expected.json`."""
    gate = READERS[expected.reader](expected.file)
    assert (gate.outcome, expected.says in gate.reason) == (expected.outcome, True), gate.reason


@pytest.mark.parametrize("folder", ["cases", "corpus"])
def test_every_recorded_input_has_an_answer(folder: str) -> None:
    """Every file has an expectation, so that a test reads it."""
    listed = {one.file for one in expectations(folder)}
    assert not [str(file) for file in _inputs(folder) if file not in listed]
    # buildspecs are run by tests/local/codebuild/test_buildspec.py
    assert {one.reader for one in ALL} <= {*READERS, "buildspec"}


def _inputs(folder: str) -> list[Path]:
    return [file for file in (RECORDED / folder).rglob("*") if file.is_file() and file.name != "expected.json"]


@pytest.mark.parametrize(
    "expected",
    [
        one
        for one in ALL
        # LCOV, which Node writes by default, is read by the worker only
        if one.reader in ("junit", "cobertura") and one.file.suffix != ".info"
    ],
    ids=str,
)
def test_the_worker_judges_tests_and_coverage_as_the_gates_do(expected: Expectation) -> None:
    """The same file passes in the worker's build exactly if it passes the gate."""
    if expected.reader == "junit":
        report, problem = _tests(expected.file)
        gate = judge_tests(
            TestRun(report["total"], tuple(report["failed"]), report["skipped"]) if report else Unreadable(problem)
        )
    else:
        report, problem = _cobertura(expected.file)
        gate = judge_coverage(Coverage(**report) if report else Unreadable(problem), COVERAGE_PERCENT)
    assert (gate.outcome, expected.says in gate.reason) == (expected.outcome, True), gate.reason
