"""Verdicts of gates, and the judgement of tests and coverage (G1, G2)."""

from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec.structs import replace

from functions.domain.texts import REASON, one_line, quote, recorded
from functions.domain.values import Value


class TestRun(Value, frozen=True):
    """The totals of a release's JUnit reports; `failed` names the tests with a failure or an error."""

    __test__ = False  # pytest collects classes whose names begin with Test

    total: int
    failed: tuple[str, ...] = ()
    skipped: int = 0


class Coverage(Value, frozen=True):
    """Coverage in percent; `branches` is None when the report has no branch coverage."""

    lines: float
    branches: float | None = None


class Sbom(Value, frozen=True):
    """The format of an SBOM with its version, and how many components it lists."""

    form: str
    components: int


class Unreadable(Value, frozen=True):
    """A report that is missing or invalid; the reason names the file, the place in it and the fault."""

    reason: str


class Note(Value, frozen=True):
    """What a report says of one place; `path` is "" and `line` is 0 if it does not name it."""

    level: Literal["failure", "warning", "notice"]
    title: str
    message: str
    path: str = ""
    line: int = 0


class Verdict(Value, frozen=True):
    """The verdict of the gate `name`, and the reason."""

    name: str
    outcome: Literal["passed", "failed"]
    reason: str

    def __str__(self) -> str:
        """`tests: 2 of 9 tests failed: …`: the form in mails, statuses and records."""
        return f"{self.name}: {self.reason}"


def judge_tests(tests: TestRun | Unreadable, name: str = "tests") -> Verdict:
    """The gate of this name passes when at least one test ran and none failed."""
    if isinstance(tests, Unreadable):
        return Verdict(name, "failed", tests.reason)
    if tests.failed:
        named = ", ".join(map(quote, tests.failed[:5])) + (
            f" and {len(tests.failed) - 5} more" if len(tests.failed) > 5 else ""
        )
        return Verdict(name, "failed", f"{len(tests.failed)} of {tests.total} tests failed: {named}")
    if tests.total - tests.skipped <= 0:
        return Verdict(name, "failed", "no test ran: a release without tests is not deployed")
    return Verdict(name, "passed", f"{tests.total - tests.skipped} tests passed, {tests.skipped} skipped")


def judge_coverage(coverage: Coverage | Unreadable, minimum: float) -> Verdict:
    """The gate passes when line coverage, and branch coverage if measured, reach the minimum (percent)."""
    if isinstance(coverage, Unreadable):
        return Verdict("coverage", "failed", coverage.reason)
    measured = {"lines": coverage.lines, "branches": coverage.branches}
    low = [f"{name} {rate:.1f} %" for name, rate in measured.items() if rate is not None and not rate >= minimum]
    if low:
        return Verdict("coverage", "failed", f"{' and '.join(low)} covered, {minimum:g} % demanded")
    branches = "" if coverage.branches is None else f", branches {coverage.branches:.1f} %"
    return Verdict("coverage", "passed", f"lines {coverage.lines:.1f} %{branches}; {minimum:g} % demanded")


def judge_sbom(sbom: Sbom | Unreadable) -> Verdict:
    """The gate passes when the SBOM can be read, whatever it lists: a release may depend on nothing."""
    if isinstance(sbom, Unreadable):
        return Verdict("sbom", "failed", sbom.reason)
    return Verdict("sbom", "passed", f"{sbom.form} lists {sbom.components} components")


def without_secrets(verdicts: Iterable[Verdict]) -> tuple[Verdict, ...]:
    """The verdicts as they are recorded and shown: each reason on one line, for reports quote what programs printed."""
    return tuple(replace(verdict, reason=one_line(recorded(verdict.reason), REASON)) for verdict in verdicts)


def all_passed(verdicts: Sequence[Verdict]) -> bool:
    """Whether there is at least one verdict and all have passed."""
    return bool(verdicts) and not failed(verdicts)


def failed(verdicts: Iterable[Verdict]) -> tuple[Verdict, ...]:
    """The failed verdicts."""
    return tuple(verdict for verdict in verdicts if verdict.outcome == "failed")


def foremost(verdicts: Sequence[Verdict]) -> tuple[Verdict, ...]:
    """The failed verdicts, else all; that of the build is last, because other gates name what failed in it."""
    return tuple(sorted(failed(verdicts), key=lambda one: one.name == "build")) or tuple(verdicts)


def reasons(verdicts: Iterable[Verdict]) -> str:
    """The verdicts in one line, each with the name of its gate."""
    return "; ".join(map(str, verdicts))
