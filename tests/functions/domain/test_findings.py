"""The security gate: severities, the allow-list, and that no critical or high finding passes unless it is allowed."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from functions.domain.findings import (
    BLOCKING,
    Allowance,
    Finding,
    Scan,
    judge_findings,
    noted,
    severity_of_level,
    severity_of_npm,
    severity_of_score,
)
from functions.domain.gates import Note, Unreadable

TODAY = date(2026, 1, 31)
IDS = st.sampled_from(["CVE-1", "CVE-2", "B602", "GHSA-3"])
FINDINGS = st.builds(
    Finding,
    st.just("tool"),
    IDS,
    st.sampled_from(["critical", "high", "medium", "low"]),
    st.sampled_from(["src/a.py:1", "src/b.py:2", "lodash 1.0"]),
    st.lists(IDS, max_size=2).map(tuple),
)
ALLOWANCES = st.builds(
    Allowance,
    IDS,
    st.sampled_from(["", " ", "not reached"]),
    st.sampled_from(["", " ", "ada@example.com"]),
    st.one_of(st.just(""), st.dates(TODAY - timedelta(days=3), TODAY + timedelta(days=3)).map(date.isoformat)),
    st.sampled_from(["*", "src/*", "lodash *"]),
)
FLAW = Finding("bandit", "B602", "high", "src/a.py:5")
FAIR = Allowance("B602", "input is a constant", "ada@example.com", TODAY.isoformat())


def covered(finding: Finding, allowed: list[Allowance]) -> bool:
    """The rule, written independently of the code: an entry has an owner and a reason, and has not expired."""
    starts = {"*": "", "src/*": "src/", "lodash *": "lodash "}
    return any(
        (entry.id == finding.id or entry.id in finding.aliases)
        and finding.place.startswith(starts[entry.place])
        and entry.owner.strip() != ""
        and entry.reason.strip() != ""
        and entry.expires != ""
        and date.fromisoformat(entry.expires) >= TODAY
        for entry in allowed
    )


@given(st.lists(st.lists(FINDINGS, max_size=5), min_size=1, max_size=3), st.lists(ALLOWANCES, max_size=5))
def test_nothing_critical_or_high_passes_but_what_is_allowed(
    found: list[list[Finding]], allowed: list[Allowance]
) -> None:
    """Q1: findings pass exactly when every CRITICAL or HIGH one is allowed by a valid entry."""
    scans = [Scan(f"{number}.sarif", tuple(findings)) for number, findings in enumerate(found)]
    bare = [one for findings in found for one in findings if one.severity in BLOCKING and not covered(one, allowed)]
    assert judge_findings(scans, allowed, TODAY).outcome == ("failed" if bare else "passed")


@given(st.lists(FINDINGS, max_size=5), st.lists(ALLOWANCES, max_size=5), st.integers(0, 2))
def test_one_unreadable_report_closes_the_gate(found: list[Finding], allowed: list[Allowance], where: int) -> None:
    """One unreadable report fails the gate with its reason, at any position and whatever the other reports contain."""
    scans: list[Scan | Unreadable] = [Scan("a", tuple(found)), Scan("b", ())]
    scans.insert(where, Unreadable("c.sarif: not JSON"))
    gate = judge_findings(scans, allowed, TODAY)
    assert (gate.outcome, gate.reason) == ("failed", "c.sarif: not JSON")


def test_an_unreadable_allow_list_closes_the_gate() -> None:
    """An allow-list that can't be read fails the gate, even without findings."""
    gate = judge_findings([Scan("a", ())], Unreadable("tools/security/allowed.yml: not YAML"), TODAY)
    assert (gate.outcome, gate.reason) == ("failed", "tools/security/allowed.yml: not YAML")


def test_no_report_is_no_pass() -> None:
    """The gate fails if no report was read."""
    assert judge_findings([], (), TODAY).outcome == "failed"


def test_what_blocks_is_named_worst_first() -> None:
    """The reason names severity, id, place and tool of the worst five findings, and counts the others."""
    worst = Finding("pip-audit", "CVE-9", "critical", "jinja2 2.10")
    gate = judge_findings([Scan("a", (*[FLAW] * 6, worst))], (), TODAY)
    assert gate.reason.startswith("7 critical or high: CRITICAL CVE-9 in jinja2 2.10 (pip-audit), HIGH B602 in src/")
    assert gate.reason.endswith("and 2 more")


def test_an_allowed_finding_passes_through_its_last_day() -> None:
    """An entry is valid on the day it expires and invalid on the next."""
    scans = [Scan("a", (FLAW,))]
    assert judge_findings(scans, [FAIR], TODAY).outcome == "passed"
    late = judge_findings(scans, [FAIR], TODAY + timedelta(days=1))
    assert late.outcome == "failed"
    assert "allow-list: B602 expired on 2026-01-31 and does not count" in late.reason


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (replace(FAIR, owner=" "), "B602 has no owner and does not count"),
        (replace(FAIR, reason=""), "B602 has no reason and does not count"),
        (replace(FAIR, expires=""), "B602 has no expiry and does not count"),
        (replace(FAIR, id="B101"), "B101 is unused: remove it"),
        (replace(FAIR, place="tests/*"), "B602 is unused: remove it"),
    ],
)
def test_an_entry_that_does_not_count_is_reported(entry: Allowance, said: str) -> None:
    """An entry without owner, reason or expiry, and an unused one, is in the reason of a passed and a failed gate."""
    failed = judge_findings([Scan("a", (FLAW,))], [entry], TODAY)
    assert (failed.outcome, said in failed.reason) == ("failed", True)
    assert "allow-list" in judge_findings([Scan("a", ())], [entry], TODAY).reason


def test_what_a_tool_skipped_is_named() -> None:
    """What a tool did not check is in the reason of the verdict."""
    gate = judge_findings([Scan("pip.json", (), ("hello (not on PyPI)",))], (), TODAY)
    assert (gate.outcome, "pip.json: not checked: hello (not on PyPI)" in gate.reason) == ("passed", True)


@pytest.mark.parametrize(
    ("score", "severity"),
    [(0.0, "low"), (3.9, "low"), (4.0, "medium"), (6.9, "medium"), (7.0, "high"), (9.0, "critical"), (10, "critical")],
)
def test_a_score_has_the_severity_that_github_gives_it(score: float, severity: str) -> None:
    """Severities follow GitHub's documented CVSS ranges."""
    assert severity_of_score(score) == severity


@pytest.mark.parametrize("score", [float("nan"), float("inf"), -0.1, 10.1])
def test_what_is_no_score_is_refused(score: float) -> None:
    """A number outside 0 to 10 is an error, never a low severity."""
    with pytest.raises(ValueError, match="not a CVSS score"):
        severity_of_score(score)


def test_words_for_severities() -> None:
    """Known words have their documented severities; an unknown one is an error, never harmless."""
    assert [severity_of_level(level) for level in ("error", "warning", "note", "none")] == [
        "high",
        "medium",
        "low",
        "low",
    ]
    assert [severity_of_npm(word) for word in ("critical", "high", "moderate", "low", "info")] == [
        "critical",
        "high",
        "medium",
        "low",
        "low",
    ]
    with pytest.raises(ValueError, match="'terrible' is unknown"):
        severity_of_npm("terrible")
    with pytest.raises(ValueError, match="'ERROR' is unknown"):
        severity_of_level("ERROR")


def test_findings_are_noted_at_their_lines_the_worst_first() -> None:
    """G5: a package has no line, and is named; what a tool says is the message."""
    package = Finding("pip-audit", "CVE-9", "critical", "jinja2 2.10")
    flaw = replace(FLAW, message="shell=True")
    low, worst, high = (
        Note("notice", "LOW B1 (bandit)", "", "a.py", 1),
        Note("failure", "CRITICAL CVE-9 in jinja2 2.10 (pip-audit)", ""),
        Note("failure", "HIGH B602 (bandit)", "shell=True", "src/a.py", 5),
    )
    assert noted([Finding("bandit", "B1", "low", "a.py:1"), flaw, package]) == [worst, high, low]
