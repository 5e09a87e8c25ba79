"""The figures of a load run, and the verdict of the performance gate (G4)."""

from functions.domain.gates import Unreadable, Verdict
from functions.domain.values import Value

_SUCCESS_PERCENT = 95.0
_MEAN_SECONDS = 2.0
_REGRESSION_PERCENT = 50.0


class Performance(Value, frozen=True):
    """The totals of a load run: requests, failed requests, and the mean response time in seconds."""

    requests: int
    failures: int
    mean_seconds: float

    def __str__(self) -> str:
        """`1200 requests, 99.5 % succeeded, 0.120 s in the mean`: the form for approvers."""
        return (
            f"{self.requests} requests, {self.success_percent:.1f} % succeeded, {self.mean_seconds:.3f} s in the mean"
        )

    @property
    def success_percent(self) -> float:
        """The share of successful requests."""
        return 100 * (self.requests - self.failures) / self.requests


def judge_performance(measured: Performance | Unreadable, before: Performance | None) -> Verdict:
    """The gate passes when at least 95 % of the requests succeed, in less than 2 s on average.

    The mean may be at most 50 % above that of the last good release in the environment (`before`).
    """
    if isinstance(measured, Unreadable):
        return Verdict("performance", "failed", measured.reason)
    wrong = []
    if not measured.success_percent >= _SUCCESS_PERCENT:
        wrong.append(f"{measured.success_percent:.1f} % of requests succeeded, {_SUCCESS_PERCENT:g} % demanded")
    if not measured.mean_seconds < _MEAN_SECONDS:
        wrong.append(f"{measured.mean_seconds:.3f} s in the mean, less than {_MEAN_SECONDS:g} s demanded")
    slower = _slower(measured, before)
    if slower is not None and not slower <= _REGRESSION_PERCENT:
        wrong.append(f"{slower:.0f} % slower than the last good release, {_REGRESSION_PERCENT:g} % allowed")
    if wrong:
        return Verdict("performance", "failed", "; ".join(wrong))
    compared = "no earlier run to compare with" if slower is None else f"{slower:+.0f} % against the last good release"
    figures = f"{measured.success_percent:.1f} % of {measured.requests} requests, {measured.mean_seconds:.3f} s mean"
    return Verdict("performance", "passed", f"{figures}; {compared}")


def _slower(measured: Performance, before: Performance | None) -> float | None:
    """The growth of the mean in percent; None when there is no earlier run to compare with."""
    if before is None or before.mean_seconds <= 0:
        return None
    return 100 * (measured.mean_seconds / before.mean_seconds - 1)
