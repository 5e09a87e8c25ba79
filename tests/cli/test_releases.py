"""`kiro-worker show`, `cancel` and `retry`, and what asks before it changes a protected environment."""

from typing import Any

import pytest
from msgspec.structs import replace

from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.domain.environments import Freeze
from functions.domain.gates import Verdict
from functions.domain.records import RollbackRecord, StageRecord
from functions.domain.requests import Request
from functions.handler import encode
from tests.cli.conftest import Kiro, machine
from tests.cli.test_opening import function
from tests.functions.causes import keep_causes
from tests.functions.samples import COMMIT, DEPLOYMENT, NOW, RELEASE

REQUEST = Request(RELEASE.repository, "refs/heads/main", until="test", trigger="dispatch", by="ada", reason="the fix")


def begun(kiro: Kiro, **record: Any) -> str:
    """A deployment that runs; returns its execution."""
    client = kiro.clients.client("stepfunctions")
    answer = client.start_execution(stateMachineArn=machine("deployment"), name=DEPLOYMENT, input="{}")
    deployments = DeploymentsTable.connect(kiro.clients)
    deployments.begin(DEPLOYMENT, RELEASE, answer["executionArn"], "dispatch", REQUEST)
    if record:
        deployments.note(DEPLOYMENT, **record)
    return str(answer["executionArn"])


def test_show_tells_the_whole_story_of_a_release(kiro: Kiro) -> None:
    """T1: who started and approved it, gates, stages, rollback, end, links and executions, also as one text."""
    decision = {"purpose": "deploy", "state": "approved", "by": "grace", "at": NOW, "reason": "looks good"}
    execution = begun(
        kiro,
        gates=(Verdict("tests", "passed", "148 passed"),),
        gates_production=(Verdict("smoke", "failed", "GET / answered 500"),),
        rollback_production=RollbackRecord("restored", "both parts", "smoke failed", verified_at=NOW),
        approval_production_deploy={**decision, "consents": [{"by": "grace"}, {"by": "bob"}]},
    )
    deployments = DeploymentsTable.connect(kiro.clients)
    deployments.note_stage(DEPLOYMENT, "production", StageRecord("restored", "smoke failed", NOW, NOW))
    deployments.conclude(DEPLOYMENT, "restored", "production was restored")
    found = kiro.json("show", DEPLOYMENT)
    assert (found["commit"], found["by"], found["outcome"]) == (COMMIT, "ada", "restored")
    assert found["approvals"][0]["people"] == ["grace", "bob"]
    assert found["stages"][0]["gates"][0]["reason"] == "GET / answered 500"
    assert found["rollbacks"][0]["result"] == "restored"
    assert found["executions"][0]["name"] == DEPLOYMENT
    assert found["links"]["execution"].endswith(execution)
    shown = kiro.run("show", DEPLOYMENT).stdout
    words = ("the fix", "grace, bob", "looks good", "148 passed", "GET / answered 500", "both parts", COMMIT)
    assert [one for one in words if one not in shown] == []


def test_show_links_to_the_pages_that_there_are(kiro: Kiro, monkeypatch: pytest.MonkeyPatch) -> None:
    """T1: the commit on the GitHub of the stack's settings; an emulated AWS has no page of an execution."""
    begun(kiro)
    assert kiro.json("show", DEPLOYMENT)["links"]["commit"].startswith("https://github.com/acme/hello-service/commit/")
    function(GITHUB_URL="https://git.example.com")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "")  # moto takes any
    links = kiro.json("show", DEPLOYMENT)["links"]
    assert links == {"execution": "", "commit": f"https://git.example.com/acme/hello-service/commit/{COMMIT}"}


def test_show_of_what_is_not_there_names_the_next_step(kiro: Kiro) -> None:
    """T1: as every command."""
    done = kiro.run("show", "main-x")
    assert (done.exit_code, "`kiro-worker history` lists them" in done.stderr) == (1, True)


def test_cancel_stops_the_execution_with_its_cause(kiro: Kiro) -> None:
    """P9: caller and reason are given to Step Functions, and `show` shows them."""
    execution = begun(kiro)
    keep_causes(kiro.clients.client("stepfunctions"))
    done = kiro.json("cancel", DEPLOYMENT, "--reason", "wrong commit")
    found = kiro.clients.client("stepfunctions").describe_execution(executionArn=execution)
    assert (found["status"], found["cause"]) == ("ABORTED", done["cause"])
    assert done["cause"].startswith("cancelled by arn:aws:sts::")
    assert done["cause"].endswith(": wrong commit")
    assert kiro.json("show", DEPLOYMENT)["cause"] == done["cause"]
    again = kiro.run("cancel", DEPLOYMENT, "--reason", "wrong commit")
    assert (again.exit_code, "has ended as ABORTED" in again.stderr) == (1, True)


def test_a_rollback_is_not_cancelled(kiro: Kiro) -> None:
    """R4: stopped in the middle it would leave the environment unknown."""
    client = kiro.clients.client("stepfunctions")
    client.start_execution(stateMachineArn=machine("rollback"), name="rollback-production-1", input="{}")
    DeploymentsTable.connect(kiro.clients).begin("rollback-production-1", RELEASE, "", "operator")
    done = kiro.run("cancel", "rollback-production-1", "--reason", "no")
    assert (done.exit_code, "is a rollback" in done.stderr) == (1, True)


def test_retry_deploys_the_same_commit_by_the_same_request(kiro: Kiro) -> None:
    """W10, R6: how far it goes and what it changes stay; the caller is the new one."""
    begun(kiro)
    running = kiro.run("retry", DEPLOYMENT)
    assert (running.exit_code, "has no outcome yet" in running.stderr) == (1, True)
    DeploymentsTable.connect(kiro.clients).conclude(DEPLOYMENT, "failed", "the build failed")
    done = kiro.json("retry", DEPLOYMENT)
    given = kiro.executions("deployment")[done["deployment"]]
    wanted = replace(REQUEST, commit=COMMIT, trigger="operator", by=given["by"], reason=f"{DEPLOYMENT} is retried")
    assert given == encode(wanted)
    assert (done["until"], given["by"].startswith("arn:aws:sts::")) == ("test", True)


@pytest.mark.parametrize(
    "command",
    [
        ("deploy", "acme/hello-service", "main"),
        ("rollback", "production"),
        ("unfreeze", "production", "--reason", "over"),
        ("stop-all", "--reason", "the end"),
        ("cancel", DEPLOYMENT, "--reason", "wrong"),
        ("retry", DEPLOYMENT),
    ],
    ids=lambda command: command[0],
)
def test_what_changes_a_protected_environment_is_confirmed(kiro: Kiro, command: tuple[str, ...]) -> None:
    """T1: without a terminal it is refused, and the error says how to confirm it; nothing has changed."""
    begun(kiro, environment="production")
    EnvironmentsTable.connect(kiro.clients).freeze("production", Freeze("fair", "ada", NOW))
    deployments = DeploymentsTable.connect(kiro.clients)
    if command[0] == "retry":
        deployments.note(DEPLOYMENT, request=replace(REQUEST, until=""))
        deployments.conclude(DEPLOYMENT, "failed", "x")
    done = kiro.invoke(*command)
    assert (done.exit_code, "changes production: add --yes to confirm it" in done.stderr) == (1, True)
    assert [*kiro.executions("deployment")] == [DEPLOYMENT]
    assert kiro.json("status")[1]["frozen"]


def test_a_person_at_a_terminal_is_asked(kiro: Kiro, monkeypatch: pytest.MonkeyPatch) -> None:
    """T1: `no` changes nothing, `yes` goes on; what enters no protected environment asks nobody."""
    monkeypatch.setattr("cli.session.at_terminal", lambda: True)
    command = ("deploy", "acme/hello-service", "main")
    refused = kiro.invoke(*command, answers="n\n")
    assert (refused.exit_code, "nothing was changed" in refused.stderr) == (1, True)
    assert "changes production. Go on?" in refused.stderr
    assert kiro.executions("deployment") == {}
    assert kiro.invoke(*command, answers="y\n").exit_code == 0
    # Another ref: the name of a deployment has the second in which it was asked for.
    assert kiro.invoke("deploy", "acme/hello-service", "next", "--until", "test").exit_code == 0
    assert len(kiro.executions("deployment")) == 2


@pytest.mark.parametrize("reason", ["", "  "])
@pytest.mark.parametrize(
    "command",
    [("freeze", "test"), ("unfreeze", "test"), ("cancel", "main-x"), ("stop-all",), ("pin", "test"), ("unpin", "test")],
)
def test_an_empty_reason_is_refused(kiro: Kiro, command: tuple[str, ...], reason: str) -> None:
    """T1: whoever reads the record later learns why."""
    done = kiro.run(*command, "--reason", reason)
    assert (done.exit_code, "it is empty: say why" in done.stderr) == (2, True)


def test_a_second_freeze_keeps_the_first(kiro: Kiro) -> None:
    """T1: who froze it first and why is not overwritten, and the error says how to give another reason."""
    first = kiro.json("freeze", "test", "--reason", "the fair")["frozen"]
    again = kiro.run("freeze", "test", "--reason", "the other fair")
    assert (again.exit_code, "test is frozen since" in again.stderr) == (1, True)
    assert "kiro-worker unfreeze test" in again.stderr
    assert kiro.json("status")[0]["frozen"] == first
    kiro.json("unfreeze", "test", "--reason", "over")
    assert kiro.json("freeze", "test", "--reason", "the other fair")["frozen"]["reason"] == "the other fair"
