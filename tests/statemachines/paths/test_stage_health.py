"""The paths through `stage.asl.json` with services that are not healthy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from functions.handler import encode
from statemachines.policies import VERIFY_TIMES
from tests.statemachines.paths.answers import SERVICE, environment, verified, watch
from tests.statemachines.paths.executions import AS_USUAL, answer
from tests.statemachines.paths.test_stage import APPLIED, BACK, GOOD, VERIFIED, WATCHED, ended

if TYPE_CHECKING:
    from tests.statemachines.paths.runner import WorkflowRunner

AGAIN = ["VerifyAgain", "Verify", "Verified"]
SICK = answer(verified("unhealthy", "hello is not healthy: 503"))


def test_a_slow_service_is_verified_again(runner: WorkflowRunner) -> None:
    """A service that is healthy at the third check passes; no check is an error of the function."""
    execution = runner.run("stage", {"Verify": [SICK, SICK, AS_USUAL]})
    assert execution.states == [*APPLIED, "Verify", "Verified", *AGAIN, *AGAIN, *WATCHED[len(VERIFIED) - 1 :], *GOOD]
    assert execution.payload_of("Verify", times=3)["own"] == "hello"
    assert ended(execution, "passed")


def test_a_service_that_stays_unhealthy_is_rolled_back(runner: WorkflowRunner) -> None:
    """R3: the reason is that of the last check, and the rollback clock starts with it."""
    execution = runner.run("stage", {"Verify": SICK})
    assert execution.states == [
        *APPLIED,
        *("Verify", "Verified"),
        *AGAIN * (VERIFY_TIMES - 1),
        "StayedUnhealthy",
        *BACK,
    ]
    assert ended(execution, "restored", "hello is not healthy: 503")
    assert execution.payload_of("RecordRollback")["breachedAt"]


def test_an_unhealthy_sample_is_followed_by_another(runner: WorkflowRunner) -> None:
    """R13: the watch goes on; only the handler decides when bad samples are a breach."""
    sick = answer(watch("unhealthy", "hello is not healthy: 503"))
    execution = runner.run("stage", {"Watch": [sick, sick, AS_USUAL]})
    assert execution.states == [*WATCHED, *["SampleAgain", "Watch", "WhatWasSeen"] * 2, *GOOD]
    assert execution.payload_of("Watch", times=3)["own"] == "hello"
    assert ended(execution, "passed", "no alarm was in ALARM")


@pytest.mark.parametrize(
    ("parts", "gone", "own"),
    [
        (["shop/api", "shop/web"], [], "shop"),
        (["shop/api"], ["shop/old"], "shop"),
        ([], ["shop/old", "shop/older"], "shop"),
        ([], [], ""),
    ],
)
def test_the_parts_of_the_manifest_decide(runner: WorkflowRunner, parts: list[str], gone: list[str], own: str) -> None:
    """Verification, watch and enhanced watch get the name in the release's manifest, also if parts only left it."""
    changed = encode([replace(SERVICE, name=part) for part in parts])
    given = encode(environment("test", enhanced=3600))
    execution = runner.run("stage", parts=changed, gone=gone, environment=given)
    for state in ("stage/Verify", "stage/Watch", "enhanced_watch/Watch"):
        assert execution.payload_of(state, times=1)["own"] == own
