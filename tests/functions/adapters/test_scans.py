"""Scanner reports: real ones on samples with and without a flaw, and invalid ones."""

import json
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from functions.adapters.scans import read_npm_audit, read_pip_audit, read_sarif, read_scans
from functions.domain.findings import Allowance, Scan, Scans, judge_findings
from functions.domain.gates import Unreadable, Verdict
from functions.domain.limits import JSON
from tests.functions.adapters.scanning import Reader, read, sarif
from tests.functions.samples import archive

RECORDED = Path(__file__).parents[2] / "recorded"
TOOLS = Path(sys.executable).parent
TODAY = date(2026, 1, 31)
FLAWED = "import subprocess\n\n\ndef run(command):\n    return subprocess.call(command, shell=True)\n"
CLEAN = "def run(command):\n    return command\n"
OPEN_ROLE = """Resources:
  Role:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: p
      Roles: [r]
      PolicyDocument: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "s3:GetObjekt", Resource: "*"}]}
"""
GOOD_ROLE = OPEN_ROLE.replace("GetObjekt", "GetObject")


def verdict(reader: Reader, report: str | bytes) -> Verdict:
    """The verdict of the security gate on one report."""
    return judge_findings([read(reader, report)], (), TODAY)


def tool(*command: str, folder: Path) -> None:
    """Run a tool; scanners exit with 1 if they have findings, cfn-lint with 2 or 4."""
    done = subprocess.run(
        [str(TOOLS / command[0]), *command[1:]], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 1, 2, 4), done.stderr


@pytest.mark.parametrize(
    ("source", "clean", "command", "id_", "outcome"),
    [
        ("app.py", CLEAN, ("bandit", "-q", "-f", "sarif", "-o", "out.sarif", "app.py"), "B602", "failed"),
        (
            "app.py",
            CLEAN,
            ("ruff", "check", "--isolated", "--select", "S", "--output-format", "sarif", "-o", "out.sarif", "app.py"),
            "S602",
            "failed",
        ),
        pytest.param(
            "template.yaml",
            GOOD_ROLE,
            ("cfn-lint", "-f", "sarif", "--output-file", "out.sarif", "template.yaml"),
            "W3037",
            "passed",
            marks=pytest.mark.long,  # seconds, where the others take a tenth of one
        ),
    ],
    ids=["bandit", "ruff", "cfn-lint"],
)
def test_tools_that_run_here(
    tmp_path: Path, source: str, clean: str, command: tuple[str, ...], id_: str, outcome: str
) -> None:
    """The report of each tool names the flaw of a sample by its rule; a clean sample passes."""
    flawed = FLAWED if source.endswith(".py") else OPEN_ROLE
    for text, expected in ((flawed, outcome), (clean, "passed")):
        (tmp_path / source).write_text(text, "utf-8")
        tool(*command, folder=tmp_path)
        scan = read(read_sarif, (tmp_path / "out.sarif").read_bytes())
        assert isinstance(scan, Scan), scan
        ids = {finding.id for finding in scan.findings}
        assert (id_ in ids) is (text == flawed), scan
        assert judge_findings([scan], (), TODAY).outcome == expected


@pytest.mark.long
def test_a_broken_template_blocks(tmp_path: Path) -> None:
    """Errors of cfn-lint are high."""
    (tmp_path / "template.yaml").write_text(GOOD_ROLE.replace("PolicyName: p", "PolicyNome: p"), "utf-8")
    tool("cfn-lint", "-f", "sarif", "--output-file", "out.sarif", "template.yaml", folder=tmp_path)
    gate = verdict(read_sarif, (tmp_path / "out.sarif").read_bytes())
    assert (gate.outcome, "HIGH E3003 in template.yaml:4 (cfn-lint)" in gate.reason) == ("failed", True), gate.reason


@contextmanager
def advisory_service() -> Iterator[str]:
    """An OSV service with one vulnerability of one package."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            vulns = []
            if asked["package"]["name"] == "jinja2":
                affected = {"package": {"name": "jinja2", "ecosystem": "PyPI"}, "ranges": [], "versions": ["2.10"]}
                vulns = [
                    {
                        "id": "GHSA-462w-v97r-4m45",
                        "aliases": ["CVE-2019-10906"],
                        "summary": "sandbox escape",
                        "modified": "2024-01-01T00:00:00Z",
                        "affected": [affected],
                    }
                ]
            body = json.dumps({"vulns": vulns} if vulns else {}).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *_: object) -> None:  # noqa: A002 - the name of the base class
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_pip_audit_on_a_known_flaw(tmp_path: Path) -> None:
    """The gate fails for a vulnerable package, with id and alias, and passes for another."""
    with advisory_service() as url:
        for package, expected in (("jinja2==2.10", "failed"), ("dacite==1.9.2", "passed")):
            (tmp_path / "requirements.txt").write_text(package, "utf-8")
            service = ("-s", "osv", "--osv-url", url, "--no-deps", "--disable-pip", "--cache-dir", str(tmp_path))
            tool("pip-audit", "-r", "requirements.txt", *service, "-f", "json", "-o", "out.json", folder=tmp_path)
            report = (tmp_path / "out.json").read_bytes()
            gate = verdict(read_pip_audit, report)
            assert gate.outcome == expected, gate.reason
            if expected == "failed":
                assert "GHSA-462w-v97r-4m45" in gate.reason or "CVE-2019-10906" in gate.reason
                allowed = Allowance("CVE-2019-10906", "no template of others", "ada", TODAY.isoformat())
                assert judge_findings([read(read_pip_audit, report)], [allowed], TODAY).outcome == "passed"


@pytest.mark.parametrize(
    ("name", "reader", "said"),
    [
        ("semgrep-1.182.0.sarif", read_sarif, "HIGH shell-true in app.py:5"),
        ("checkov-3.3.30.sarif", read_sarif, "HIGH CKV_AWS_"),
        ("cfn-guard-3.1.1.sarif", read_sarif, "HIGH S3_BUCKET_LOGGING_ENABLED in sample/template.yml:5"),
        ("npm-audit-11.19.1.json", read_npm_audit, "CRITICAL GHSA-jf85-cpcp-j695 in lodash"),
        ("npm-audit-11.19.1-refused.json", read_npm_audit, "405 Method Not Allowed"),
        ("pip-audit-2.10.1-skipped.json", read_pip_audit, "pip-audit checked no package"),
    ],
)
def test_recorded_reports_of_flawed_samples_block(name: str, reader: Reader, said: str) -> None:
    """Recorded reports with findings fail, as do those of tools that could not reach their advisories."""
    gate = verdict(reader, (RECORDED / name).read_bytes())
    assert (gate.outcome, said in gate.reason) == ("failed", True), gate.reason


@pytest.mark.parametrize(
    ("name", "reader"),
    [
        ("semgrep-1.182.0-clean.sarif", read_sarif),
        ("checkov-3.3.30-clean.sarif", read_sarif),
        ("cfn-guard-3.1.1-clean.sarif", read_sarif),
        ("npm-audit-11.19.1-clean.json", read_npm_audit),
    ],
)
def test_recorded_reports_of_clean_samples_pass(name: str, reader: Reader) -> None:
    """Recorded reports without findings pass."""
    assert verdict(reader, (RECORDED / name).read_bytes()).outcome == "passed"


def test_a_glob_is_every_report_that_matches() -> None:
    """A glob reads all files that match; without a match the gate fails."""
    files: dict[str, str | bytes] = {"a/x.sarif": sarif(), "b/x.sarif": sarif()}
    with ZipFile(BytesIO(archive(files))) as opened:
        scans = list(read_scans(opened, Scans(sarif=("*/x.sarif", "none/*.sarif"))))
    assert [isinstance(one, Scan) for one in scans] == [True, True, False]


DEEP = "[" * 100_000


@pytest.mark.parametrize(
    ("reader", "report", "said"),
    [
        (read_sarif, "", "report.json: Expecting value"),
        (read_sarif, DEEP, "report.json: nested too deep"),
        (read_sarif, '{"version": "2.1.0", "runs": ' + '{"a":' * 100_000, "nested too deep"),
        (read_sarif, sarif().encode("utf-16"), "not UTF-8"),
        (read_sarif, b'{"a": "\xe9"}', "not UTF-8"),
        (read_sarif, '{"version": NaN}', "NaN is not a JSON number"),
        (read_sarif, "[]", "the document is missing or not an object"),
        (read_sarif, "{}", "not SARIF 2.1.0"),
        (read_sarif, '{"version": "2.1.0"}', "runs is missing or not a list"),
        (read_sarif, '{"version": "2.1.0", "runs": []}', "nothing was scanned"),
        (read_sarif, '{"version": "2.1.0", "runs": [7]}', "an item of runs is missing or not an object"),
        (read_sarif, '{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x"}}}]}', "has no results"),
        (read_sarif, sarif(invocations=[{"executionSuccessful": False}]), "reports that it did not finish"),
        (read_sarif, sarif({"ruleId": "R1", "level": "catastrophe"}), "'catastrophe' is unknown"),
        (read_sarif, sarif({"ruleId": "R1", "properties": {"security-severity": "nan"}}), "not a CVSS score"),
        (read_sarif, sarif({"ruleId": "R1", "properties": {"security-severity": "-9"}}), "not a CVSS score"),
        (read_sarif, sarif({"ruleId": "R1", "properties": {"security-severity": []}}), "not a CVSS score"),
        (
            read_sarif,
            sarif({"ruleId": "R1", "properties": {"security-severity": "bad"}}),
            "R1: security-severity is 'bad'",
        ),
        (read_sarif, sarif({"ruleId": "R1", "properties": {"security-severity": True}}), "not a CVSS score"),
        (read_sarif, sarif({"ruleId": "R1", "properties": {"security-severity": "7,5"}}), "security-severity is '7,5'"),
        (read_pip_audit, "{}", "dependencies is missing"),
        (read_pip_audit, '{"dependencies": []}', "checked no package"),
        (read_pip_audit, '{"dependencies": [{"name": "a", "vulns": [{"id": "x", "aliases": "y"}]}]}', "aliases is"),
        (read_npm_audit, "{}", "not a report of npm 7"),
        (read_npm_audit, '{"advisories": {}}', "not a report of npm 7"),
        (read_npm_audit, '{"vulnerabilities": {}}', "metadata is missing"),
        (read_npm_audit, '{"vulnerabilities": {}, "metadata": {"vulnerabilities": {"total": 2}}}', "its total is 2"),
        (read_npm_audit, '{"vulnerabilities": {}, "metadata": {"vulnerabilities": {"total": -1}}}', "its total is -1"),
        (read_npm_audit, '{"vulnerabilities": {"a": {"severity": "bad", "via": []}}}', "'bad' is unknown"),
    ],
)
def test_what_cannot_be_believed_is_refused(reader: Reader, report: str | bytes, said: str) -> None:
    """An invalid report fails the gate, with file and reason."""
    found = read(reader, report)
    assert isinstance(found, Unreadable), found
    assert found.reason.startswith("report.json: ")
    assert said in found.reason
    assert verdict(reader, report).outcome == "failed"


def test_a_missing_report_is_refused() -> None:
    """A report that is not in the artifact is Unreadable, with the next step."""
    with ZipFile(BytesIO(archive({"other": ""}))) as opened:
        found = read_sarif(opened, "scan.sarif")
    assert found == Unreadable("scan.sarif: not in the build's artifact; add it to the artifacts of the buildspec")


def huge(size: int, claimed: int | None = None) -> bytes:
    """An archive whose report unpacks to this size, with another size in its directory."""
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as writer, writer.open("scan.sarif", "w") as report:
        for _ in range(size // (1 << 20)):
            report.write(b" " * (1 << 20))
    raw = packed.getvalue()
    return raw if claimed is None else raw.replace(size.to_bytes(4, "little"), claimed.to_bytes(4, "little"))


@pytest.mark.parametrize("claimed", [None, 10], ids=["honest", "lying"])
def test_a_hundred_megabytes_are_refused_without_being_read(claimed: int | None) -> None:
    """Memory is bounded, even if the size in the archive's directory is false."""
    raw = huge(100 << 20, claimed)
    tracemalloc.start()
    try:
        with ZipFile(BytesIO(raw)) as opened:
            found = read_sarif(opened, "scan.sarif")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert isinstance(found, Unreadable)
    assert found.reason.startswith("scan.sarif")
    assert peak < JSON.size
