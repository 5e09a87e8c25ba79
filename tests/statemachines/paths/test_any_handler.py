"""What is promised of every handler of every workflow, whichever it is."""

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
    environment,
    plan,
    steps,
    turn,
)
from tests.statemachines.paths.playing import AS_USUAL, CRASH, Played, Workflow, answer, raises

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.statemachines.paths.house import House
    from tests.statemachines.paths.playing import Line

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
# Handlers that only the fault of another leads to.
LEADS_TO: dict[str, dict[str, Any]] = {"rollback/Freeze": {"RecordRollback": raises("SurprisingError")}}
AT_ONCE = 6


def play_each(house: House, workflow: Workflow, lines: Mapping[str, list[Line]]) -> dict[str, Played]:
    """One play per handler, in which this handler alone gets these lines."""

    def one(state: str) -> Played:
        role = f"{workflow}/{state}"
        script = {**EVERY_HANDLER[workflow], **LEADS_TO.get(role, {}), role: lines[state]}
        return house.play(workflow, script, **INPUT[workflow])

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip(lines, pool.map(one, lines), strict=True))


def well(workflow: str, played: Played) -> bool:
    """Whether it ended as it does when nothing goes wrong."""
    if workflow == "deployment":
        return played.states[-1] == "Ended" and played.told("deployment/Conclude")["outcome"] == "deployed"
    if workflow == "enhanced_watch":
        return played.status == "SUCCEEDED" and not played.children
    usual = ("unknown",) if "Freeze" in played.states else ("passed", "restored")
    return played.status == "SUCCEEDED" and played.output["result"] in usual


def careless(workflow: str, played: Played) -> list[str]:
    """What an execution owes whatever happens, and this one did not do."""
    missing = []
    if workflow == "deployment" and "Conclude" not in played.states:
        missing.append("concluded nothing")
    if workflow == "enhanced_watch" and (played.states[-1] != "WatchBroke" or played.children):
        missing.append("took a good release back, or did not say that nobody watches it")
    if workflow in ("stage", "rollback") and (played.status != "SUCCEEDED" or not played.output["result"]):
        missing.append("said no result")
    if workflow in ("stage", "work_item") and "Conclude" not in played.states:
        missing.append("wrote no result")
    if "AcquireLock" in played.states and "ReleaseLock" not in played.states:
        missing.append("kept its lock")
    return missing


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_a_handler_that_always_fails_is_survived(house: House, workflow: Workflow) -> None:
    """Whichever handler fails for good, the execution concludes, says a result and gives back its lock."""
    played = play_each(house, workflow, {state: [raises("SurprisingError")] for state in tasks(workflow)})
    assert [state for state, one in played.items() if state not in one.states] == []
    found = {state: careless(workflow, one) for state, one in played.items()}
    assert {state: wrong for state, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_a_handler_that_dies_once_is_asked_again(house: House, workflow: Workflow) -> None:
    """Whichever handler's process dies once, the next ask heals it and everything ends well."""
    usual = EVERY_HANDLER[workflow]
    lines = {state: [CRASH, usual.get(state, AS_USUAL)] for state in tasks(workflow)}
    played = play_each(house, workflow, lines)
    assert [state for state, one in played.items() if not well(workflow, one)] == []
    asked = {state: sum(call.of(f"{workflow}/{state}") for call in one.calls) for state, one in played.items()}
    assert {state: times for state, times in asked.items() if times < 2} == {}


def test_github_out_of_reach_for_a_moment_is_survived(house: House) -> None:
    """The handlers that ask GitHub ask again when it is out of reach."""
    handlers = ("Begin", "FetchSource", "PlanRelease")
    usual = EVERY_HANDLER["deployment"]
    lines = {state: [raises("GitHubUnavailableError"), usual.get(state, AS_USUAL)] for state in handlers}
    played = play_each(house, "deployment", lines)
    assert [state for state, one in played.items() if not well("deployment", one)] == []
