"""The gate `e2e`; what holds for every suite is in `test_integration.py`."""

from functions.gates.e2e import E2eGate
from tests.functions.gates.evidence import of_environment


def test_a_missing_report_is_named() -> None:
    """The suite is declared, and its build left nothing."""
    verdict = E2eGate().judge_environment({"e2e": ["reports/e2e.xml"]}, of_environment({})).verdict
    assert verdict
    assert str(verdict).startswith("e2e: reports/e2e.xml: not in the build's artifact; add it")
    assert verdict.outcome == "failed"
