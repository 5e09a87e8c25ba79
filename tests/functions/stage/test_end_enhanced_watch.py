"""EndEnhancedWatch: who takes the environment ends the long watches there."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

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
    """An execution that watches a release in an environment."""
    execution = stack.execution(workflow, name, {"release": encode(release)})
    wait = Wait(read_wait_key(f"watch/{environment}/{name}"), "token", execution, environment)
    WaitsTable.connect(stack.clients).store(wait, datetime.now(UTC))
    return execution


def lives(stack: Stack, execution: str) -> bool:
    """Whether it still watches."""
    return Executions.connect(stack.clients).is_running(execution)


def test_every_long_watch_of_the_environment_ends(stack: Stack) -> None:
    """R8: stopped, with the reason; doing it again ends the same, whether or not their waits are forgotten yet."""
    one, two = (watching(stack, "enhanced_watch", name) for name in ("main-1-enhanced", "main-2-enhanced"))
    ours = stack.execution("stage", "main-3-production")
    assert end(stack, ours) == [one, two]
    assert not lives(stack, one)
    assert not lives(stack, two)
    assert stack.stopped() == {one: f"{DEPLOYMENT} has taken production", two: f"{DEPLOYMENT} has taken production"}
    assert end(stack, ours) == [one, two]


def test_other_environments_are_watched_on(stack: Stack) -> None:
    """The deployment has not taken those."""
    other = watching(stack, "enhanced_watch", "main-1-enhanced", "test")
    assert end(stack, stack.execution("stage", "ours")) == []
    assert lives(stack, other)


def test_a_stage_that_watches_is_never_stopped(stack: Stack) -> None:
    """Neither our own, nor that of a repository which does not wait for ours (mode parallel)."""
    ours, theirs = (watching(stack, "stage", name) for name in ("ours", "theirs"))
    assert end(stack, ours) == []
    assert lives(stack, ours)
    assert lives(stack, theirs)


def test_who_waits_for_something_else_is_left_alone(stack: Stack) -> None:
    """An approval or a build for the environment is no watch."""
    execution = stack.execution("enhanced_watch", "main-1-enhanced", {"release": encode(RELEASE)})
    for key in ("approval/a1", "build/b1"):
        WaitsTable.connect(stack.clients).store(
            Wait(read_wait_key(key), "token", execution, "production"), datetime.now(UTC)
        )
    assert end(stack, stack.execution("stage", "ours")) == []
    assert lives(stack, execution)


def test_a_watch_that_was_left_by_the_handler_is_found(stack: Stack) -> None:
    """What Watch keeps is what is looked for here."""
    execution = stack.execution("enhanced_watch", "main-1-production-enhanced", {"release": encode(RELEASE)})
    watch(stack, execution=execution)
    assert end(stack, stack.execution("stage", "ours")) == [execution]


@pytest.mark.parametrize(("mode", "ends"), [("superseded", True), ("queued", True), ("parallel", False)])
def test_a_repository_that_does_not_wait_for_ours_is_watched_on(stack: Stack, mode: str, ends: bool) -> None:
    """Side by side in one environment: a deployment of one does not end the watch of the other's release."""
    stack.settings["LOCK_MODE"] = mode
    theirs = watching(stack, "enhanced_watch", "theirs", release=replace(RELEASE, repository="acme/other"))
    own = watching(stack, "enhanced_watch", "own")
    assert end(stack, stack.execution("stage", "ours")) == ([own, theirs] if ends else [own])
    assert lives(stack, theirs) != ends
