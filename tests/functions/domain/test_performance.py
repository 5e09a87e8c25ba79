"""The performance gate."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain.gates import Unreadable
from functions.domain.performance import Performance, judge_performance

GOOD = Performance(1000, 3, 0.2)


@pytest.mark.parametrize(
    ("measured", "before", "outcome", "said"),
    [
        (GOOD, None, "passed", "99.7 % of 1000 requests, 0.200 s mean; no earlier run to compare with"),
        (GOOD, Performance(10, 0, 0.16), "passed", "+25 % against the last good release"),
        (GOOD, Performance(10, 0, 0.0), "passed", "no earlier run"),
        (Performance(100, 5, 0.2), None, "passed", "95.0 %"),
        (Performance(100, 6, 0.2), None, "failed", "94.0 % of requests succeeded, 95 % demanded"),
        (Performance(100, 0, 2.0), None, "failed", "2.000 s in the mean, less than 2 s demanded"),
        (Performance(10, 0, 0.3), Performance(10, 0, 0.2), "passed", "+50 %"),
        (Performance(10, 0, 0.31), Performance(10, 0, 0.2), "failed", "55 % slower than the last good release"),
        (Unreadable("load.csv: gone"), GOOD, "failed", "load.csv: gone"),
    ],
)
def test_success_speed_and_regression(
    measured: Performance | Unreadable, before: Performance | None, outcome: str, said: str
) -> None:
    """G4: at least 95 % succeed, in less than 2 s on average, at most 50 % slower than before."""
    gate = judge_performance(measured, before)
    assert (gate.outcome, said in gate.reason) == (outcome, True), gate.reason


@given(st.integers(1, 10_000), st.integers(0, 10_000), st.floats(0, 10), st.floats(0.001, 10))
def test_only_what_keeps_all_three_promises_passes(requests: int, failed: int, mean: float, before: float) -> None:
    """For any figures, the gate passes exactly when all three limits are kept."""
    measured = Performance(requests, min(failed, requests), mean)
    kept = measured.failures <= requests * 0.05 and mean < 2 and mean <= before * 1.5
    if abs(mean - before * 1.5) > 1e-9:  # the border itself is the example's above
        assert (judge_performance(measured, Performance(1, 0, before)).outcome == "passed") is kept


def test_figures_are_read_by_people() -> None:
    """A1: approvers see what was measured in the environments before."""
    assert str(Performance(1200, 6, 0.12)) == "1200 requests, 99.5 % succeeded, 0.120 s in the mean"
