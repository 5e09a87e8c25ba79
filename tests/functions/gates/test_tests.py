"""The gate `tests`."""

from functions.domain.gates import Verdict
from functions.domain.manifests import AfterDeploy
from functions.gates.base import Judgement
from functions.gates.tests import TestsGate as Gate
from tests.functions.gates.evidence import STAGES, of_environment, of_release

SETTINGS = {"junit": ["a.xml", "b.xml"]}
GOOD = '<testsuite name="s"><testcase classname="c" name="a"/></testsuite>'
BAD = '<testsuite name="s"><testcase classname="c" name="b"><failure/></testcase></testsuite>'


def test_reports_are_judged_together_and_counted() -> None:
    """One failed test in any report fails the gate; figures cover all reports."""
    judgement = Gate().judge_release(SETTINGS, of_release({"a.xml": GOOD, "b.xml": BAD}))
    assert judgement.verdict == Verdict("tests", "failed", "1 of 2 tests failed: c.b")
    assert judgement.figures == {"testsRun": 2, "testsFailed": 1, "testsSkipped": 0}
    assert set(judgement.figures) == set(Gate.metrics)


def test_tests_in_an_environment_are_judged_alike() -> None:
    """A missing report fails the gate there, too."""
    passed = Gate().judge_environment(SETTINGS, of_environment({"a.xml": GOOD, "b.xml": GOOD})).verdict
    missing = Gate().judge_environment(SETTINGS, of_environment({"a.xml": GOOD})).verdict
    assert passed == Verdict("tests", "passed", "2 tests passed, 0 skipped")
    assert missing
    assert (missing.outcome, missing.reason.startswith("b.xml: not in the build's artifact")) == ("failed", True)


def test_without_reports_there_is_no_verdict() -> None:
    """Before a deployment and in an environment; whether there must be one is the stack's decision (G6)."""
    for judgement in (Gate().judge_release(None, of_release({})), Gate().judge_environment(None, of_environment({}))):
        assert judgement == Judgement()


def test_the_forecast_names_the_reports() -> None:
    """In an environment also the buildspec that writes them."""
    assert Gate().forecast_release(SETTINGS, STAGES) == "tests: a.xml, b.xml"
    assert Gate().forecast_environment(SETTINGS, AfterDeploy("e2e.yml")) == "tests: a.xml, b.xml (e2e.yml)"
    assert (Gate().forecast_release(None, STAGES), Gate().forecast_environment(None, AfterDeploy("b"))) == ("", "")
