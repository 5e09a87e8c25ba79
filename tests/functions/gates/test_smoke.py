"""The gate `smoke`; what holds for every suite is in `test_integration.py`."""

from functions.gates.smoke import SmokeGate
from tests.functions.gates.evidence import of_environment


def test_a_missing_report_is_named() -> None:
    """The suite is declared, and its build left nothing."""
    verdict = SmokeGate().judge_environment({"smoke": ["reports/smoke.xml"]}, of_environment({})).verdict
    assert verdict
    assert str(verdict).startswith("smoke: reports/smoke.xml: not in the build's artifact; add it")
    assert verdict.outcome == "failed"
