"""Whether what was built may be deployed: tests and coverage (G1, G2)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from functions.domain.redaction import redact


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
class Gate:
    """The verdict of one gate, in words that a mail can carry."""

    name: str
    outcome: Literal["passed", "failed"]
    reason: str


def judge_tests(tests: TestRun | Unreadable) -> Gate:
    """Every test passed, and there was at least one that ran."""
    if isinstance(tests, Unreadable):
        return Gate("tests", "failed", tests.reason)
    if tests.failed:
        named = ", ".join(tests.failed[:5]) + (f" and {len(tests.failed) - 5} more" if len(tests.failed) > 5 else "")
        return Gate("tests", "failed", f"{len(tests.failed)} of {tests.total} tests failed: {named}")
    if tests.total - tests.skipped <= 0:
        return Gate("tests", "failed", "no test ran: a release without tests is not deployed")
    return Gate("tests", "passed", f"{tests.total - tests.skipped} tests passed, {tests.skipped} skipped")


def judge_coverage(coverage: Coverage | Unreadable, minimum: float) -> Gate:
    """Line coverage, and branch coverage where it was measured, reach the minimum (percent)."""
    if isinstance(coverage, Unreadable):
        return Gate("coverage", "failed", coverage.reason)
    measured = {"lines": coverage.lines, "branches": coverage.branches}
    low = [f"{name} {rate:.1f} %" for name, rate in measured.items() if rate is not None and not rate >= minimum]
    if low:
        return Gate("coverage", "failed", f"{' and '.join(low)} covered, {minimum:g} % demanded")
    branches = "" if coverage.branches is None else f", branches {coverage.branches:.1f} %"
    return Gate("coverage", "passed", f"lines {coverage.lines:.1f} %{branches}; {minimum:g} % demanded")


def figures(tests: TestRun | Unreadable, coverage: Coverage | Unreadable) -> dict[str, float]:
    """What the reports counted (tests) and measured (percent); nothing of a report that can't be read."""
    found: dict[str, float] = {}
    if isinstance(tests, TestRun):
        ran, failed = tests.total - tests.skipped, len(tests.failed)
        found |= {"testsRun": ran, "testsFailed": failed, "testsSkipped": tests.skipped}
    if isinstance(coverage, Coverage):
        found["lineCoverage"] = coverage.lines
        if coverage.branches is not None:
            found["branchCoverage"] = coverage.branches
    return found


def without_secrets(gates: Sequence[Gate]) -> tuple[Gate, ...]:
    """The verdicts as they are recorded and shown: reports quote what programs printed."""
    return tuple(replace(gate, reason=redact(gate.reason)) for gate in gates)


def all_passed(gates: Sequence[Gate]) -> bool:
    """No gate, no pass: an empty list is a failure."""
    return bool(gates) and all(gate.outcome == "passed" for gate in gates)


def reasons(gates: Sequence[Gate]) -> str:
    """Why gates failed, or, where none did, what each found: for a record, a status or a mail."""
    failed = [gate for gate in gates if gate.outcome == "failed"]
    return "; ".join(f"{gate.name}: {gate.reason}" for gate in failed or gates)
