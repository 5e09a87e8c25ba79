"""The paths through `stage.asl.json` with tests after the deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from functions.handler import encode
from tests.statemachines.paths.answers import AFTER_DEPLOY, ENVIRONMENTS, build_end, plan, tried
from tests.statemachines.paths.executions import answer, raises
from tests.statemachines.paths.test_stage import BACK, GOOD, VERIFIED, ended

if TYPE_CHECKING:
    from tests.statemachines.paths.runner import WorkflowRunner

TESTED = [*VERIFIED, "StartTests", "AwaitTests", "CheckTests", "TestsPassed"]


def test_a_tested_release_is_watched(runner: WorkflowRunner) -> None:
    """G1: the tests run after the verification and before the watch, on the release's own artifact."""
    execution = runner.run("stage", afterDeploy=AFTER_DEPLOY)
    assert execution.states == [*TESTED, "Watch", "WhatWasSeen", *GOOD]
    assert execution.payload_of("StartTests")["inputArtifact"] == "deployments/d/build.zip"
    payload = execution.payload_of("CheckTests")
    assert payload["artifact"] == f"builds/example/hello/tests/{payload['deploymentId']}/test.zip"
    assert ended(execution, "passed")


def test_failed_tests_are_rolled_back(runner: WorkflowRunner) -> None:
    """R3: the reason of the rollback names the failed tests."""
    script = {"CheckTests": answer(tried("failed", "tests: 1 of 4 tests failed: e2e.test_greets"))}
    execution = runner.run("stage", script, afterDeploy=AFTER_DEPLOY)
    assert execution.states == [*TESTED, *BACK]
    assert ended(execution, "restored", "e2e.test_greets")


def test_the_reports_of_a_failed_build_are_read(runner: WorkflowRunner) -> None:
    """CheckTests decides, also when the build itself ended badly."""
    script = {"AwaitTests": answer(build_end("timed out", "30 minutes"))}
    execution = runner.run("stage", script, afterDeploy=AFTER_DEPLOY)
    assert execution.payload_of("CheckTests")["build"]["outcome"] == "timed out"


@pytest.mark.parametrize("state", ["StartTests", "CheckTests"])
def test_tests_that_cannot_be_run_are_rolled_back(runner: WorkflowRunner, state: str) -> None:
    """A release that can't be tested is rolled back; the reason names the handler."""
    script: dict[str, Any] = {state: raises("BadInputError", "no project")}
    execution = runner.run("stage", script, afterDeploy=AFTER_DEPLOY)
    assert execution.states[-5:] == BACK
    assert ended(execution, "restored", f"{state}: BadInputError")


def test_the_plan_decides_what_is_tested(runner: WorkflowRunner) -> None:
    """A deployment hands each stage its own tests, or none."""
    made = plan(*ENVIRONMENTS[:2])
    made["stages"][1]["afterDeploy"] = AFTER_DEPLOY
    execution = runner.run("deployment", {"PlanRelease": answer(encode(made))})
    assert execution.children["test"].states.count("StartTests") == 0
    assert execution.children["staging"].states.count("StartTests") == 1
