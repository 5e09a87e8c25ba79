"""Reading what security scanners report, from inside a build's artifact: SARIF, pip-audit JSON and npm-audit JSON.

A report that is missing, too large, not UTF-8, not its format, or that says itself that the tool did not finish, is
Unreadable with file and reason: the gate stays closed.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from zipfile import ZipFile

from functions.adapters.artifacts import REPORT_LIMIT, read_member
from functions.domain.errors import BadInputError, SourceError
from functions.domain.findings import (
    Finding,
    Scan,
    Scans,
    Severity,
    severity_of_level,
    severity_of_npm,
    severity_of_score,
)
from functions.domain.gates import Unreadable

# A result of these kinds says that a rule was met, or did not apply; every other one is a finding.
_NO_FINDING = ("pass", "notApplicable", "informational")
Objects = Iterator[Mapping[str, Any]]


def read_scans(archive: ZipFile, declared: Scans) -> Iterator[Scan | Unreadable]:
    """Every report that a manifest declares."""
    yield from (read_sarif(archive, path) for path in declared.sarif)
    yield from (read_pip_audit(archive, path) for path in declared.pip_audit)
    yield from (read_npm_audit(archive, path) for path in declared.npm_audit)


def read_sarif(archive: ZipFile, path: str) -> Scan | Unreadable:
    """A SARIF 2.1.0 log with all of its runs."""
    return _read(archive, path, _sarif)


def read_pip_audit(archive: ZipFile, path: str) -> Scan | Unreadable:
    """The report of `pip-audit --format json`."""
    return _read(archive, path, _pip_audit)


def read_npm_audit(archive: ZipFile, path: str) -> Scan | Unreadable:
    """The report of `npm audit --json`, as npm 7 and newer write it."""
    return _read(archive, path, _npm_audit)


def read_json(archive: ZipFile, path: str) -> Any:
    """A JSON document of an archive; what can't be believed is a ValueError that says why."""
    raw = read_member(archive, path, REPORT_LIMIT)
    if raw is None:
        raise ValueError("the build left no such report; is it in the buildspec's artifacts?")
    try:
        return json.loads(raw.decode("utf-8-sig"), parse_constant=_no_number)
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8: {error}") from error
    except RecursionError as error:
        raise ValueError("nested too deep") from error


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


def _read(archive: ZipFile, path: str, reader: Callable[[str, Mapping[str, Any]], Scan]) -> Scan | Unreadable:
    try:
        return reader(path, _object(read_json(archive, path), "the document"))
    except (SourceError, BadInputError, ValueError) as error:
        text = str(error)
        return Unreadable(text if text.startswith(path) else f"{path}: {text}")


def _sarif(path: str, log: Mapping[str, Any]) -> Scan:
    if log.get("version") != "2.1.0":
        raise ValueError(f"not SARIF 2.1.0: its version is {log.get('version')!r}")
    runs = list(_objects(log, "runs"))
    if not runs:
        raise ValueError("no run in it: nothing was scanned")
    return Scan(path, tuple(finding for run in runs for finding in _run(run)))


def _run(run: Mapping[str, Any]) -> Iterator[Finding]:
    driver = _object(_object(run.get("tool"), "tool").get("driver"), "tool.driver")
    tool = str(driver.get("name") or "a tool")
    for invocation in _objects(run, "invocations", missing=True):
        if invocation.get("executionSuccessful") is False:
            raise ValueError(f"{tool} says that it did not run to its end")
    if "results" not in run:
        raise ValueError(f"a run of {tool} has no results: nothing was scanned")
    extensions = _objects(_object(run["tool"], "tool"), "extensions", missing=True)
    rules = [rule for component in (driver, *extensions) for rule in _objects(component, "rules", missing=True)]
    known = {str(rule.get("id")): rule for rule in reversed(rules)}
    for result in _objects(run, "results"):
        if result.get("kind", "fail") not in _NO_FINDING:
            yield _result(tool, result, known, list(_objects(driver, "rules", missing=True)))


def _result(tool: str, result: Mapping[str, Any], known: Mapping[str, Any], own: list[Mapping[str, Any]]) -> Finding:
    named = _object(result.get("rule", {}), "rule")
    rule_id, index = result.get("ruleId") or named.get("id"), result.get("ruleIndex", -1)
    rule = known.get(str(rule_id))
    if rule is None and isinstance(index, int) and 0 <= index < len(own):
        rule = own[index]
    rule = rule or {}
    return Finding(tool, str(rule_id or rule.get("id") or "?"), _severity(result, rule), _place(result))


def _severity(result: Mapping[str, Any], rule: Mapping[str, Any]) -> Severity:
    for carrier in (result, rule):
        score = _object(carrier.get("properties", {}), "properties").get("security-severity")
        if score is not None:
            return severity_of_score(float(score) if isinstance(score, (str, int, float)) else float("nan"))
    configured = _object(rule.get("defaultConfiguration", {}), "defaultConfiguration")
    return severity_of_level(str(result.get("level") or configured.get("level") or "warning"))


def _place(result: Mapping[str, Any]) -> str:
    for location in _objects(result, "locations", missing=True):
        physical = _object(location.get("physicalLocation", {}), "physicalLocation")
        file = _object(physical.get("artifactLocation", {}), "artifactLocation").get("uri")
        line = _object(physical.get("region", {}), "region").get("startLine")
        if file:
            return f"{file}:{line}" if line else str(file)
    return "?"


def _pip_audit(path: str, report: Mapping[str, Any]) -> Scan:
    findings, skipped, looked = list[Finding](), list[str](), 0
    for dependency in _objects(report, "dependencies"):
        name = str(dependency.get("name"))
        if "vulns" not in dependency:
            skipped.append(f"{name} ({dependency.get('skip_reason', 'no reason given')})")
            continue
        looked += 1
        place = f"{name} {dependency.get('version')}"
        for one in _objects(dependency, "vulns"):
            aliases = tuple(str(alias) for alias in _list(one.get("aliases", []), "aliases"))
            findings.append(Finding("pip-audit", str(one.get("id")), "high", place, aliases))
    # Without its advisory service pip-audit skips everything, calls that "no known vulnerabilities" and exits with 0.
    if not looked:
        raise ValueError(f"pip-audit looked at no package: {'; '.join(skipped[:2]) or 'there is none'}")
    return Scan(path, tuple(findings), tuple(skipped))


def _npm_audit(path: str, report: Mapping[str, Any]) -> Scan:
    if "vulnerabilities" not in report:
        said = report.get("message") or _object(report.get("error", {}), "error").get("summary")
        raise ValueError(f"not a report of npm 7 or newer: {said or 'it has no vulnerabilities'}")
    entries = _object(report["vulnerabilities"], "vulnerabilities")
    findings = [finding for name, entry in entries.items() for finding in _advisories(name, _object(entry, name))]
    counts = _object(_object(report.get("metadata"), "metadata").get("vulnerabilities"), "metadata.vulnerabilities")
    if counts.get("total") != len(entries):
        raise ValueError(f"it counts {counts.get('total')} vulnerabilities, and lists {len(entries)}")
    return Scan(path, tuple(findings))


def _advisories(name: str, entry: Mapping[str, Any]) -> Iterator[Finding]:
    """The advisories about a package itself; one that is vulnerable through others only is named as it is."""
    place = f"{name} {entry.get('range', '')}".strip()
    own = [one for one in _list(entry.get("via", []), f"{name}: via") if isinstance(one, Mapping)]
    for one in own:
        advisory = str(one.get("url") or "").rpartition("/")[2] or f"npm:{one.get('source')}"
        yield Finding("npm audit", advisory, severity_of_npm(str(one.get("severity"))), place)
    if not own:
        yield Finding("npm audit", f"npm:{name}", severity_of_npm(str(entry.get("severity"))), place)


def _objects(holder: Mapping[str, Any], key: str, *, missing: bool = False) -> Objects:
    if key not in holder and missing:
        return
    for item in _list(holder.get(key), key):
        yield _object(item, f"an item of {key}")


def _list(value: object, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise BadInputError(f"{what} is missing or not a list")
    return value


def _object(value: object, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise BadInputError(f"{what} is missing or not an object")
    return value
