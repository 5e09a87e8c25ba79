"""Secrets in the output of builds and in commits: none reaches a record, an issue or an error (I4)."""

import json
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest

from functions.adapters.deployments_table import DeploymentsTable
from functions.runtime import build
from local.github import LocalGitHub
from tests.functions.deployment.test_begin import begin
from tests.functions.deployment.test_check_gates import COVERAGE, PLAN, check
from tests.functions.domain.test_redaction import PEM, RANDOM, SHAPES
from tests.functions.events.test_track_incident import issues, track
from tests.functions.samples import DEPLOYMENT, EXECUTION, NOW, RELEASE
from tests.functions.stack import Stack
from tests.functions.stage.test_check_tests import check as check_tests
from tests.local.github.support import WorkingCopy

# One for each way in which the domain knows a secret; its own tests have every shape.
PLANTED = {
    "shape": SHAPES["ghp"],
    "pem": PEM.format(RANDOM),
    "basic auth": f"https://ada:{RANDOM}@example.com/x",
    "assignment": f"password={RANDOM}",
    "slack webhook": f"https://hooks.slack.com/services/T0/B0/{RANDOM}",
}
HIDDEN = (RANDOM, "IOSFODNN7")


def seen(thing: Any) -> list[str]:
    """The planted secrets that are still readable in a value."""
    return [word for word in HIDDEN if word in json.dumps(thing, default=str)]


@pytest.mark.parametrize("secret", PLANTED.values(), ids=PLANTED)
def test_a_report_is_recorded_and_announced_without_the_secret(stack: Stack, secret: str) -> None:
    """A secret in the name of a failed test is in no record, answer or announcement."""
    DeploymentsTable.connect(stack.clients).begin(DEPLOYMENT, RELEASE, "arn:e", "push")
    case = f"<testcase classname='c' name={quoteattr(secret)}><failure/></testcase>"
    junit = f"<testsuite name='s'>{case}</testsuite>"
    answer = check(stack, {"junit.xml": junit, "coverage.xml": COVERAGE}, plan=PLAN)
    after = check_tests(stack, {"junit.xml": junit}, performance="")
    assert "1 of 1 tests failed" in answer["reason"]
    assert "1 of 1 tests failed" in after["reason"]
    assert seen([answer, after, stack.deployment(), stack.told()]) == []


@pytest.mark.parametrize("secret", PLANTED.values(), ids=PLANTED)
def test_an_outcome_is_recorded_without_the_secret(stack: Stack, secret: str) -> None:
    """A secret in the reason of a deployment, stage or rollback is not recorded, also in Step Functions' wrapping."""
    DeploymentsTable.connect(stack.clients).begin(DEPLOYMENT, RELEASE, "arn:e", "push")
    reason = f"Verify: E: {json.dumps({'errorMessage': f'said {secret}', 'errorType': 'E'})}"
    shared = {"deploymentId": DEPLOYMENT, "reason": reason, "release": RELEASE, "environment": "test"}
    ended = [
        stack.run("stage.conclude", {**shared, "result": "failed", "startedAt": NOW}),
        stack.run(
            "rollback.record_rollback",
            {**shared, "result": "unknown", "cause": reason, "breachedAt": NOW, "startedAt": NOW},
        ),
        stack.run("deployment.conclude", {**shared, "outcome": "failed"}),
    ]
    assert seen([ended, stack.deployment(), stack.items("environments")]) == []


def test_a_commit_message_is_recorded_without_the_secret(stack: Stack, copy: WorkingCopy) -> None:
    """The message, which is the title of all notifications of the release, is redacted."""
    copy.commit("fix: use " + " and ".join(SHAPES.values()), {"a": "1"})
    copy.push()
    release = begin(stack)["release"]
    assert release["message"].startswith("fix: use [redacted]")
    assert seen([release, stack.deployment("main-1")]) == []


def test_an_incident_is_opened_without_the_secret(stack: Stack, hub: LocalGitHub) -> None:
    """The issue, which all readers of the repository see, is redacted."""
    reason = " ".join(SHAPES.values())
    track(stack, "RollbackStarted", reason=reason)
    track(stack, "RollbackFinished", reason=reason, result="partly", verifiedAt=NOW)
    (issue,) = issues(hub)
    assert seen([issue.body, *(comment.body for comment in issue.comments)]) == []
    assert "[redacted]" in issue.body


def test_an_error_is_raised_without_the_secret(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error's text, which Step Functions keeps in the execution's history, is redacted."""

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("GET https://ada:" + RANDOM + "@example.com failed", 404)

    monkeypatch.setattr("functions.adapters.builds.Builds.read", fail)
    handler = build("functions.shared.await_build", stack.clients)
    event = {"taskToken": "t", "execution": EXECUTION, "deploymentId": DEPLOYMENT, "buildId": "b:1"}
    with pytest.raises(RuntimeError, match="redacted") as raised:
        handler(event, None)
    assert (seen(str(raised.value)), raised.value.args[1]) == ([], 404)
