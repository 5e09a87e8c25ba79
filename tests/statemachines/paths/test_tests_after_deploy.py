"""The ways through `stage.asl.json` of a release that is tested where it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from functions.handler import encode
from tests.statemachines.paths.answers import AFTER_DEPLOY, ENVIRONMENTS, build_end, plan, tried
from tests.statemachines.paths.playing import answer, raises
from tests.statemachines.paths.test_stage import BACK, GOOD, VERIFIED, ended

if TYPE_CHECKING:
    from tests.statemachines.paths.house import House

TESTED = [*VERIFIED, "StartTests", "AwaitTests", "CheckTests", "TestsPassed"]


def test_a_tested_release_is_watched(house: House) -> None:
    """G1: the tests run after the verification and before the watch, on the release's own artifact."""
    played = house.play("stage", afterDeploy=AFTER_DEPLOY)
    assert played.states == [*TESTED, "Watch", "WhatWasSeen", *GOOD]
    assert played.told("StartTests")["inputArtifact"] == "deployments/d/build.zip"
    assert played.told("CheckTests")["artifact"].endswith("/test-tests.zip")
    assert ended(played, "passed")


def test_failed_tests_go_back(house: House) -> None:
    """R3: the tests that failed are named in the reason of the rollback."""
    script = {"CheckTests": answer(tried("failed", "tests: 1 of 4 tests failed: e2e.test_greets"))}
    played = house.play("stage", script, afterDeploy=AFTER_DEPLOY)
    assert played.states == [*TESTED, *BACK]
    assert ended(played, "restored", "e2e.test_greets")


def test_the_reports_of_a_failed_build_are_read(house: House) -> None:
    """The verdict is the handler's, whatever the build says of itself."""
    script = {"AwaitTests": answer(build_end("timed out", "30 minutes"))}
    played = house.play("stage", script, afterDeploy=AFTER_DEPLOY)
    assert played.told("CheckTests")["build"]["outcome"] == "timed out"


@pytest.mark.parametrize("state", ["StartTests", "CheckTests"])
def test_tests_that_cannot_be_run_go_back(house: House, state: str) -> None:
    """What can't be tested does not stay; the reason names the handler."""
    script: dict[str, Any] = {state: raises("BadInputError", "no project")}
    played = house.play("stage", script, afterDeploy=AFTER_DEPLOY)
    assert played.states[-5:] == BACK
    assert ended(played, "restored", f"{state}: BadInputError")


def test_the_plan_says_what_is_tested(house: House) -> None:
    """A deployment hands each stage its own tests, and none to a stage without."""
    made = plan(*ENVIRONMENTS[:2])
    made["stages"][1]["afterDeploy"] = AFTER_DEPLOY
    played = house.play("deployment", {"PlanRelease": answer(encode(made))})
    assert played.children["test"].states.count("StartTests") == 0
    assert played.children["staging"].states.count("StartTests") == 1
