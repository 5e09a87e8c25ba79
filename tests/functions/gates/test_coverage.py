"""The gate `coverage`."""

from functions.domain.gates import Verdict
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
    """No branches, no figure of branches; and none at all of a report that can't be read."""
    assert CoverageGate().judge_release(SETTINGS, of_release({"coverage.xml": LINES})).figures == {"lineCoverage": 70.0}
    assert CoverageGate().judge_release(SETTINGS, of_release({"coverage.xml": "<oops"})).figures == {}
    branches = LINES.replace("/>", ' branch-rate="0.5" branches-valid="4"/>')
    judgement = CoverageGate().judge_release(SETTINGS, of_release({"coverage.xml": branches}))
    assert judgement.figures == {"lineCoverage": 70.0, "branchCoverage": 50.0}
    assert set(judgement.figures) == set(CoverageGate.metrics)


def test_no_release_goes_without_coverage() -> None:
    """A plan without a report is closed."""
    verdict = CoverageGate().judge_release(None, of_release({})).verdict
    assert verdict
    assert verdict.outcome == "failed"


def test_the_forecast_names_the_percentage() -> None:
    """Of the strictest environment; nothing where nothing is declared."""
    assert CoverageGate().forecast_release(SETTINGS, STAGES) == "coverage: 80 %"
    assert CoverageGate().forecast_release(None, STAGES) == ""
