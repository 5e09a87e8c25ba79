"""PublishChecks: verdicts are check runs of an App, with annotations (G5)."""

import json
from typing import Any

import pytest

from functions.domain.errors import GitHubUnavailableError
from functions.domain.gates import Verdict
from functions.domain.releases import Release
from local.github import LocalGitHub
from local.github.records import CheckRun
from tests.functions.adapters.github.test_credentials import key
from tests.functions.delivered import artifact, uploaded
from tests.functions.samples import DEPLOYMENT, detail
from tests.functions.stack import Stack
from tests.local.github.support import REPOSITORY, WorkingCopy

__all__ = ["key"]

KEY = f"deployments/{DEPLOYMENT}/build.zip"
GATES = (Verdict("tests", "failed", "1 of 1 tests failed"), Verdict("coverage", "passed", "lines 90.0 %"))
CASE = (
    '<testcase classname="tests.test_sum" name="test_{0}"><failure message="assert {0} == 2">{1}</failure></testcase>'
)
# As pytest 8 writes it by default (junit_family xunit2): the place is the last line of the trace.
TRACE = "def test_sum():\n&gt;   assert 1 == 2\nE   assert 1 == 2\n\ntests/test_sum.py:7: AssertionError"


@pytest.fixture
def sha(copy: WorkingCopy) -> str:
    """A commit on GitHub."""
    commit = copy.commit("one", {"a": "1"})
    copy.push()
    return commit


@pytest.fixture
def app(stack: Stack, hub: LocalGitHub, key: tuple[str, str]) -> None:
    """The credential is an App."""
    hub.add_app("12", 34, key[1], {"checks": "write", "statuses": "write", "metadata": "read", "contents": "read"})
    credential = {"appId": "12", "installationId": "34", "privateKey": key[0]}
    stack.client("secretsmanager").put_secret_value(SecretId="kiro-github", SecretString=json.dumps(credential))


def event(stack: Stack, sha: str, failures: int = 1, **changes: Any) -> dict[str, Any]:
    """The verdicts on a build with so many failed tests."""
    cases = "".join(CASE.format(number, TRACE) for number in range(failures))
    artifact(stack, KEY, {"junit.xml": f'<testsuite name="s">{cases}</testsuite>'})
    facts = {
        "release": Release(REPOSITORY, "refs/heads/main", sha),
        "gates": GATES,
        "artifact": KEY,
        "digest": uploaded(stack, KEY),
        "settings": {"tests": {"junit": ["junit.xml"]}},
    }
    return {"detail-type": "GatesJudged", "detail": detail("GatesJudged", **{**facts, **changes})}


def shown(hub: LocalGitHub) -> list[CheckRun]:
    """The check runs."""
    return hub.repository(REPOSITORY).check_runs


@pytest.mark.usefixtures("app")
def test_a_failed_test_is_annotated_once(stack: Stack, hub: LocalGitHub, sha: str) -> None:
    """A repeated event adds nothing; the other gate has a check run of its own."""
    for _ in range(2):
        stack.run("events.publish_checks", event(stack, sha))
    tests, coverage = shown(hub)
    assert (tests.name, tests.status, tests.conclusion) == ("kiro/gate/tests", "completed", "failure")
    (note,) = tests.annotations
    assert (note["path"], note["start_line"], note["title"]) == ("tests/test_sum.py", 7, "tests.test_sum.test_0")
    assert note["message"] == "assert 0 == 2"
    assert (coverage.conclusion, coverage.annotations) == ("success", [])


@pytest.mark.usefixtures("app")
def test_annotations_go_on_where_a_try_ended(stack: Stack, hub: LocalGitHub, sha: str) -> None:
    """Fifty in a request: GitHub adds those of the next one, and none comes twice."""
    fault = hub.respond_with("PATCH", ".*/check-runs/.*", 502, times=9)
    with pytest.raises(GitHubUnavailableError):
        stack.run("events.publish_checks", event(stack, sha, 120))
    fault.times = 0
    for _ in range(2):
        stack.run("events.publish_checks", event(stack, sha, 120))
    tests = shown(hub)[0]
    assert [one["message"] for one in tests.annotations] == [f"assert {number} == 2" for number in range(120)]


@pytest.mark.usefixtures("app")
def test_another_deployment_has_runs_of_its_own(stack: Stack, hub: LocalGitHub, sha: str) -> None:
    """The same commit is judged again; another App's run of the same name and id is left alone."""
    theirs = CheckRun(1, sha, "kiro/gate/tests", hub.store.person("app-99[bot]"), hub.repository(REPOSITORY).created)
    theirs.external_id = f"{DEPLOYMENT}/tests"
    shown(hub).append(theirs)
    for name in (DEPLOYMENT, "operator-1"):
        stack.run("events.publish_checks", event(stack, sha, deploymentId=name))
    assert [one.external_id for one in shown(hub) if one.name == "kiro/gate/tests"] == [
        f"{DEPLOYMENT}/tests",
        f"{DEPLOYMENT}/tests",
        "operator-1/tests",
    ]
    assert theirs.conclusion is None


@pytest.mark.usefixtures("app")
def test_without_reports_the_verdict_is_shown(stack: Stack, hub: LocalGitHub, sha: str) -> None:
    """A build that uploaded nothing, and an artifact that was overwritten since."""
    stack.run("events.publish_checks", event(stack, sha, digest=""))
    stack.run("events.publish_checks", event(stack, sha, digest="0" * 64, deploymentId="other"))
    assert [len(one.annotations) for one in shown(hub)] == [0] * 4


@pytest.mark.usefixtures("app")
def test_an_app_sets_no_status_of_a_gate_beside_its_check(stack: Stack, hub: LocalGitHub, sha: str) -> None:
    """One mark for each verdict; `kiro/gates` for all of them stays a status."""
    stack.run("events.publish_status", event(stack, sha))
    assert [one.context for one in hub.repository(REPOSITORY).statuses] == ["kiro/gates"]


def test_a_token_sets_statuses_and_no_checks(stack: Stack, hub: LocalGitHub, sha: str) -> None:
    """GitHub refuses check runs of a token."""
    judged = event(stack, sha)
    assert stack.run("events.publish_checks", judged)["checks"] == []
    stack.run("events.publish_status", judged)
    contexts = [one.context for one in hub.repository(REPOSITORY).statuses]
    assert contexts == ["kiro/gates", "kiro/gate/tests", "kiro/gate/coverage"]
    assert shown(hub) == []
