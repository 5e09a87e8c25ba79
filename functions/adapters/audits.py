"""Reads the reports of `pip-audit` and `npm audit`, and identifies the reports of other tools."""

from collections.abc import Iterator, Mapping
from typing import Any

from functions.adapters.json_documents import list_of, object_of, objects
from functions.domain.findings import Finding, Scan, severity_of_npm

_NPM = "run `npm install --package-lock-only && npm audit --json`"
_SARIF = "name a report in SARIF under gates.sarif"
_OSV = f"{_SARIF} (`osv-scanner scan --format sarif`)"


def other_tool(document: object) -> str:
    """The tool that wrote an unsupported report, and what to run instead; empty if the tool is unknown."""
    if isinstance(document, list):
        return _of_a_list([one for one in document if isinstance(one, Mapping)])
    if not isinstance(document, Mapping):
        return ""
    keys = set(document)
    if keys in ({"type", "data"}, {"value", "children"}):
        return _of_a_list([document])
    if "advisories" in keys:
        return _of_advisories(document)
    if "bomFormat" in keys or "spdxVersion" in keys:
        return "a list of components (SBOM) has no findings in a supported format; write the tool's own JSON report"
    if {"SchemaVersion", "Results"} <= keys:
        return f"Trivy wrote it; {_SARIF} (`trivy fs --format sarif`)"
    if "matches" in keys and "descriptor" in keys:
        return f"Grype wrote it; {_SARIF} (`grype -o sarif`)"
    if "report_meta" in keys or "scanned_packages" in keys:
        return "safety wrote it; run `pip-audit -f json`"
    if "packageManager" in keys and "ok" in keys:
        return f"Snyk wrote it; {_SARIF} (`snyk test --sarif`)"
    if "database" in keys and "lockfile" in keys:
        return f"cargo audit wrote it; {_OSV}"
    if "reportSchema" in keys and "scanInfo" in keys:
        return f"OWASP Dependency-Check wrote it; {_SARIF} (`--format SARIF`)"
    return _of_results(document)


def _of_results(document: Mapping[str, Any]) -> str:
    if "runs" in document and "version" in document:
        return "it is SARIF; name it under gates.sarif"
    first = next(iter(_items(document.get("results"))), {})
    if "source" in first and "packages" in first:
        return f"OSV-Scanner wrote it; {_SARIF} (`osv-scanner scan --format sarif`)"
    if "test_id" in first:
        return f"bandit wrote it; {_SARIF} (`bandit -f sarif`)"
    if "check_id" in first:
        return f"Semgrep wrote it; {_SARIF} (`semgrep scan --sarif`)"
    values = list(document.values())
    if values and all(isinstance(one, list) and _items(one) and {"id", "severity"} <= set(one[0]) for one in values):
        return f"bun wrote it; {_OSV}"
    return ""


def _of_advisories(document: Mapping[str, Any]) -> str:
    if "abandoned" in document:
        return f"composer wrote it; {_OSV}"
    if "runId" in document:
        return "npm 6 wrote it; run `npm audit --json` with npm 7 or newer"
    if "muted" in document or "actions" in document:
        return f"npm 6, pnpm or yarn 2 and newer wrote it; {_NPM}, or {_OSV}"
    return f"npm 6, pnpm or yarn wrote it; {_NPM}"


def _of_a_list(items: list[Mapping[str, Any]]) -> str:
    if any(str(one.get("type", "")).startswith("audit") for one in items):
        return f"yarn 1 wrote it; {_NPM}, or {_OSV}"
    if any("value" in one and "children" in one for one in items):
        return f"yarn 2 or newer wrote it; {_NPM}, or {_OSV}"
    if any("type" in one and "data" in one for one in items):
        return f"yarn 1 wrote it, and no audit is in it; {_NPM}, or {_OSV}"
    if any("config" in one or "osv" in one for one in items):
        return f"govulncheck wrote it; {_SARIF} (`govulncheck -format sarif`)"
    if any({"name", "version", "vulns"} <= set(one) for one in items):
        return "pip-audit 1 wrote it; run `pip-audit -f json` of version 2 or newer"
    if any({"RuleID", "Secret"} <= set(one) for one in items):
        return f"gitleaks wrote it; {_SARIF} (`gitleaks dir --report-format sarif`)"
    return ""


def _items(value: object) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def pip_audit(path: str, report: Mapping[str, Any]) -> Scan:
    """The findings of a pip-audit report; all are high, because pip-audit reports no severity."""
    if "dependencies" not in report and "vulnerabilities" in report:
        raise ValueError("not a report of pip-audit 2 or newer: npm audit wrote it; name it under gates.npmAudit")
    findings, skipped, checked = list[Finding](), list[str](), 0
    for dependency in objects(report, "dependencies"):
        name = str(dependency.get("name"))
        if "vulns" not in dependency:
            skipped.append(f"{name} ({dependency.get('skip_reason', 'no reason given')})")
            continue
        checked += 1
        place = f"{name} {dependency.get('version')}"
        for one in objects(dependency, "vulns"):
            aliases = tuple(str(alias) for alias in list_of(one.get("aliases", []), "aliases"))
            findings.append(Finding("pip-audit", str(one.get("id")), "high", place, aliases))
    # Without its advisory service pip-audit skips every package, prints "no known vulnerabilities" and exits with 0.
    if not checked:
        raise ValueError(f"pip-audit checked no package: {'; '.join(skipped[:2]) or 'the report lists none'}")
    return Scan(path, tuple(findings), tuple(skipped))


def npm_audit(path: str, report: Mapping[str, Any]) -> Scan:
    """The findings of an npm audit report."""
    if "vulnerabilities" not in report:
        message = report.get("message") or object_of(report.get("error", {}), "error").get("summary")
        raise ValueError(f"not a report of npm 7 or newer: {message or f'it has no vulnerabilities; {_NPM}'}")
    entries = object_of(report["vulnerabilities"], "vulnerabilities")
    findings = [finding for name, entry in entries.items() for finding in _advisories(name, object_of(entry, name))]
    counts = object_of(object_of(report.get("metadata"), "metadata").get("vulnerabilities"), "metadata.vulnerabilities")
    if counts.get("total") != len(entries):
        raise ValueError(f"its total is {counts.get('total')} vulnerabilities, but it lists {len(entries)}")
    return Scan(path, tuple(findings))


def _advisories(name: str, entry: Mapping[str, Any]) -> Iterator[Finding]:
    """The advisories about a package; a package that is vulnerable only through others is one finding."""
    place = f"{name} {entry.get('range', '')}".strip()
    own = [one for one in list_of(entry.get("via", []), f"{name}: via") if isinstance(one, Mapping)]
    for one in own:
        advisory = str(one.get("url") or "").rpartition("/")[2] or f"npm:{one.get('source')}"
        yield Finding("npm audit", advisory, severity_of_npm(str(one.get("severity"))), place)
    if not own:
        yield Finding("npm audit", f"npm:{name}", severity_of_npm(str(entry.get("severity"))), place)
