"""EndEnhancedWatch: a deployment that enters an environment ends the enhanced watches there."""

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from functions.adapters.executions import Executions
from functions.adapters.waits_table import WaitsTable
from functions.domain.releases import Release
from functions.domain.waits import Wait, read_wait_key
from functions.handler import encode
from tests.functions.samples import DEPLOYMENT, RELEASE
from tests.functions.shared.test_watch import watch
from tests.functions.stack import Stack


def end(stack: Stack, execution: str) -> Any:
    """Run the handler."""
    event = {"deploymentId": DEPLOYMENT, "execution": execution, "environment": "production", "release": RELEASE}
    return stack.run("stage.end_enhanced_watch", event)["ended"]


def watching(
    stack: Stack, workflow: str, name: str, environment: str = "production", release: Release = RELEASE
) -> str:
    """Start an execution that watches a release in an environment; returns its ARN."""
    execution = stack.execution(workflow, name, {"release": encode(release)})
    wait = Wait(read_wait_key(f"watch/{environment}/{name}"), "token", execution, environment)
    WaitsTable.connect(stack.clients).store(wait, datetime.now(UTC))
    return execution


def is_watching(stack: Stack, execution: str) -> bool:
    """Whether the execution still runs."""
    return Executions.connect(stack.clients).is_running(execution)


def test_every_enhanced_watch_of_the_environment_ends(stack: Stack) -> None:
    """R8: with the reason; a repetition has the same result, whether or not their waits are removed yet."""
    one, two = (watching(stack, "enhanced_watch", name) for name in ("main-1-enhanced", "main-2-enhanced"))
    ours = stack.execution("stage", "main-3-production")
    assert end(stack, ours) == [one, two]
    assert not is_watching(stack, one)
    assert not is_watching(stack, two)
    reason = f"{DEPLOYMENT} has entered production"
    assert stack.stopped() == {one: reason, two: reason}
    assert end(stack, ours) == [one, two]


def test_enhanced_watches_of_other_environments_continue(stack: Stack) -> None:
    """The deployment has not entered those."""
    other = watching(stack, "enhanced_watch", "main-1-enhanced", "test")
    assert end(stack, stack.execution("stage", "ours")) == []
    assert is_watching(stack, other)


def test_a_stage_that_watches_is_never_stopped(stack: Stack) -> None:
    """Neither the own stage, nor that of another repository (mode parallel)."""
    ours, theirs = (watching(stack, "stage", name) for name in ("ours", "theirs"))
    assert end(stack, ours) == []
    assert is_watching(stack, ours)
    assert is_watching(stack, theirs)


def test_other_waits_are_left_alone(stack: Stack) -> None:
    """Approvals and builds for the environment continue."""
    execution = stack.execution("enhanced_watch", "main-1-enhanced", {"release": encode(RELEASE)})
    for key in ("approval/a1", "build/b1"):
        WaitsTable.connect(stack.clients).store(
            Wait(read_wait_key(key), "token", execution, "production"), datetime.now(UTC)
        )
    assert end(stack, stack.execution("stage", "ours")) == []
    assert is_watching(stack, execution)


def test_a_watch_that_was_left_by_the_handler_is_found(stack: Stack) -> None:
    """The handler of Watch stores the wait that is searched here."""
    execution = stack.execution("enhanced_watch", "main-1-production-enhanced", {"release": encode(RELEASE)})
    watch(stack, execution=execution)
    assert end(stack, stack.execution("stage", "ours")) == [execution]


@pytest.mark.parametrize(("mode", "ends"), [("superseded", True), ("queued", True), ("parallel", False)])
def test_an_enhanced_watch_under_another_lock_continues(stack: Stack, mode: str, ends: bool) -> None:
    """In parallel mode, a deployment does not end the watch of another repository's release."""
    stack.settings["LOCK_MODE"] = mode
    theirs = watching(stack, "enhanced_watch", "theirs", release=replace(RELEASE, repository="acme/other"))
    own = watching(stack, "enhanced_watch", "own")
    assert end(stack, stack.execution("stage", "ours")) == ([own, theirs] if ends else [own])
    assert is_watching(stack, theirs) != ends
