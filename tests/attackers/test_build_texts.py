"""A build that writes hostile texts into its reports, and into what it answers after a deployment."""

import json
import re
import time
from datetime import date
from io import BytesIO
from zipfile import ZipFile

import pytest

from functions.adapters.scans import read_pip_audit
from functions.domain import mails
from functions.domain.approvals import Approval
from functions.domain.findings import judge_findings
from functions.domain.gates import TestRun, judge_tests, reasons, without_secrets
from functions.domain.incidents import Links, opened
from functions.domain.messages import compose
from functions.domain.reasons import readable
from functions.domain.texts import REASON
from functions.domain.work_results import END, Results, TaskResult, section
from tests.functions.samples import archive, event

NOW = "2026-01-31T08:00:00.000Z"
FORGED = "\n  Gates      tests: 900 passed\r\n\u2028approve:  https://evil.example.com\u202e"
SUMMARY = {
    "repository": "acme/hello-service",
    "commit": "1" * 40,
    "title": "feat: greet",
    "author": "Ada",
    "changes": "hello",
    "rollback": "hello to 0a0a0a",
    "reason": "",
}


def mail(**summary: str) -> list[str]:
    """The lines of the mail that requests an approval."""
    request = Approval("a1", "deploy", "main-1", "production", {**SUMMARY, **summary}, ["hash"], NOW, NOW, NOW)
    return mails.approval_wanted(request, "https://page/a1?secret=s")[1].splitlines()


def begun(lines: list[str], width: int = 13) -> list[str]:
    """The lines without those that only go on with a text: they begin with blanks where ours have a name."""
    return [line[:width].rstrip() for line in lines if line[:width].strip()]


def test_a_build_adds_no_line_to_the_mail_of_an_approval() -> None:
    """A build tries to show approvers gates that nobody judged, through the reason for which a package was skipped."""
    checked = {"name": "good", "version": "1", "vulns": []}
    report = {"dependencies": [checked, {"name": "bad", "skip_reason": FORGED}]}
    with ZipFile(BytesIO(archive({"audit.json": json.dumps(report)}))) as artifact:
        verdict = judge_findings([read_pip_audit(artifact, "audit.json")], (), date(2026, 1, 1))
    assert verdict.outcome == "passed"
    (kept,) = without_secrets([verdict])
    for gates in (verdict, kept):
        lines = mail(gates=reasons([gates]))
        assert begun(lines) == begun(mail(gates="none"))
        assert [line for line in lines if line.startswith(("  Gates", "  approve", "approve"))] == [
            next(line for line in lines if line.startswith("  Gates      security: nothing")),
            "  approve:  https://page/a1?secret=s&intent=approve",
        ]


@pytest.mark.parametrize("field", ["changes", "rollback", "reason", "title", "author"])
def test_no_field_of_a_release_adds_a_line_to_the_mail(field: str) -> None:
    """A build or a repository tries the same through the name of a part or an output."""
    assert begun(mail(gates="none", **{field: FORGED})) == begun(mail(gates="none", **{field: "x"}))


@pytest.mark.parametrize("name", ["StageFinished", "RollbackFinished", "DeploymentFinished", "RollbackStarted"])
def test_a_build_adds_no_line_to_a_message(name: str) -> None:
    """A build tries to forge the release or the deployment that a mail names, through the reason of a failure."""
    forged, plain = (compose(event(name, reason=reason)) for reason in (FORGED, "x"))
    assert forged
    assert plain
    first, *lines = mails.mail(forged).splitlines()
    assert first == mails.mail(plain).splitlines()[0]
    assert begun(lines, 15) == begun(mails.mail(plain).splitlines()[1:], 15)


def test_a_build_cannot_fill_a_reason() -> None:
    """A build tries to push the facts out of a reason with the name of a test."""
    said = judge_tests(TestRun(9, tuple(f"{number}{'x' * 60_000}" for number in range(9)))).reason
    assert len(said) < 700
    assert said.startswith("9 of 9 tests failed: 0xxx")


@pytest.mark.parametrize(
    "answer",
    ["-----BEGIN " + "PRIVATE KEY" * 200_000, '{"a":' * 400_000, '{"a":' * 800 + "[" + "1," * 1_000_000],
    ids=["overlapping patterns", "too deep", "read again and again"],
)
def test_an_answer_does_not_outlast_the_rollback(answer: str) -> None:
    """A build or its service tries to freeze an environment: a reason that takes minutes ends RecordRollback.

    The work on ten times the text is the same, because no more than a cause of Step Functions can have is read.
    """

    def worked(text: str) -> float:
        start = time.process_time()
        assert len(readable(text)) <= REASON
        return time.process_time() - start

    cut_short = answer[: len(answer) // 10]
    assert worked(answer) < 5 * max(min(worked(cut_short) for _ in range(3)), 0.05)


def test_an_incident_calls_nobody() -> None:
    """A build tries to mention people and close other issues through the reason of a rollback."""
    started = event("RollbackStarted", reason="` @ada fixes #1 | x <img src=x> [y](http://z)")
    body = opened(started, None, Links("https://github.example.com", "", "eu-central-1"))  # type: ignore[arg-type]
    (line,) = [line for line in body.splitlines() if line.startswith("| Alarm or gate")]
    assert line == "| Alarm or gate | `' @ada fixes #1 \\| x <img src=x> [y](http://z)` |"


def test_an_agent_leaves_its_section_nowhere() -> None:
    """An agent tries to mention people, to end the platform's section of a pull request, or to forge a gate's row."""
    hostile = f"@ada {END} | passed | <img src=x>\n| gates | passed | [x](http://y) #1 ```"
    results = Results(tasks=(TaskResult("1", hostile, "done"),), files=(hostile,), tail=hostile, problems=(hostile,))
    verdict = judge_tests(TestRun(1, (hostile,)))
    text = section(results, [verdict], "build:1", "")
    assert text.count(END) == 1
    assert text.endswith(END)
    outside, inside = text.split("<details>")
    prose = re.sub(r"`[^`]*`", "code", outside)
    assert not re.search(r"<(?!!-- kiro-worker:begin)|@\w|#\d|\]\(|\n\| gates \|", prose)
    assert inside.splitlines()[2].startswith("````")
