"""The project passes its own security gate: what is demanded of every release is demanded of this code.

`python -m tools.security.gates` runs bandit, cfn-lint (definitions and IAM, in a shadow template), detect-secrets and
pip-audit, and judges what they report as `CheckGates` does, with `tools/security/allowed.yml` as allow-list.
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
CODE = ("functions", "components", "statemachines", "cli", "local", "tools", "__main__.py")
STACKS = ("test", "staging", "production")
_TOOLS = Path(sys.executable).parent
_PATIENCE_SECONDS = 300


def bandit(folder: Path) -> Scan | Unreadable:
    """Our Python; what its settings in pyproject.toml leave out is said there."""
    there = [name for name in CODE if (ROOT / name).exists()]
    report = folder / "bandit.sarif"
    _run("bandit", "-q", "-c", "pyproject.toml", "-f", "sarif", "-o", str(report), "-r", *there)
    return _read(report)


def cfn_lint(folder: Path) -> Iterator[Scan | Unreadable]:
    """Every policy and definition of every stack, as a CloudFormation template would carry them."""
    from tests.components.recorder import REGION, run_main
    from tests.program.template import template

    layer = folder / "layer"
    (layer / "python").mkdir(parents=True)
    package.LAYER = layer  # the shadow needs a layer's place, not its content
    for stack in STACKS:
        shadow, report = folder / f"{stack}.json", folder / f"cfn-lint-{stack}.sarif"
        shadow.write_text(json.dumps(template(run_main(stack).recorder)), "utf-8")
        _run("cfn-lint", "-r", REGION, "-f", "sarif", "--output-file", str(report), "-t", str(shadow))
        yield _read(report)


def detect_secrets() -> Scan | Unreadable:
    """Every file that git knows, tests included."""
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
    """Every package that is installed here."""
    report = folder / "pip-audit.json"
    _run("pip-audit", "--local", "--progress-spinner", "off", "-f", "json", "-o", str(report))
    with _packed(report) as archive:
        return read_pip_audit(archive, report.name)


def main() -> int:
    """Exit code 1 when something critical or high is not allowed, or when a report can't be read."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scans = [bandit(folder), *cfn_lint(folder), detect_secrets()]
        audited = pip_audit(folder)
    if isinstance(audited, Unreadable):
        # The one tool that needs a service outside: said plainly, and no reason to stop work without a network.
        sys.stdout.write(f"security: NOT AUDITED: {audited.reason[:200]}\n")
    else:
        scans.append(audited)
    allowed = read_allow_list((ROOT / ALLOWED).read_bytes(), ALLOWED)
    gate = judge_findings(scans, allowed, datetime.now(UTC).date())
    sys.stdout.write(f"security: {gate.outcome}: {gate.reason}\n")
    return 0 if gate.outcome == "passed" else 1


def _run(tool: str, *arguments: str) -> str:
    """Run a tool; its exit code also counts findings, so that its report is what tells."""
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
    """The report inside an archive, as a build would leave it; a tool that wrote none leaves an empty one."""
    buffer = BytesIO()
    with ZipFile(buffer, "w") as writer:
        if report.exists():
            writer.write(report, report.name)
    return ZipFile(buffer)


if __name__ == "__main__":
    sys.exit(main())
