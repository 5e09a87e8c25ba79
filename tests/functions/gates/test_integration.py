"""The gate `integration`, with what holds for every suite of tests in an environment."""

import pytest

from functions.domain.gates import Verdict
from functions.domain.manifests import AfterDeploy
from functions.gates.base import Judgement, SuiteGate
from functions.gates.e2e import E2eGate
from functions.gates.integration import IntegrationGate
from functions.gates.smoke import SmokeGate
from tests.functions.gates.evidence import STAGES, of_environment, of_release

GOOD = '<testsuite name="s"><testcase classname="c" name="a"/></testsuite>'
BAD = '<testsuite name="s"><testcase classname="c" name="b"><failure/></testcase></testsuite>'
SUITES = (IntegrationGate(), E2eGate(), SmokeGate())


@pytest.mark.parametrize("gate", SUITES, ids=lambda gate: gate.name)
@pytest.mark.parametrize(
    ("report", "outcome", "reason"),
    [
        (GOOD, "passed", "1 tests passed, 0 skipped"),
        (BAD, "failed", "1 of 1 tests failed: c.b"),
        ("<testsuites/>", "failed", "no test ran: a release without tests is not deployed"),
    ],
)
def test_a_suite_is_judged_in_an_environment(gate: SuiteGate, report: str, outcome: str, reason: str) -> None:
    """G1: by the reports that its own key names; zero tests are a failure, and the verdict has the suite's name."""
    judged = gate.judge_environment({gate.name: ["a.xml"]}, of_environment({"a.xml": report}))
    assert judged == Judgement(Verdict(gate.name, outcome, reason))  # type: ignore[arg-type] # a parameter
    assert (gate.when, gate.judge_release({}, of_release({}))) == (("after",), Judgement())


@pytest.mark.parametrize("gate", SUITES, ids=lambda gate: gate.name)
def test_a_suite_without_a_report_has_no_verdict(gate: SuiteGate) -> None:
    """Whether there must be one is the stack's decision (G6)."""
    assert gate.judge_environment(None, of_environment({})) == Judgement()
    assert list(gate.manifest("afterDeploy")) == [gate.name]
    assert (gate.manifest("build"), gate.manifest("gates")) == ({}, {})


def test_the_forecast_names_the_reports() -> None:
    """And the buildspec that writes them."""
    found = IntegrationGate().forecast_environment({"integration": ["a.xml", "b.xml"]}, AfterDeploy("i.yml"))
    assert found == "integration: a.xml, b.xml (i.yml)"
    assert IntegrationGate().forecast_environment(None, AfterDeploy("i.yml")) == ""
    assert IntegrationGate().forecast_release(None, STAGES) == ""
