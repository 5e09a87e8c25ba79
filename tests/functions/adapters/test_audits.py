"""Reports of audit tools, and the reports of other tools in their place."""

from typing import Any

import pytest

from functions.adapters.audits import npm_audit, other_tool, pip_audit


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (
            [{"name": "flask", "version": "1", "vulns": []}],
            "pip-audit 1 wrote it; run `pip-audit -f json`",
        ),
        ([{"type": "auditAdvisory", "data": {}}], "yarn 1 wrote it"),
        ([{"value": "lodash", "children": {}}], "yarn 2 or newer wrote it"),
        ({"advisories": {}, "runId": "1"}, "npm 6 wrote it; run `npm audit --json` with npm 7 or newer"),
        ({"SchemaVersion": 2, "Results": []}, "Trivy wrote it; name a report in SARIF"),
        ({"bomFormat": "CycloneDX"}, "a list of components"),
        ({"version": "2.1.0", "runs": []}, "it is SARIF; name it under gates.sarif"),
        ({"results": [{"test_id": "B602"}]}, "bandit wrote it"),
        ({"unknown": 1}, ""),
        (7, ""),
    ],
)
def test_who_wrote_a_report_and_what_to_run_instead(document: Any, said: str) -> None:
    """The error about another tool's report names that tool and the command to run instead."""
    assert other_tool(document).startswith(said)
    assert bool(other_tool(document)) == bool(said)


def test_an_audit_that_checked_no_package_is_refused() -> None:
    """A report in which every package was skipped is an error: pip-audit writes it without its advisory service."""
    skipped = {"dependencies": [{"name": "flask", "skip_reason": "not found"}]}
    with pytest.raises(ValueError, match=r"checked no package: flask \(not found\)"):
        pip_audit("report.json", skipped)


def test_a_report_that_contradicts_itself_is_refused() -> None:
    """An npm report whose total in `metadata` differs from its list is an error."""
    with pytest.raises(ValueError, match="its total is 2 vulnerabilities, but it lists 0"):
        npm_audit("report.json", {"vulnerabilities": {}, "metadata": {"vulnerabilities": {"total": 2}}})
