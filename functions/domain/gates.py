"""Whether what was built may be deployed: tests and coverage (G1, G2)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from functions.domain.redaction import redact
from functions.domain.texts import NAME, REASON, cut


@dataclass(frozen=True, slots=True)
class TestRun:
    """The sum of one release's JUnit reports; `failed` names the tests that failed or broke."""

    __test__ = False  # not a test class, whatever its name begins with

    total: int
    failed: tuple[str, ...] = ()
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class Coverage:
    """Rates in percent; `branches` is None when the report measured none."""

    lines: float
    branches: float | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A report that is missing or can't be trusted: which file, where and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one gate decided, and why; `name` is the gate's."""

    name: str
    outcome: Literal["passed", "failed"]
    reason: str

    def __str__(self) -> str:
        """`tests: 2 of 9 tests failed: …`, as mails, statuses and records show it."""
        return f"{self.name}: {self.reason}"


def judge_tests(tests: TestRun | Unreadable) -> Verdict:
    """Every test passed, and there was at least one that ran."""
    if isinstance(tests, Unreadable):
        return Verdict("tests", "failed", tests.reason)
    if tests.failed:
        named = ", ".join(cut(name, NAME) for name in tests.failed[:5]) + (
            f" and {len(tests.failed) - 5} more" if len(tests.failed) > 5 else ""
        )
        return Verdict("tests", "failed", f"{len(tests.failed)} of {tests.total} tests failed: {named}")
    if tests.total - tests.skipped <= 0:
        return Verdict("tests", "failed", "no test ran: a release without tests is not deployed")
    return Verdict("tests", "passed", f"{tests.total - tests.skipped} tests passed, {tests.skipped} skipped")


def judge_coverage(coverage: Coverage | Unreadable, minimum: float) -> Verdict:
    """Line coverage, and branch coverage where it was measured, reach the minimum (percent)."""
    if isinstance(coverage, Unreadable):
        return Verdict("coverage", "failed", coverage.reason)
    measured = {"lines": coverage.lines, "branches": coverage.branches}
    low = [f"{name} {rate:.1f} %" for name, rate in measured.items() if rate is not None and not rate >= minimum]
    if low:
        return Verdict("coverage", "failed", f"{' and '.join(low)} covered, {minimum:g} % demanded")
    branches = "" if coverage.branches is None else f", branches {coverage.branches:.1f} %"
    return Verdict("coverage", "passed", f"lines {coverage.lines:.1f} %{branches}; {minimum:g} % demanded")


def without_secrets(verdicts: Iterable[Verdict]) -> tuple[Verdict, ...]:
    """The verdicts as they are recorded and shown: reports quote what programs printed."""
    return tuple(replace(verdict, reason=cut(redact(verdict.reason), REASON)) for verdict in verdicts)


def all_passed(verdicts: Sequence[Verdict]) -> bool:
    """Whether every verdict is a pass; no verdict at all is none."""
    return bool(verdicts) and not failed(verdicts)


def failed(verdicts: Iterable[Verdict]) -> tuple[Verdict, ...]:
    """The verdicts that close the gate."""
    return tuple(verdict for verdict in verdicts if verdict.outcome == "failed")


def reasons(verdicts: Iterable[Verdict]) -> str:
    """The verdicts in one line, each with its gate's name."""
    return "; ".join(map(str, verdicts))
