"""Promises about every handler of every workflow."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from functions.handler import encode
from statemachines.definitions import WORKFLOWS, tasks
from tests.statemachines.paths.answers import (
    AFTER_DEPLOY,
    ENVIRONMENTS,
    INFRASTRUCTURE,
    SERVICE,
    build_end,
    environment,
    plan,
    rollout,
    steps,
    turn,
    window,
)
from tests.statemachines.paths.executions import AS_USUAL, CRASH, EndedExecution, Workflow, answer, raises

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.statemachines.paths.executions import Line
    from tests.statemachines.paths.runner import WorkflowRunner

# Together with the input below these reach every handler of their workflow.
EVERY_HANDLER: dict[str, dict[str, Any]] = {
    "deployment": {"PlanRelease": answer(plan(ENVIRONMENTS[0]))},
    "stage": {"AcquireLock": answer(turn("waiting"))},
    "rollback": {"AcquireLock": answer(turn("waiting")), "PlanRollback": answer(steps("hello", "infrastructure"))},
    "enhanced_watch": {},
    "work_item": {},
}
INPUT: dict[str, dict[str, Any]] = {
    "deployment": {},
    "stage": {
        "environment": encode(environment("test", approval=True)),
        "parts": encode((INFRASTRUCTURE, SERVICE)),
        "afterDeploy": AFTER_DEPLOY,
    },
    "rollback": {},
    "enhanced_watch": {},
    "work_item": {},
}
# Handlers that run only when something has gone wrong before, or in a frozen environment.
LEADS_TO: dict[str, dict[str, Any]] = {
    "rollback/AwaitRollout": {"RestoreService": [answer(rollout("underway")), AS_USUAL]},
    "rollback/Freeze": {"RecordRollback": raises("SurprisingError")},
    "stage/WithdrawLedger": {"stage/AwaitBuild": answer(build_end("not started"))},
    "stage/AwaitRollout": {"ApplyService": answer(rollout("underway"))},
    "stage/ContinueRollout": {"ApplyService": answer(rollout("paused", 10))},
    "stage/AwaitUnfreeze": {"CheckWindow": [answer(window("frozen")), AS_USUAL]},
    "stage/YieldLock": {"AcquireLock": [answer(turn("frozen")), AS_USUAL]},
}
AT_ONCE = 6


def run_each(runner: WorkflowRunner, workflow: Workflow, lines: Mapping[str, list[Line]]) -> dict[str, EndedExecution]:
    """One run for each handler, in which only this handler follows these lines."""

    def one(state: str) -> EndedExecution:
        role = f"{workflow}/{state}"
        script = {**EVERY_HANDLER[workflow], **LEADS_TO.get(role, {}), role: lines[state]}
        return runner.run(workflow, script, **INPUT[workflow])

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip(lines, pool.map(one, lines), strict=True))


def ended_well(workflow: str, execution: EndedExecution) -> bool:
    """Whether an execution ended as it does without faults."""
    if workflow == "deployment":
        return execution.states[-1] == "Ended" and execution.payload_of("deployment/Conclude")["outcome"] == "deployed"
    if workflow == "enhanced_watch":
        return execution.status == "SUCCEEDED" and not execution.children
    ends = {"Freeze": ("unknown",), "WithdrawLedger": ("failed",)}
    usual = next((results for state, results in ends.items() if state in execution.states), ("passed", "restored"))
    return execution.status == "SUCCEEDED" and execution.output["result"] in usual


def omissions(workflow: str, execution: EndedExecution) -> list[str]:
    """The duties of every execution that this execution did not fulfil."""
    missing = []
    if workflow == "deployment" and "Conclude" not in execution.states:
        missing.append("wrote no outcome")
    if workflow == "enhanced_watch" and (execution.states[-1] != "WatchBroke" or execution.children):
        missing.append("rolled a good release back, or did not report the end of its watch")
    if workflow in ("stage", "rollback") and (execution.status != "SUCCEEDED" or not execution.output["result"]):
        missing.append("returned no result")
    if workflow in ("stage", "work_item") and "Conclude" not in execution.states:
        missing.append("wrote no result")
    if "AcquireLock" in execution.states and "ReleaseLock" not in execution.states:
        missing.append("kept its lock")
    return missing


# The fault matrix fails every handler of all workflows, too; that of rollbacks has each duty with the fewest handlers.
@pytest.mark.long
@pytest.mark.parametrize(
    "workflow", ["rollback", *(pytest.param(name, marks=pytest.mark.long) for name in WORKFLOWS if name != "rollback")]
)
def test_a_handler_that_always_fails_is_survived(runner: WorkflowRunner, workflow: Workflow) -> None:
    """Whichever handler always fails, the execution concludes, returns a result and releases its lock."""
    execution = run_each(runner, workflow, {state: [raises("SurprisingError")] for state in tasks(workflow)})
    assert [state for state, one in execution.items() if state not in one.states] == []
    found = {state: omissions(workflow, one) for state, one in execution.items()}
    assert {state: wrong for state, wrong in found.items() if wrong} == {}


@pytest.mark.long
@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_a_handler_that_dies_once_is_retried(runner: WorkflowRunner, workflow: Workflow) -> None:
    """Whichever handler's process dies once, a retry succeeds and the execution ends well."""
    usual = EVERY_HANDLER[workflow]
    lines = {state: [CRASH, usual.get(state, AS_USUAL)] for state in tasks(workflow)}
    execution = run_each(runner, workflow, lines)
    assert [state for state, one in execution.items() if not ended_well(workflow, one)] == []
    called = {state: sum(call.of(f"{workflow}/{state}") for call in one.calls) for state, one in execution.items()}
    assert {state: times for state, times in called.items() if times < 2} == {}


def test_a_short_outage_of_github_is_survived(runner: WorkflowRunner) -> None:
    """Handlers that call GitHub are retried when GitHub is unavailable."""
    handlers = ("Begin", "FetchSource", "PlanRelease")
    usual = EVERY_HANDLER["deployment"]
    lines = {state: [raises("GitHubUnavailableError"), usual.get(state, AS_USUAL)] for state in handlers}
    execution = run_each(runner, "deployment", lines)
    assert [state for state, one in execution.items() if not ended_well("deployment", one)] == []
