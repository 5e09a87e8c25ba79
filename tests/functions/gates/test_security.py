"""The gate `security`."""

from pathlib import Path
from typing import Any

from functions.domain.findings import Scans
from functions.gates.security import SecurityGate, scans
from tests.functions.gates.evidence import STAGES, of_release

FLAWED = {"scan.sarif": (Path(__file__).parents[2] / "recorded" / "semgrep-1.182.0.sarif").read_text("utf-8")}
SARIF = {"sarif": ["scan.sarif"]}
LISTED = {**SARIF, "allowList": "allowed.yml"}
ALLOWED = b"allowed: [{id: shell-true, reason: a constant command, owner: ada@example.com, expires: 2026-01-31}]"


def test_without_a_report_there_is_no_verdict() -> None:
    """An allow-list alone is no report; no artifact is needed."""
    declared: tuple[Any, ...] = (None, {"sarif": []}, {"allowList": "allowed.yml"})
    for settings in declared:
        assert SecurityGate().judge_release(settings, of_release(None)).verdict is None


def test_findings_fail_the_gate_unless_they_are_allowed_today() -> None:
    """The list is that of the commit; an entry is valid through its last day."""
    closed = SecurityGate().judge_release(SARIF, of_release(FLAWED)).verdict
    open_ = SecurityGate().judge_release(LISTED, of_release(FLAWED, source={"allowed.yml": ALLOWED})).verdict
    assert closed
    assert closed.reason == "1 critical or high: HIGH shell-true in app.py:5 (Semgrep OSS)"
    assert open_
    assert open_.outcome == "passed"


def test_a_list_that_is_lost_allows_nothing() -> None:
    """It is missing in the commit, or the commit's source is missing."""
    tricked = {**FLAWED, "allowed.yml": ALLOWED.decode()}
    for source, said in (({}, "allowed.yml: not in the repository"), (None, "the source is lost")):
        verdict = SecurityGate().judge_release(LISTED, of_release(tricked, source=source)).verdict
        assert verdict
        assert (verdict.outcome, said in verdict.reason) == ("failed", True)


def test_the_forecast_names_the_reports_or_that_there_are_none() -> None:
    """In any format."""
    every = {"sarif": ["a"], "pipAudit": ["b"], "npmAudit": ["c"]}
    assert SecurityGate().forecast_release(every, STAGES) == "security: a, b, c"
    assert SecurityGate().forecast_release(None, STAGES) == "security: no scanner is declared"


def test_others_find_the_reports_in_a_plan() -> None:
    """The handlers that upload them to code scanning and Security Hub."""
    assert scans({"security": LISTED}) == Scans(("scan.sarif",), allow_list="allowed.yml")
    assert scans({}) == Scans()
