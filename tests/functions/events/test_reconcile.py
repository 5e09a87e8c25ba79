"""The reconciliation finds and does what lost events should have done."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.waits_table import WaitsTable
from functions.domain.approvals import Approval
from functions.domain.order import History, Order
from functions.domain.pushes import Start, push_of
from functions.domain.reconciliation import Sighting
from functions.domain.releases import execution_name
from functions.domain.rollback import Compensation
from functions.domain.waits import ApprovalKey, BuildKey, Wait, read_wait_key
from functions.handler import encode
from local.github import LocalGitHub
from tests.functions import builds
from tests.functions.samples import DEPLOYMENT, ENVIRONMENT, NOW, RELEASE, SERVICE, version
from tests.functions.shared.test_acquire_lock import request_lock
from tests.functions.shared.test_await_lock import wait as wait_for_lock
from tests.functions.stack import MACHINES, TRIGGERS, Stack
from tests.local.github.support import REPOSITORY, WorkingCopy

GIVEN: dict[str, Any] = {"deploymentId": DEPLOYMENT, "release": encode(RELEASE), "environment": encode(ENVIRONMENT)}


@pytest.fixture(autouse=True)
def _project(stack: Stack, hub: LocalGitHub) -> None:
    """A stack with a build project and a GitHub."""
    stack.settings["BUILD_PROJECTS"] = builds.BEGIN
    builds.create_project(stack)


def reconcile(stack: Stack) -> list[tuple[str, str]]:
    """One run; returns the repairs by kind and text."""
    return [(one["kind"], one["what"]) for one in stack.run("events.reconcile", {})["repairs"]]


def kinds(stack: Stack) -> list[str]:
    """One run; returns the kinds of its repairs."""
    return [kind for kind, _ in reconcile(stack)]


def started(stack: Stack, machine: str = "deployment") -> list[str]:
    """The executions of a workflow."""
    return stack.executions(machine)


def dead(stack: Stack, machine: str, name: str, given: Any = None) -> str:
    """Start and stop an execution, without its event."""
    execution = stack.execution(machine, name, given)
    stack.kill(execution)
    return execution


def begun(stack: Stack, execution: str, deployment_id: str = DEPLOYMENT) -> DeploymentsTable:
    """Write the record of a deployment."""
    deployments = DeploymentsTable.connect(stack.clients)
    deployments.begin(deployment_id, RELEASE, execution, "push")
    return deployments


def test_an_idle_stack_needs_nothing(stack: Stack) -> None:
    """An empty repository, empty tables, no builds."""
    assert reconcile(stack) == []


def test_a_lost_push_is_started_as_its_webhook_would(
    stack: Stack, copy: WorkingCopy, capsys: pytest.CaptureFixture[str]
) -> None:
    """P2: with the same name and input, after the grace period, once, and counted."""
    commit = copy.commit("feat: one", {"a": "1"})
    copy.push()
    assert kinds(stack) == []
    assert kinds(stack)[0] == "push started"
    assert reconcile(stack) == []
    assert started(stack) == [execution_name(REPOSITORY, "refs/heads/main", commit)]
    metrics = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "PushNotStarted" in line]
    assert metrics[0]["PushNotStarted"] == [1.0]


def test_a_push_that_its_webhook_starts_late_is_not_started_twice(stack: Stack, copy: WorkingCopy) -> None:
    """Its execution exists before the grace period ends."""
    commit = copy.commit("feat: one", {"a": "1"})
    copy.push()
    reconcile(stack)
    stack.execution("deployment", execution_name(REPOSITORY, "refs/heads/main", commit))
    assert "push started" not in kinds(stack)


def test_a_head_that_began_under_another_name_is_not_started_again(stack: Stack, copy: WorkingCopy) -> None:
    """P2: an earlier version of the platform named deployments without their repository."""
    commit = copy.commit("feat: one", {"a": "1"})
    copy.push()
    reconcile(stack)
    DeploymentsTable.connect(stack.clients).save_history(REPOSITORY, History(commit, Order(1, 0)), None)
    assert "push started" not in kinds(stack)


def test_a_commit_of_any_date_is_started(stack: Stack, copy: WorkingCopy) -> None:
    """P14: a head that the platform first saw a minute ago is new, also if its commit is dated years ago or ahead."""
    for date in ("2020-01-01T00:00:00Z", "2040-01-01T00:00:00Z"):
        commit = copy.commit_at(date, "feat: dated", {"a": date})
        copy.push()
        assert kinds(stack)[:1] != ["push started"]
        assert kinds(stack)[0] == "push started"
        assert execution_name(REPOSITORY, "refs/heads/main", commit) in started(stack)


def test_a_head_that_was_seen_long_ago_is_left_alone(stack: Stack, copy: WorkingCopy) -> None:
    """Its execution may have existed longer than Step Functions keeps one."""
    commit = copy.commit("feat: one", {"a": "1"})
    copy.push()
    WaitsTable.connect(stack.clients).save_sighting(REPOSITORY, Sighting(commit, "2020-01-01T00:00:00.000Z"))
    assert [kinds(stack), kinds(stack)] == [[], []]


def test_a_head_that_asks_to_skip_is_left_alone(stack: Stack, copy: WorkingCopy) -> None:
    """P4."""
    copy.commit("docs: words [skip ci]", {"a": "1"})
    copy.push()
    assert [kinds(stack) for _ in range(3)] == [[], [], []]
    assert started(stack) == []


def looked_long_ago(stack: Stack) -> None:
    """GitHub's refs are due to be read again."""
    waits = WaitsTable.connect(stack.clients)
    seen = waits.refs([REPOSITORY])[REPOSITORY]
    waits.save_refs(REPOSITORY, replace(seen, at="2020-01-01T00:00:00.000Z"))


@pytest.mark.parametrize("annotated", [False, True])
def test_a_lost_tag_is_started_once(stack: Stack, copy: WorkingCopy, *, annotated: bool) -> None:
    """P2: after the grace period; tags from before the first look start nothing, nor do tags that are no version."""
    old = copy.commit("feat: one", {"a": "1"})
    copy.git("tag", "v0.9.0")
    copy.push("origin", "main", "v0.9.0")
    stack.execution("deployment", execution_name(REPOSITORY, "refs/heads/main", old))
    kinds(stack)
    copy.git("tag", *(("-a", "-m", "one") if annotated else ()), "v1.0.0-rc.1")
    copy.git("tag", "version-one")
    copy.push("origin", "v1.0.0-rc.1", "version-one")
    assert kinds(stack) == []  # GitHub is asked again in ten minutes
    looked_long_ago(stack)
    assert reconcile(stack)[0][0] == "push started"
    name = execution_name(REPOSITORY, "refs/tags/v1.0.0-rc.1", old)
    assert name in started(stack)
    looked_long_ago(stack)
    assert "push started" not in kinds(stack)
    given = json.loads(
        stack.client("stepfunctions").describe_execution(
            executionArn=f"{MACHINES['deployment'].replace('stateMachine', 'execution')}:{name}"
        )["input"]
    )
    assert (given["commit"], given["until"], given["trigger"]) == (old, "test", "reconciliation")


def test_a_tag_waits_for_its_webhook_and_a_moved_one_starts_nothing(stack: Stack, copy: WorkingCopy) -> None:
    """P2: its execution exists before the grace period ends; a version stays what it was."""
    stack.settings["PUSH_GRACE_SECONDS"] = "60"
    old = copy.commit("feat: one", {"a": "1"})
    copy.push()
    stack.execution("deployment", execution_name(REPOSITORY, "refs/heads/main", old))
    kinds(stack)
    copy.git("tag", "v1.0.0")
    copy.push("origin", "v1.0.0")
    looked_long_ago(stack)
    assert "push started" not in kinds(stack)
    stack.execution("deployment", execution_name(REPOSITORY, "refs/tags/v1.0.0", old))
    stack.settings["PUSH_GRACE_SECONDS"] = "0"
    assert "push started" not in kinds(stack)
    new = copy.commit("feat: two", {"a": "2"})
    stack.execution("deployment", execution_name(REPOSITORY, "refs/heads/main", new))
    copy.git("tag", "--force", "v1.0.0")
    copy.push("--force", "origin", "main", "v1.0.0")
    looked_long_ago(stack)
    assert "push started" not in [*kinds(stack), *kinds(stack)]


def test_a_lost_branch_is_started_where_branches_are_delivered(stack: Stack, copy: WorkingCopy) -> None:
    """P2: at each of its heads, and only where the settings name it."""
    rules = replace(TRIGGERS, branches=("feature/*",))
    stack.settings["TRIGGERS"] = json.dumps(encode(rules))
    main = copy.commit("feat: one", {"a": "1"})
    copy.push()
    stack.execution("deployment", execution_name(REPOSITORY, "refs/heads/main", main))
    kinds(stack)
    for number in ("1", "2"):
        commit = copy.commit("feat: a", {"b": number})
        copy.git("branch", "--force", "feature/a")
        copy.push("origin", "feature/a")
        looked_long_ago(stack)
        assert "push started" in kinds(stack)
        read = push_of(REPOSITORY, "refs/heads/feature/a", commit, "", rules)
        assert isinstance(read, Start)
        assert read.name in started(stack)


def test_a_repository_that_cannot_be_read_stops_no_other_search(stack: Stack) -> None:
    """The run fails at its end, after all searches."""
    stack.settings["REPOSITORIES"] = "acme/gone"
    begun(stack, dead(stack, "deployment", DEPLOYMENT))
    with pytest.raises(ExceptionGroup, match="searches of the reconciliation failed"):
        reconcile(stack)
    assert stack.deployment()["outcome"] == "aborted"


def test_a_dead_deployment_is_concluded_and_announced_once(stack: Stack) -> None:
    """P9, N3: as the lost event would have done."""
    begun(stack, dead(stack, "deployment", DEPLOYMENT))
    assert reconcile(stack) == [("end settled", f"{DEPLOYMENT}: announced aborted")]
    assert reconcile(stack) == []
    assert [(name, detail["outcome"]) for name, detail in stack.told()] == [("DeploymentFinished", "aborted")]


def test_an_outcome_that_was_not_announced_is_announced(stack: Stack) -> None:
    """The execution was stopped between Conclude and AnnounceEnd, and its event was lost."""
    begun(stack, dead(stack, "deployment", DEPLOYMENT)).conclude(DEPLOYMENT, "failed", "tests")
    assert kinds(stack) == ["end settled"]
    assert stack.told()[0][1]["outcome"] == "failed"


def test_an_execution_that_step_functions_forgot_is_concluded(stack: Stack) -> None:
    """Tables that outlived their workflows name executions that no longer exist."""
    begun(stack, f"{MACHINES['deployment'].replace('stateMachine', 'execution')}:gone")
    assert reconcile(stack) == [("end settled", "gone: announced failed")]
    assert stack.deployment()["outcome"] == "failed"


def test_running_executions_are_left_alone(stack: Stack) -> None:
    """A running deployment keeps record, wait, lock and build."""
    execution = stack.execution("deployment", DEPLOYMENT, encode(RELEASE))
    begun(stack, execution)
    request_lock(stack, stack.execution("stage", "one", GIVEN))
    build_id = running_build(stack)
    WaitsTable.connect(stack.clients).store(Wait(BuildKey(build_id), "token", execution), datetime.now(UTC))
    assert reconcile(stack) == []


def test_the_lock_of_a_dead_execution_goes_to_the_next(stack: Stack) -> None:
    """P9: the wait of the next one ends."""
    begun(stack, stack.execution("deployment", DEPLOYMENT))
    owner = stack.execution("stage", "stopped", GIVEN)
    request_lock(stack, owner)
    wait_for_lock(stack, stack.execution("stage", "next"), "token-next")
    stack.kill(owner)
    assert reconcile(stack) == [("end settled", "stopped: released environment/production")]
    assert list(stack.completed()) == ["token-next"]
    assert reconcile(stack) == []


def test_a_dead_stage_that_changed_something_is_rolled_back(stack: Stack) -> None:
    """R3: by the same rollback that its event would have started."""
    parent = dead(stack, "deployment", DEPLOYMENT)
    owner = stack.execution("stage", "s", {**GIVEN, "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": parent})
    request_lock(stack, owner)
    stack.kill(owner)
    begun(stack, parent).write_ledger(DEPLOYMENT, Compensation("production", 0, SERVICE, version(), SERVICE, NOW))
    kinds(stack)
    assert started(stack, "rollback") == ["s-rollback-alone"]


def test_the_waits_of_a_dead_execution_are_ended(stack: Stack) -> None:
    """P9: its build is stopped, its request is void."""
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
    """The execution was stopped between the mail and the wait."""
    approval(stack)
    assert kinds(stack) == ["approval void"]
    assert kinds(stack) == []


def test_a_running_deployment_without_a_record_gets_one(stack: Stack, copy: WorkingCopy) -> None:
    """Its state Begin failed; the record has the execution's input and GitHub's facts."""
    commit = copy.commit("feat: one", {"a": "1"})
    copy.push()
    stack.execution(
        "deployment",
        execution_name(REPOSITORY, "refs/heads/main", commit),
        {"repository": REPOSITORY, "ref": "refs/heads/main", "commit": commit},
    )
    assert kinds(stack) == ["record opened"]
    record = stack.deployment(execution_name(REPOSITORY, "refs/heads/main", commit))
    assert (record["release"]["author"], record["status"]) == ("Ada", "running")
    assert kinds(stack) == []


def test_a_record_is_opened_without_github_too(stack: Stack) -> None:
    """It then has the execution's input only; a repository that is not of the stack gets none."""
    foreign = {"repository": "mallory/x", "ref": "refs/heads/main", "commit": "e" * 40}
    stack.execution("deployment", "main-eeeeeeeeeeee", foreign)
    given = {"repository": REPOSITORY, "ref": "refs/heads/main", "commit": "f" * 40}
    stack.execution("deployment", "main-ffffffffffff", given)
    assert kinds(stack) == ["record opened"]
    assert stack.deployment("main-ffffffffffff")["release"]["commit"] == "f" * 40


def test_a_build_that_runs_for_nobody_is_stopped(stack: Stack) -> None:
    """P9: its deployment has ended; builds that no deployment started continue."""
    begun(stack, stack.execution("deployment", "x")).conclude(DEPLOYMENT, "aborted", "stopped")
    build_id = running_build(stack)
    running_build(stack, deployment_id="")
    assert reconcile(stack) == [("build stopped", f"{build_id} ran on for {DEPLOYMENT}, which has ended")]


def test_a_run_does_so_much_and_leaves_the_rest_to_the_next(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of repairs in a run is limited, and none is lost."""
    monkeypatch.setattr("functions.events.reconcile._MOST_REPAIRS", 2)
    for name in ("main-1", "main-2", "main-3"):
        begun(stack, dead(stack, "deployment", name), name)
    assert [len(kinds(stack)) for _ in range(3)] == [2, 1, 0]
    assert sorted(detail["deploymentId"] for _, detail in stack.told()) == ["main-1", "main-2", "main-3"]


def test_one_that_cannot_be_settled_stops_no_other(stack: Stack) -> None:
    """A stage with an unreadable input fails the run after the others were settled."""
    stage = stack.execution("stage", "unreadable", {"no": "environment"})
    request_lock(stack, stage)
    stack.kill(stage)
    begun(stack, dead(stack, "deployment", DEPLOYMENT))
    with pytest.raises(ExceptionGroup, match="searches of the reconciliation failed"):
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
    """An open request."""
    made = Approval("a1", "deploy", DEPLOYMENT, "production", {}, ["h"], NOW, NOW, "2036-01-01T00:00:00.000Z")
    WaitsTable.connect(stack.clients).save_approval(made, datetime.now(UTC))
