"""The gate `coverage`."""

from functions.domain.gates import Verdict
from functions.gates.base import Judgement
from functions.gates.coverage import CoverageGate
from tests.functions.gates.evidence import STAGES, of_release

SETTINGS = {"cobertura": "coverage.xml"}
LINES = '<coverage line-rate="0.7" lines-valid="10"/>'


def test_the_strictest_environment_decides() -> None:
    """70 % are enough for test alone, and not for production."""
    both = CoverageGate().judge_release(SETTINGS, of_release({"coverage.xml": LINES}))
    test_only = CoverageGate().judge_release(SETTINGS, of_release({"coverage.xml": LINES}, stages=STAGES[:1]))
    assert both.verdict == Verdict("coverage", "failed", "lines 70.0 % covered, 80 % demanded")
    assert test_only.verdict == Verdict("coverage", "passed", "lines 70.0 %; 10 % demanded")


def test_only_what_was_measured_is_a_figure() -> None:
    """Without branches there is no figure of branches, and none of an unreadable report."""
    assert CoverageGate().judge_release(SETTINGS, of_release({"coverage.xml": LINES})).figures == {"lineCoverage": 70.0}
    assert CoverageGate().judge_release(SETTINGS, of_release({"coverage.xml": "<oops"})).figures == {}
    branches = LINES.replace("/>", ' branch-rate="0.5" branches-valid="4"/>')
    judgement = CoverageGate().judge_release(SETTINGS, of_release({"coverage.xml": branches}))
    assert judgement.figures == {"lineCoverage": 70.0, "branchCoverage": 50.0}
    assert set(judgement.figures) == set(CoverageGate.metrics)


def test_without_a_report_there_is_no_verdict() -> None:
    """Whether there must be one is the stack's decision (G6)."""
    assert CoverageGate().judge_release(None, of_release({})) == Judgement()


def test_the_forecast_names_the_percentage() -> None:
    """That of the strictest environment; without a report there is no line."""
    assert CoverageGate().forecast_release(SETTINGS, STAGES) == "coverage: 80 %"
    assert CoverageGate().forecast_release(None, STAGES) == ""
