"""What security scanners found, how bad it is, and whether it may be deployed all the same (G3).

Severities, by what each format tells:

| format | told | severity |
|---|---|---|
| SARIF | `security-severity` of the result or its rule (CVSS) | ≥ 9.0 critical, ≥ 7.0 high, ≥ 4.0 medium, else low |
| SARIF | else `level` of the result, or the default of its rule | error high, warning medium, note and none low |
| pip-audit | nothing: every known vulnerability counts | high |
| npm audit | `severity` | critical, high, moderate medium, low and info low |

CRITICAL and HIGH block. A suppression inside a report does not count: it has neither an owner nor an end.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from typing import Literal

from functions.domain.gates import Unreadable, Verdict
from functions.domain.texts import NAME, cut

Severity = Literal["critical", "high", "medium", "low"]
BLOCKING: tuple[Severity, ...] = ("critical", "high")
_LEVELS: dict[str, Severity] = {"error": "high", "warning": "medium", "note": "low", "none": "low"}
_NPM: dict[str, Severity] = {
    "critical": "critical",
    "high": "high",
    "moderate": "medium",
    "low": "low",
    "info": "low",
}
# How tools word a severity where a number is expected; a word that is not among them says nothing.
_WORDS: dict[str, Severity] = {
    **dict.fromkeys(("critical", "blocker", "severe"), "critical"),
    **dict.fromkeys(("high", "important", "error", "major"), "high"),
    **dict.fromkeys(("medium", "moderate", "warning", "minor"), "medium"),
    **dict.fromkeys(("low", "info", "informational", "note", "negligible", "none", "recommendation"), "low"),
}
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Scans:
    """Where scanners' reports lie within the build's artifact, and the allow-list within the repository."""

    sarif: tuple[str, ...] = ()
    pip_audit: tuple[str, ...] = ()
    npm_audit: tuple[str, ...] = ()
    allow_list: str = ""

    @property
    def reports(self) -> tuple[str, ...]:
        """Every report; the allow-list is none."""
        return (*self.sarif, *self.pip_audit, *self.npm_audit)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a tool found; `aliases` are other ids of the same, `place` is a file with its line, or a package."""

    tool: str
    id: str
    severity: Severity
    place: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scan:
    """What one report says; `unchecked` names what its tool could not look at."""

    report: str
    findings: tuple[Finding, ...]
    unchecked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Allowance:
    """One entry of the allow-list; it counts through the day it expires (ISO 8601), where `place` (a glob) fits."""

    id: str
    reason: str
    owner: str
    expires: str
    place: str = "*"


def severity_of_score(score: float) -> Severity:
    """A CVSS score from 0 to 10 as GitHub reads it; what is no such score is a ValueError."""
    if not math.isfinite(score) or not 0 <= score <= 10:
        raise ValueError(f"{score} is no CVSS score: expected 0 to 10")
    return "critical" if score >= 9 else "high" if score >= 7 else "medium" if score >= 4 else "low"


def severity_of_level(level: str) -> Severity:
    """A SARIF level; an unknown one is a ValueError."""
    return _known(level, _LEVELS, "level")


def severity_of_word(word: str) -> Severity | None:
    """A severity in words, whatever its case; None for a word that tells none."""
    return _WORDS.get(word.strip().lower())


def severity_of_npm(severity: str) -> Severity:
    """A severity as npm writes it; an unknown one is a ValueError."""
    return _known(severity, _NPM, "severity")


def judge_findings(
    scans: Sequence[Scan | Unreadable], allowed: Sequence[Allowance] | Unreadable, today: date
) -> Verdict:
    """No blocking finding but those that are allowed today; entries that do not count are told, and never count."""
    broken = [one.reason for one in (*scans, allowed) if isinstance(one, Unreadable)]
    if broken or isinstance(allowed, Unreadable):
        return Verdict("security", "failed", "; ".join(broken))
    if not scans:
        return Verdict("security", "failed", "no report was read")
    read = [scan for scan in scans if isinstance(scan, Scan)]
    findings = [finding for scan in read for finding in scan.findings]
    counting = [entry for entry in allowed if not _fault(entry, today)]
    blocking = [one for one in findings if one.severity in BLOCKING and not any(_fits(e, one) for e in counting)]
    notes = [*_reported(allowed, findings, today), *_unchecked(read)]
    if blocking:
        return Verdict("security", "failed", "; ".join([_blocked(blocking), *notes]))
    exempt = sum(one.severity in BLOCKING for one in findings)
    words = f"nothing critical or high in {len(read)} reports"
    if exempt:
        words = f"{exempt} critical or high allowed by the list, no other in {len(read)} reports"
    lesser = len(findings) - exempt
    return Verdict("security", "passed", "; ".join([f"{words}, {lesser} lesser findings", *notes]))


def _fits(entry: Allowance, finding: Finding) -> bool:
    return entry.id in (finding.id, *finding.aliases) and fnmatchcase(finding.place, entry.place)


def _fault(entry: Allowance, today: date) -> str:
    """Why an entry does not count; empty when it does."""
    if not entry.owner.strip():
        return "has no owner"
    if not entry.reason.strip():
        return "has no reason"
    if not entry.expires:
        return "has no expiry"
    return f"expired on {entry.expires}" if entry.expires < today.isoformat() else ""


def _reported(allowed: Sequence[Allowance], findings: Sequence[Finding], today: date) -> list[str]:
    said = []
    for entry in allowed:
        fault = _fault(entry, today)
        if fault:
            said.append(f"allow-list: {entry.id} {fault} and does not count")
        elif not any(_fits(entry, finding) for finding in findings):
            said.append(f"allow-list: {entry.id} is unused: remove it")
    return said


def _unchecked(scans: Sequence[Scan]) -> list[str]:
    return [f"{scan.report}: not looked at: {_some(scan.unchecked)}" for scan in scans if scan.unchecked]


def _blocked(findings: Sequence[Finding]) -> str:
    worst = sorted(findings, key=lambda one: BLOCKING.index(one.severity))
    return f"{len(findings)} critical or high: " + _some(
        [f"{one.severity.upper()} {one.id} in {one.place} ({one.tool})" for one in worst]
    )


def _some(items: Sequence[str]) -> str:
    rest = len(items) - _NAMED
    return ", ".join(cut(item, NAME) for item in items[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _known(word: str, known: dict[str, Severity], what: str) -> Severity:
    if word not in known:
        raise ValueError(f"{what} {word!r} is unknown: expected one of {', '.join(known)}")
    return known[word]
