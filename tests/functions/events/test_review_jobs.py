"""Jobs of GitHub Actions ask the platform, and get one answer (P13)."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.waiting_jobs import WaitingJobs
from functions.domain.environments import Environment, Freeze
from functions.domain.errors import GitHubRefusedError, GitHubUnavailableError
from functions.domain.gates import Verdict
from functions.domain.job_reviews import Job
from functions.domain.owners import Claim
from functions.domain.releases import Release, execution_name
from functions.handler import encode
from local.github import LocalGitHub
from local.github.records import WaitingJob
from local.github.rest_actions import start_job
from tests.functions.adapters.github.test_credentials import key
from tests.functions.delivered import alarm
from tests.functions.samples import NOW, environment
from tests.functions.stack import MACHINES, Stack
from tests.local.github.support import REPOSITORY, WorkingCopy

__all__ = ["key"]

INSTALLATION = 34
HELD = {"actions": "read", "deployments": "write", "contents": "read", "metadata": "read"}
PRODUCTION = environment(demanded_gates=["tests"], critical_alarms=["errors"])
MAIN = "refs/heads/main"


@pytest.fixture(autouse=True)
def _app(stack: Stack, hub: LocalGitHub, key: tuple[str, str]) -> None:
    """The credential is an App that has what `docs/triggers.md` tells to grant, and no more."""
    hub.add_app("12", INSTALLATION, key[1], HELD)
    credential = {"appId": "12", "installationId": str(INSTALLATION), "privateKey": key[0]}
    stack.client("secretsmanager").put_secret_value(SecretId="kiro-github", SecretString=json.dumps(credential))
    settings(stack, PRODUCTION)
    alarm(stack, "errors")


def settings(stack: Stack, entered: Environment) -> None:
    """What the definition of `deployment` carries."""
    begin = {
        "Arguments": {"repositories": [encode(Claim(REPOSITORY))]},
        "Assign": {"environments": [encode(environment(name="test")), encode(entered)]},
    }
    stack.client("stepfunctions").update_state_machine(
        stateMachineArn=MACHINES["deployment"], definition=json.dumps({"States": {"Begin": begin}})
    )


@pytest.fixture
def run(hub: LocalGitHub, copy: WorkingCopy) -> WaitingJob:
    """A job of main's head that waits for production."""
    copy.commit("first", {"a": "1"})
    copy.push()
    return start_job(hub, REPOSITORY, INSTALLATION, "production")


def asked(stack: Stack, run: WaitingJob, number: int = 0) -> Job:
    """What the webhook keeps of it; `number` is that of another run."""
    job = Job(REPOSITORY, number or run.id, run.environment, run.sha, run.ref, NOW)
    WaitingJobs.connect(stack.clients).keep(job)
    return job


def judged(stack: Stack, sha: str, outcome: str = "passed", ref: str = MAIN) -> None:
    """The platform has built the commit and judged its gates."""
    name, deployments = execution_name(REPOSITORY, ref, sha), DeploymentsTable.connect(stack.clients)
    deployments.begin(name, Release(REPOSITORY, ref, sha), "arn:e", "push")
    verdict: Any = Verdict("tests", outcome, "3 passed" if outcome == "passed" else "1 of 3 tests failed: `test_a`")  # type: ignore[arg-type]
    deployments.note(name, gates=(verdict,))


def review(stack: Stack, **event: Any) -> list[str]:
    """Run the handler; the states of the answers."""
    done: list[str] = stack.run("events.review_jobs", event)["jobs"]
    return [one.rpartition(": ")[2] for one in done]


def waiting(stack: Stack) -> list[Job]:
    """The jobs that are kept."""
    return list(WaitingJobs.connect(stack.clients).all())


def test_a_job_is_approved_with_the_reasons_and_forgotten(stack: Stack, run: WaitingJob) -> None:
    """P13: the App needs no more than it holds; nothing is left to answer."""
    job = asked(stack, run)
    judged(stack, run.sha)
    assert review(stack, job=job) == ["approved"]
    assert (run.state, run.comment) == (
        "approved",
        "tests: 3 passed; no alarm is in ALARM; no windows are set",
    )
    assert waiting(stack) == []
    assert review(stack) == []


def test_a_failed_gate_rejects(stack: Stack, run: WaitingJob) -> None:
    """The comment names it; names of tests are data of the repository, and no markup."""
    asked(stack, run)
    judged(stack, run.sha, "failed")
    assert review(stack) == ["rejected"]
    assert (run.state, "1 of 3 tests failed" in run.comment) == ("rejected", True)


def test_a_frozen_environment_is_waited_for_and_reported_once(stack: Stack, run: WaitingJob) -> None:
    """The run shows who froze it; the event of the unfreeze lets it go on."""
    asked(stack, run)
    judged(stack, run.sha)
    environments = EnvironmentsTable.connect(stack.clients)
    # Now, for a job waits for 14 days at most.
    environments.freeze("production", Freeze("incident 9", "Ada", NOW))
    WaitingJobs.connect(stack.clients).keep(replace(waiting(stack)[0], asked_at="2126-01-31T08:00:00.000Z"))
    assert [review(stack) for _ in range(3)] == [["waiting"]] * 3
    (report,) = run.reports
    assert "waits for the unfreeze: production is frozen" in report
    assert run.state == "waiting"
    environments.freeze("production", None)
    assert review(stack, **{"detail-type": "EnvironmentUnfrozen", "detail": {}}) == ["approved"]


def test_an_alarm_rejects_before_anything_is_deployed(stack: Stack, run: WaitingJob) -> None:
    """`onActiveAlarm: block`, read under the environment's read role."""
    asked(stack, run)
    judged(stack, run.sha)
    alarm(stack, "errors", "ALARM")
    assert review(stack) == ["rejected"]
    assert "alarm errors is in ALARM" in run.comment


def test_a_commit_beside_main_never_enters_a_protected_environment(
    stack: Stack, hub: LocalGitHub, copy: WorkingCopy, run: WaitingJob
) -> None:
    """G6: whatever was judged of it; an environment that is not protected takes it."""
    copy.git("switch", "--quiet", "--create", "topic")
    sha = copy.commit("topic", {"a": "2"})
    copy.push()
    judged(stack, sha, ref="refs/heads/main")
    beside = start_job(hub, REPOSITORY, INSTALLATION, "production", "topic")
    assert review(stack, job=asked(stack, beside)) == ["rejected"]
    assert f"{sha[:12]} is not on main, and production is protected" in beside.comment
    stack.settings["TRIGGERS"] = stack.settings["TRIGGERS"].replace('"protected": ["production"]', '"protected": []')
    again = start_job(hub, REPOSITORY, INSTALLATION, "production", "topic")
    assert review(stack, job=asked(stack, again)) == ["approved"]


def test_an_unknown_environment_is_rejected_with_those_of_the_settings(
    stack: Stack, hub: LocalGitHub, run: WaitingJob
) -> None:
    """The job would wait for 30 days otherwise."""
    other = start_job(hub, REPOSITORY, INSTALLATION, "qa")
    assert review(stack, job=asked(stack, other)) == ["rejected"]
    assert "may deliver to test, production" in other.comment


def test_a_run_that_was_cancelled_is_forgotten(stack: Stack, run: WaitingJob) -> None:
    """GitHub refuses the answer, and lists the run no more; nor a run that was deleted."""
    asked(stack, run)
    judged(stack, run.sha)
    run.state = "cancelled"
    assert review(stack) == ["gone"]
    asked(stack, run, run.id + 1000)
    assert review(stack) == ["gone"]
    assert waiting(stack) == []


def test_github_being_down_keeps_the_job(stack: Stack, hub: LocalGitHub, run: WaitingJob) -> None:
    """The next run answers; another job is answered now."""
    first, other = asked(stack, run), start_job(hub, REPOSITORY, INSTALLATION, "qa")
    asked(stack, other)
    judged(stack, run.sha)
    fault = hub.respond_with("POST", f".*/runs/{run.id}/deployment_protection_rule", 502, times=9)
    with pytest.raises(ExceptionGroup) as raised:
        review(stack)
    assert raised.group_contains(GitHubUnavailableError)
    assert (other.state, waiting(stack)) == ("rejected", [first])
    fault.times = 0
    assert review(stack) == ["approved"]


def test_a_token_can_not_answer(stack: Stack, hub: LocalGitHub, run: WaitingJob) -> None:
    """GitHub lets only the App review its rule; the error says so, and the job is kept."""
    stack.client("secretsmanager").put_secret_value(SecretId="kiro-github", SecretString='{"token": "ghp_local"}')
    asked(stack, run)
    judged(stack, run.sha)
    with pytest.raises(ExceptionGroup) as raised:
        review(stack)
    assert raised.group_contains(GitHubRefusedError, match="authenticate via a GitHub App")
    assert len(waiting(stack)) == 1
