"""Findings of security scanners, their severities, and the verdict of the security gate (G3).

Severities, by report format:

| format | field | severity |
|---|---|---|
| SARIF | `security-severity` of the result or its rule (CVSS) | ≥ 9.0 critical, ≥ 7.0 high, ≥ 4.0 medium, else low |
| SARIF | otherwise `level` of the result, or the default of its rule | error high, warning medium, note and none low |
| pip-audit | none: every known vulnerability counts | high |
| npm audit | `severity` | critical, high, moderate medium, low and info low |

CRITICAL and HIGH findings fail the gate. A suppression inside a report is ignored: it has no owner and no expiry date.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from fnmatch import fnmatchcase
from typing import Literal

from functions.domain.gates import Note, Unreadable, Verdict
from functions.domain.texts import quote
from functions.domain.values import Value

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
# Words that tools write for a severity where a number is expected. Other words give no severity.
_WORDS: dict[str, Severity] = {
    **dict.fromkeys(("critical", "blocker", "severe"), "critical"),
    **dict.fromkeys(("high", "important", "error", "major"), "high"),
    **dict.fromkeys(("medium", "moderate", "warning", "minor"), "medium"),
    **dict.fromkeys(("low", "info", "informational", "note", "negligible", "none", "recommendation"), "low"),
}
_NAMED = 5
_NOTED: dict[Severity, Literal["failure", "warning", "notice"]] = {
    "critical": "failure",
    "high": "failure",
    "medium": "warning",
    "low": "notice",
}


class Scans(Value, frozen=True):
    """Paths or globs of scanner reports in the build's artifact, and the path of the allow-list in the repository."""

    sarif: tuple[str, ...] = ()
    pip_audit: tuple[str, ...] = ()
    npm_audit: tuple[str, ...] = ()
    allow_list: str = ""

    @property
    def reports(self) -> tuple[str, ...]:
        """The paths of all reports, without the allow-list."""
        return (*self.sarif, *self.pip_audit, *self.npm_audit)


class Finding(Value, frozen=True, eq=False):
    """One finding of a tool; `aliases` are other ids of it, `place` is `file:line` or a package with its version.

    `message` is what the tool says of it: two findings that differ only in it are equal.
    """

    tool: str
    id: str
    severity: Severity
    place: str
    aliases: tuple[str, ...] = ()
    message: str = ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Finding) and self._compared == other._compared

    def __hash__(self) -> int:
        return hash(self._compared)

    @property
    def _compared(self) -> tuple[object, ...]:
        return self.tool, self.id, self.severity, self.place, self.aliases


class Scan(Value, frozen=True):
    """The contents of one report; `unchecked` names what the tool skipped."""

    report: str
    findings: tuple[Finding, ...]
    unchecked: tuple[str, ...] = ()


class Allowance(Value, frozen=True):
    """One entry of the allow-list, valid through the day `expires` (ISO 8601) for findings at `place` (a glob)."""

    id: str
    reason: str
    owner: str
    expires: str
    place: str = "*"


def severity_of_score(score: float) -> Severity:
    """The severity of a CVSS score from 0 to 10, with GitHub's limits; any other number is a ValueError."""
    if not math.isfinite(score) or not 0 <= score <= 10:
        raise ValueError(f"{score} is not a CVSS score: expected 0 to 10")
    return "critical" if score >= 9 else "high" if score >= 7 else "medium" if score >= 4 else "low"


def severity_of_level(level: str) -> Severity:
    """The severity of a SARIF level; an unknown level is a ValueError."""
    return _known(level, _LEVELS, "level")


def severity_of_word(word: str) -> Severity | None:
    """The severity that a word means, in upper or lower case; None for any other word."""
    return _WORDS.get(word.strip().lower())


def severity_of_npm(severity: str) -> Severity:
    """The severity of npm's `severity` field; an unknown value is a ValueError."""
    return _known(severity, _NPM, "severity")


def judge_findings(
    scans: Sequence[Scan | Unreadable], allowed: Sequence[Allowance] | Unreadable, today: date
) -> Verdict:
    """The gate passes when every blocking finding is allowed today.

    Allow-list entries that are invalid, expired or unused are named in the reason.
    """
    broken = [one.reason for one in (*scans, allowed) if isinstance(one, Unreadable)]
    if broken or isinstance(allowed, Unreadable):
        return Verdict("security", "failed", "; ".join(broken))
    if not scans:
        return Verdict("security", "failed", "no report was read")
    read = [scan for scan in scans if isinstance(scan, Scan)]
    findings = [finding for scan in read for finding in scan.findings]
    counting = _by_id(entry for entry in allowed if not fault_of(entry, today))
    blocking = [one for one in findings if one.severity in BLOCKING and not _is_allowed(one, counting)]
    notes = [*_reported(allowed, findings, today), *_unchecked(read)]
    if blocking:
        return Verdict("security", "failed", "; ".join([_blocked(blocking), *notes]))
    exempt = sum(one.severity in BLOCKING for one in findings)
    reports = _counted(len(read), "report")
    words = f"nothing critical or high in {reports}"
    if exempt:
        words = f"{exempt} critical or high allowed by the list, no other in {reports}"
    lesser = _counted(len(findings) - exempt, "lesser finding")
    return Verdict("security", "passed", "; ".join([f"{words}, {lesser}", *notes]))


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def noted(findings: Iterable[Finding]) -> list[Note]:
    """The findings as notes at files and lines, the worst first."""
    worst = sorted(findings, key=lambda one: tuple(_NOTED).index(one.severity))
    return [_note(one) for one in worst]


def _note(finding: Finding) -> Note:
    file, _, line = finding.place.rpartition(":")
    known = line.isdecimal() and len(line) < 8
    where = "" if known else f" in {quote(finding.place)}"
    title = f"{finding.severity.upper()} {quote(finding.id)}{where} ({quote(finding.tool)})"
    return Note(_NOTED[finding.severity], title, finding.message, file if known else "", int(line) if known else 0)


def _by_id(entries: Iterable[Allowance]) -> Mapping[str, list[Allowance]]:
    """The entries by id, so that the work is not findings times entries."""
    found: dict[str, list[Allowance]] = {}
    for entry in entries:
        found.setdefault(entry.id, []).append(entry)
    return found


def _is_allowed(finding: Finding, entries: Mapping[str, Sequence[Allowance]]) -> bool:
    ids = (finding.id, *finding.aliases)
    return any(fnmatchcase(finding.place, entry.place) for id_ in ids for entry in entries.get(id_, ()))


def fault_of(entry: Allowance, today: date) -> str:
    """Why an entry is not valid today; empty when it is."""
    if not entry.owner.strip():
        return "has no owner"
    if not entry.reason.strip():
        return "has no reason"
    if not entry.expires:
        return "has no expiry"
    return f"expired on {entry.expires}" if entry.expires < today.isoformat() else ""


def _reported(allowed: Sequence[Allowance], findings: Sequence[Finding], today: date) -> list[str]:
    notes, places = list[str](), dict[str, list[str]]()
    for finding in findings if allowed else ():
        for id_ in (finding.id, *finding.aliases):
            places.setdefault(id_, []).append(finding.place)
    for entry in allowed:
        fault = fault_of(entry, today)
        if fault:
            notes.append(f"allow-list: {quote(entry.id)} {fault} and does not count")
        elif not any(fnmatchcase(place, entry.place) for place in places.get(entry.id, ())):
            notes.append(f"allow-list: {quote(entry.id)} is unused: remove it")
    return notes


def _unchecked(scans: Sequence[Scan]) -> list[str]:
    return [f"{scan.report}: not checked: {_some(scan.unchecked)}" for scan in scans if scan.unchecked]


def _blocked(findings: Sequence[Finding]) -> str:
    worst = sorted(findings, key=lambda one: BLOCKING.index(one.severity))
    return f"{len(findings)} critical or high: {_some(worst)}"


def _some(items: Sequence[Finding | str]) -> str:
    rest = len(items) - _NAMED
    return ", ".join(map(_words, items[:_NAMED])) + (f" and {rest} more" if rest > 0 else "")


def _words(item: Finding | str) -> str:
    if isinstance(item, str):
        return quote(item)
    return f"{item.severity.upper()} {quote(item.id)} in {quote(item.place)} ({quote(item.tool)})"


def _known(word: str, known: dict[str, Severity], what: str) -> Severity:
    if word not in known:
        raise ValueError(f"{what} {quote(word)!r} is unknown: expected one of {', '.join(known)}")
    return known[word]
