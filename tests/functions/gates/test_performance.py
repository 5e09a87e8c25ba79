"""The gate `performance`."""

from functions.domain.manifests import AfterDeploy
from functions.domain.performance import Performance
from functions.gates.performance import PerformanceGate
from tests.functions.gates.evidence import of_environment

SETTINGS = {"performance": "load.json"}
LOAD = {"load.json": '{"requests": 100, "failures": 0, "meanSeconds": 0.5}'}


def test_without_a_report_there_is_no_verdict() -> None:
    """There is no measurement either, and no artifact is needed."""
    judgement = PerformanceGate().judge_environment(None, of_environment(None))
    assert (judgement.verdict, judgement.measured) == (None, None)


def test_a_run_is_compared_with_the_last_good_one_and_kept() -> None:
    """The verdict says how much slower it is."""
    last = Performance(10, 0, 0.2)
    first = PerformanceGate().judge_environment(SETTINGS, of_environment(LOAD))
    slower = PerformanceGate().judge_environment(SETTINGS, of_environment(LOAD, last=last))
    assert first.verdict
    assert (first.verdict.outcome, first.measured) == ("passed", Performance(100, 0, 0.5))
    assert slower.verdict
    assert (slower.verdict.outcome, "150 % slower" in slower.verdict.reason) == ("failed", True)


def test_a_report_that_can_not_be_read_fails_the_gate() -> None:
    """There is no measurement."""
    judgement = PerformanceGate().judge_environment(SETTINGS, of_environment({}))
    assert judgement.verdict
    assert (judgement.verdict.outcome, judgement.measured) == ("failed", None)


def test_the_forecast_names_the_report() -> None:
    """If one is declared."""
    assert PerformanceGate().forecast_environment(SETTINGS, AfterDeploy("b")) == "performance: load.json"
    assert PerformanceGate().forecast_environment(None, AfterDeploy("b")) == ""
