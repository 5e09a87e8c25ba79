"""Verdicts of gates, and the judgement of tests and coverage."""

import math

from hypothesis import given
from hypothesis import strategies as st

from functions.domain.gates import (
    Coverage,
    TestRun,
    Unreadable,
    Verdict,
    all_passed,
    failed,
    judge_coverage,
    judge_tests,
    reasons,
)

RATES = st.floats(allow_nan=True, allow_infinity=True)
VERDICTS = st.lists(st.builds(Verdict, st.text(), st.sampled_from(["passed", "failed"]), st.text()))


@given(VERDICTS)
def test_one_failed_gate_closes_all(gates: list[Verdict]) -> None:
    """One failed verdict is enough, at any position."""
    assert not all_passed([*gates, Verdict("x", "failed", "")])
    assert not all_passed([Verdict("x", "failed", ""), *gates])


def test_no_gate_is_no_pass() -> None:
    """Without any verdict the gates have not passed."""
    assert not all_passed([])
    assert all_passed([Verdict("tests", "passed", "")])


@given(st.integers(0, 50), st.lists(st.text(min_size=1), max_size=8), st.integers(0, 50))
def test_tests_pass_only_when_some_ran_and_none_failed(total: int, failed: list[str], skipped: int) -> None:
    """No tests, only skipped tests, or any failed test fail the gate; everything else passes."""
    gate = judge_tests(TestRun(total, tuple(failed), skipped))
    assert (gate.outcome == "passed") == (not failed and total > skipped)


def test_failed_tests_are_named_but_not_all_of_a_thousand() -> None:
    """The reason names the first five failed tests and counts the others."""
    gate = judge_tests(TestRun(9, tuple("abcdefg")))
    assert gate.reason == "7 of 9 tests failed: a, b, c, d, e and 2 more"


@given(RATES, st.none() | RATES, st.floats(0, 100))
def test_coverage_passes_only_when_every_rate_reaches_the_minimum(
    lines: float, branches: float | None, minimum: float
) -> None:
    """Line and branch coverage must reach the minimum; NaN never does."""
    gate = judge_coverage(Coverage(lines, branches), minimum)
    assert (gate.outcome == "passed") == (lines >= minimum and (branches is None or branches >= minimum))


def test_nan_is_no_coverage() -> None:
    """A coverage of NaN fails, even with a minimum of 0."""
    assert judge_coverage(Coverage(math.nan), 0).outcome == "failed"
    assert judge_coverage(Coverage(100, math.nan), 0).outcome == "failed"


def test_low_coverage_says_how_low() -> None:
    """The reason has each rate that is too low, and the minimum."""
    gate = judge_coverage(Coverage(79.96, 10), 80)
    assert gate.reason == "lines 80.0 % and branches 10.0 % covered, 80 % demanded"


def test_what_cannot_be_read_has_failed() -> None:
    """An unreadable report fails its gate with its reason."""
    assert judge_tests(Unreadable("junit.xml:3: not XML")) == Verdict("tests", "failed", "junit.xml:3: not XML")
    assert judge_coverage(Unreadable("gone"), 80) == Verdict("coverage", "failed", "gone")


def test_what_closed_the_gate_is_told_with_its_names() -> None:
    """The failed verdicts stand in one line, in order, each with the name of its gate."""
    verdicts = [
        Verdict("build", "passed", "it succeeded"),
        Verdict("tests", "failed", "a"),
        Verdict("x", "failed", "b"),
    ]
    assert reasons(failed(verdicts)) == "tests: a; x: b"
    assert reasons(verdicts[:1]) == "build: it succeeded"
