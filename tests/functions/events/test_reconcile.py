"""What an event missed is found by asking, and done after all."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.waits_table import WaitsTable
from functions.domain.approvals import Approval
from functions.domain.rollback import Compensation
from functions.domain.waits import ApprovalKey, BuildKey, Wait, read_wait_key
from functions.handler import encode
from local.github import LocalGitHub
from tests.functions import builds
from tests.functions.samples import DEPLOYMENT, ENVIRONMENT, NOW, RELEASE, SERVICE, version
from tests.functions.shared.test_acquire_lock import ask
from tests.functions.shared.test_await_lock import wait as wait_for_lock
from tests.functions.stack import MACHINES, Stack
from tests.local.github.support import REPOSITORY, WorkingCopy

GIVEN: dict[str, Any] = {"deploymentId": DEPLOYMENT, "release": encode(RELEASE), "environment": encode(ENVIRONMENT)}


@pytest.fixture(autouse=True)
def _project(stack: Stack, hub: LocalGitHub) -> None:
    """A stack with a project to look at, and a GitHub to ask."""
    stack.settings["BUILD_PROJECTS"] = builds.PROJECT
    builds.create_project(stack)


def reconcile(stack: Stack) -> list[tuple[str, str]]:
    """One run: the repairs by kind and in words."""
    return [(one["kind"], one["what"]) for one in stack.run("events.reconcile", {})["repairs"]]


def kinds(stack: Stack) -> list[str]:
    """One run: the kinds of its repairs."""
    return [kind for kind, _ in reconcile(stack)]


def started(stack: Stack, machine: str = "deployment") -> list[str]:
    """The executions of a workflow."""
    return stack.executions(machine)


def dead(stack: Stack, machine: str, name: str, given: Any = None) -> str:
    """An execution that was stopped, and whose event was lost."""
    execution = stack.execution(machine, name, given)
    stack.kill(execution)
    return execution


def begun(stack: Stack, execution: str, deployment_id: str = DEPLOYMENT) -> DeploymentsTable:
    """A deployment whose record was opened."""
    deployments = DeploymentsTable.connect(stack.clients)
    deployments.begin(deployment_id, RELEASE, execution, "push")
    return deployments


def test_a_quiet_stack_needs_nothing(stack: Stack) -> None:
    """An empty repository, empty tables, no builds."""
    assert reconcile(stack) == []


def test_a_lost_push_is_started_as_its_webhook_would(
    stack: Stack, copy: WorkingCopy, capsys: pytest.CaptureFixture[str]
) -> None:
    """P2: same name, same input; seen first, started when the grace is over, then left alone; and counted."""
    commit = copy.commit("feat: one", {"a": "1"})
    copy.push()
    assert kinds(stack) == []
    assert kinds(stack)[0] == "push started"
    assert reconcile(stack) == []
    assert started(stack) == [f"main-{commit[:12]}"]
    metrics = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "PushNotStarted" in line]
    assert metrics[0]["PushNotStarted"] == [1.0]
    assert WaitsTable.connect(stack.clients).sighting(REPOSITORY) is None


def test_a_push_that_its_webhook_starts_late_is_not_started_twice(stack: Stack, copy: WorkingCopy) -> None:
    """A sighting ends with the execution."""
    commit = copy.commit("feat: one", {"a": "1"})
    copy.push()
    reconcile(stack)
    stack.execution("deployment", f"main-{commit[:12]}")
    assert "push started" not in kinds(stack)
    assert WaitsTable.connect(stack.clients).sighting(REPOSITORY) is None


def test_a_head_that_asks_to_skip_is_left_alone(stack: Stack, copy: WorkingCopy) -> None:
    """P4."""
    copy.commit("docs: words [skip ci]", {"a": "1"})
    copy.push()
    assert [kinds(stack) for _ in range(3)] == [[], [], []]
    assert started(stack) == []


def test_a_repository_that_cannot_be_asked_keeps_nothing_else(stack: Stack) -> None:
    """The run fails at its end, after everything else was looked at."""
    stack.settings["REPOSITORIES"] = "acme/gone"
    begun(stack, dead(stack, "deployment", DEPLOYMENT))
    with pytest.raises(ExceptionGroup, match="could not look everywhere"):
        reconcile(stack)
    assert stack.deployment()["outcome"] == "aborted"


def test_a_deployment_that_died_unheard_is_concluded_and_told_once(stack: Stack) -> None:
    """P9, N3: as the lost event would have done."""
    begun(stack, dead(stack, "deployment", DEPLOYMENT))
    assert reconcile(stack) == [("end settled", f"{DEPLOYMENT}: announced aborted")]
    assert reconcile(stack) == []
    assert [(name, detail["outcome"]) for name, detail in stack.told()] == [("DeploymentFinished", "aborted")]


def test_an_outcome_that_was_written_but_not_told_is_told(stack: Stack) -> None:
    """Stopped between Conclude and AnnounceEnd, and the event was lost: no record is open, the execution tells it."""
    begun(stack, dead(stack, "deployment", DEPLOYMENT)).conclude(DEPLOYMENT, "failed", "tests")
    assert kinds(stack) == ["end settled"]
    assert stack.told()[0][1]["outcome"] == "failed"


def test_an_execution_that_nobody_remembers_is_concluded(stack: Stack) -> None:
    """A table that outlived its workflows names executions that Step Functions does not know."""
    begun(stack, f"{MACHINES['deployment'].replace('stateMachine', 'execution')}:gone")
    assert reconcile(stack) == [("end settled", "gone: announced failed")]
    assert stack.deployment()["outcome"] == "failed"


def test_the_living_are_left_alone(stack: Stack) -> None:
    """A running deployment keeps record, wait, lock and build."""
    execution = stack.execution("deployment", DEPLOYMENT, encode(RELEASE))
    begun(stack, execution)
    ask(stack, stack.execution("stage", "one", GIVEN))
    build_id = running_build(stack)
    WaitsTable.connect(stack.clients).store(Wait(BuildKey(build_id), "token", execution), datetime.now(UTC))
    assert reconcile(stack) == []


def test_the_lock_of_the_dead_goes_to_the_next(stack: Stack) -> None:
    """P9: and the next one is woken."""
    begun(stack, stack.execution("deployment", DEPLOYMENT))
    owner = stack.execution("stage", "stopped", GIVEN)
    ask(stack, owner)
    wait_for_lock(stack, stack.execution("stage", "next"), "token-next")
    stack.kill(owner)
    assert reconcile(stack) == [("end settled", "stopped: released environment/production")]
    assert list(stack.completed()) == ["token-next"]
    assert reconcile(stack) == []


def test_a_dead_stage_that_had_applied_something_goes_back(stack: Stack) -> None:
    """R3: the same way back that its event would have started."""
    parent = dead(stack, "deployment", DEPLOYMENT)
    owner = stack.execution("stage", "s", {**GIVEN, "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": parent})
    ask(stack, owner)
    stack.kill(owner)
    begun(stack, parent).write_ledger(DEPLOYMENT, Compensation("production", 0, SERVICE, version(), SERVICE, NOW))
    kinds(stack)
    assert started(stack, "rollback") == ["s-rollback-alone"]


def test_a_wait_of_the_dead_is_ended(stack: Stack) -> None:
    """P9: its build is stopped, its approval void."""
    execution, waits = dead(stack, "stage", "s", GIVEN), WaitsTable.connect(stack.clients)
    build_id = running_build(stack, deployment_id="")
    waits.store(Wait(BuildKey(build_id), "token", execution), datetime.now(UTC))
    approval(stack)
    waits.store(Wait(read_wait_key("approval/a1"), "token", execution), datetime.now(UTC))
    ((kind, what),) = reconcile(stack)
    assert kind == "end settled"
    assert f"ended build/{build_id}" in what
    assert [call.given["id"] for call in stack.calls if call.action == "codebuild:StopBuild"] == [build_id]
    assert waits.of_execution(execution)[0].key == ApprovalKey("a1")
    kept = waits.approval("a1")
    assert kept
    assert kept.state == "void"


def test_a_request_that_nobody_could_wait_for_is_void(stack: Stack) -> None:
    """Stopped between the mail and the wait: the page must not say that a deployment goes on."""
    approval(stack)
    assert kinds(stack) == ["approval void"]
    assert kinds(stack) == []


def test_a_running_deployment_without_a_record_gets_one(stack: Stack, copy: WorkingCopy) -> None:
    """Begin never came through: GitHub completes what the execution was started with."""
    commit = copy.commit("feat: one", {"a": "1"})
    copy.push()
    stack.execution(
        "deployment", f"main-{commit[:12]}", {"repository": REPOSITORY, "ref": "refs/heads/main", "commit": commit}
    )
    assert kinds(stack) == ["record opened"]
    record = stack.deployment(f"main-{commit[:12]}")
    assert (record["release"]["author"], record["status"]) == ("Ada", "running")
    assert kinds(stack) == []


def test_a_record_is_opened_without_github_too(stack: Stack) -> None:
    """What the execution was started with must do."""
    given = {"repository": "acme/gone", "ref": "refs/heads/main", "commit": "f" * 40}
    stack.execution("deployment", "main-ffffffffffff", given)
    assert kinds(stack) == ["record opened"]
    assert stack.deployment("main-ffffffffffff")["release"]["commit"] == "f" * 40


def test_a_build_that_runs_for_nobody_is_stopped(stack: Stack) -> None:
    """P9: its deployment has ended; a build of somebody else is not ours to stop."""
    begun(stack, stack.execution("deployment", "x")).conclude(DEPLOYMENT, "aborted", "stopped")
    build_id = running_build(stack)
    running_build(stack, deployment_id="")
    assert reconcile(stack) == [("build stopped", f"{build_id} ran on for {DEPLOYMENT}, which has ended")]


def test_a_run_does_so_much_and_leaves_the_rest_to_the_next(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounded work, and nothing forgotten."""
    monkeypatch.setattr("functions.events.reconcile._MOST_REPAIRS", 2)
    for name in ("main-1", "main-2", "main-3"):
        begun(stack, dead(stack, "deployment", name), name)
    assert [len(kinds(stack)) for _ in range(3)] == [2, 1, 0]
    assert sorted(detail["deploymentId"] for _, detail in stack.told()) == ["main-1", "main-2", "main-3"]


def test_one_that_cannot_be_settled_keeps_no_other(stack: Stack) -> None:
    """A stage whose input nobody can read fails the run, after the others were settled."""
    stage = stack.execution("stage", "unreadable", {"no": "environment"})
    ask(stack, stage)
    stack.kill(stage)
    begun(stack, dead(stack, "deployment", DEPLOYMENT))
    with pytest.raises(ExceptionGroup, match="could not look everywhere"):
        reconcile(stack)
    assert stack.deployment()["outcome"] == "aborted"


def running_build(stack: Stack, deployment_id: str = DEPLOYMENT) -> str:
    """A build in progress."""
    build_id = str(stack.client("codebuild").start_build(projectName=builds.PROJECT)["build"]["id"])
    variables = [{"name": "KIRO_DEPLOYMENT", "value": deployment_id}] if deployment_id else []
    facts = {"buildComplete": False, "environment": {"environmentVariables": variables}}
    builds.end(stack, build_id, "IN_PROGRESS", **facts)
    return build_id


def approval(stack: Stack) -> None:
    """A request that is open."""
    made = Approval("a1", "deploy", DEPLOYMENT, "production", {}, ["h"], NOW, NOW, "2036-01-01T00:00:00.000Z")
    WaitsTable.connect(stack.clients).save_approval(made, datetime.now(UTC))
