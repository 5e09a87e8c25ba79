"""Runs the security gate of `CheckGates` on this project.

`python -m tools.security.gates` runs bandit, cfn-lint (on definitions and IAM policies in a generated CloudFormation
template), detect-secrets and pip-audit, and judges their reports with `tools/security/allowed.yml` as the allow-list.
`make check` runs it.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

from components.functions import package
from functions.adapters.allow_list import read_allow_list
from functions.adapters.scans import read_pip_audit, read_sarif
from functions.domain.findings import Finding, Scan, judge_findings
from functions.domain.gates import Unreadable

ROOT = Path(__file__).parents[2]
ALLOWED = "tools/security/allowed.yml"
CODE = ("forwarding", "functions", "components", "statemachines", "cli", "local", "tools", "__main__.py")
STACKS = ("test", "staging", "production")
_TOOLS = Path(sys.executable).parent
_PATIENCE_SECONDS = 300


def bandit(folder: Path) -> Scan | Unreadable:
    """Scan the Python code, with the settings of pyproject.toml."""
    there = [name for name in CODE if (ROOT / name).exists()]
    report = folder / "bandit.sarif"
    _run("bandit", "-q", "-c", "pyproject.toml", "-f", "sarif", "-o", str(report), "-r", *there)
    return _read(report)


def cfn_lint(folder: Path) -> Iterator[Scan | Unreadable]:
    """Check all policies and definitions of all stacks, in generated CloudFormation templates."""
    from tests.components.recorder import REGION, run_main
    from tests.program.template import template

    layer = folder / "layer"
    (layer / "python").mkdir(parents=True)
    package.LAYER = layer  # the template contains the path of the layer, but not its content
    for stack in STACKS:
        generated, report = folder / f"{stack}.json", folder / f"cfn-lint-{stack}.sarif"
        generated.write_text(json.dumps(template(run_main(stack).recorder)), "utf-8")
        # E3010 is the limit of a template's resources; this template is never deployed.
        limits = ("-i", "E3010")
        _run("cfn-lint", "-r", REGION, *limits, "-f", "sarif", "--output-file", str(report), "-t", str(generated))
        yield _read(report)


def detect_secrets() -> Scan | Unreadable:
    """Scan every file that git tracks, including tests."""
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if files.returncode != 0:
        return Unreadable(f"git ls-files: {files.stderr.strip()}: run it in a checkout")
    names = [name for name in files.stdout.split("\0") if name and (ROOT / name).is_file()]
    found = json.loads(_run("detect-secrets", "scan", *names))["results"]
    findings = (
        Finding("detect-secrets", one["type"], "high", f"{file}:{one['line_number']}")
        for file, ones in found.items()
        for one in ones
    )
    return Scan("detect-secrets", tuple(findings))


def pip_audit(folder: Path) -> Scan | Unreadable:
    """Audit every installed package."""
    report = folder / "pip-audit.json"
    _run("pip-audit", "--local", "--progress-spinner", "off", "-f", "json", "-o", str(report))
    with _packed(report) as archive:
        return read_pip_audit(archive, report.name)


def main() -> int:
    """Return 1 if a critical or high finding is not accepted, or a report can't be read; else 0."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scans = [bandit(folder), *cfn_lint(folder), detect_secrets()]
        audited = pip_audit(folder)
    if isinstance(audited, Unreadable):
        # pip-audit is the only tool that needs the network; without it, this line is printed and the gate continues.
        sys.stdout.write(f"security: NOT AUDITED: {audited.reason[:200]}\n")
    else:
        scans.append(audited)
    allowed = read_allow_list((ROOT / ALLOWED).read_bytes(), ALLOWED)
    gate = judge_findings(scans, allowed, datetime.now(UTC).date())
    sys.stdout.write(f"security: {gate.outcome}: {gate.reason}\n")
    return 0 if gate.outcome == "passed" else 1


def _run(tool: str, *arguments: str) -> str:
    """Run a tool and return its output; the exit code is ignored, because it also depends on findings."""
    done = subprocess.run(
        [str(_TOOLS / tool), *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=_PATIENCE_SECONDS,
    )
    return done.stdout


def _read(report: Path) -> Scan | Unreadable:
    with _packed(report) as archive:
        return read_sarif(archive, report.name)


def _packed(report: Path) -> ZipFile:
    """The report in an archive, like that of a build; if the tool wrote no report, the archive is empty."""
    buffer = BytesIO()
    with ZipFile(buffer, "w") as writer:
        if report.exists():
            writer.write(report, report.name)
    return ZipFile(buffer)


if __name__ == "__main__":
    sys.exit(main())
