"""Conclude of a stage: its result in the record, and its event."""

from functions.adapters.builds import BuildEnd
from functions.adapters.deployments_table import DeploymentsTable
from functions.domain.gates import Verdict
from functions.domain.records import BuildRecord
from functions.handler import encode
from tests.functions.samples import DEPLOYMENT, NOW, RELEASE
from tests.functions.stack import Stack

SMOKE = Verdict("smoke", "passed", "2 tests passed, 0 skipped")
EVENT = {
    "deploymentId": DEPLOYMENT,
    "release": RELEASE,
    "environment": "eu-production",
    "result": "passed",
    "reason": "no alarm was in ALARM",
    "startedAt": NOW,
    "waitedSeconds": 12.5,
    "queueSeconds": 2,
    "approvalSeconds": 9.5,
}


def test_the_result_of_a_stage_is_recorded_and_returned(stack: Stack) -> None:
    """As the event `StageFinished`; a repetition writes the same result."""
    DeploymentsTable.connect(stack.clients).begin(DEPLOYMENT, RELEASE, "arn:e", "push")
    first, second = (stack.run("stage.conclude", EVENT) for _ in range(2))
    assert first["release"] == encode(RELEASE)
    assert (first["result"], first["environment"], first["startedAt"]) == ("passed", "eu-production", NOW)
    assert first["waitedSeconds"] == stack.deployment()["stages"]["eu-production"]["waitedSeconds"] == 12.5
    assert (first["queueSeconds"], first["approvalSeconds"]) == (2.0, 9.5)
    assert first["finishedAt"] <= second["finishedAt"]
    recorded = stack.deployment()["stages"]["eu-production"]
    assert (recorded["result"], recorded["reason"], recorded["startedAt"]) == ("passed", "no alarm was in ALARM", NOW)


def test_a_stage_that_never_had_the_lock_has_no_queue_time(stack: Stack) -> None:
    """Zero would mean that it got the lock at once."""
    DeploymentsTable.connect(stack.clients).begin(DEPLOYMENT, RELEASE, "arn:e", "push")
    assert stack.run("stage.conclude", {**EVENT, "queueSeconds": None})["queueSeconds"] is None


def test_the_event_has_the_verdicts_in_its_environment(stack: Stack) -> None:
    """G5: those of another environment are in the event of its own stage; without tests there are none."""
    table = DeploymentsTable.connect(stack.clients)
    table.begin(DEPLOYMENT, RELEASE, "arn:e", "push")
    assert stack.run("stage.conclude", EVENT)["gates"] == []
    table.note(DEPLOYMENT, **{"gates_eu-production": [SMOKE], "gates_test": [Verdict("e2e", "failed", "no")]})
    assert stack.run("stage.conclude", EVENT)["gates"] == [encode(SMOKE)]


def test_the_event_has_the_log_of_the_tests_in_its_environment(stack: Stack) -> None:
    """G5: that of another environment is in the event of its own stage; without tests there is none."""
    table = DeploymentsTable.connect(stack.clients)
    table.begin(DEPLOYMENT, RELEASE, "arn:e", "push")
    table.note(DEPLOYMENT, tests_test=BuildRecord("https://log/test"))
    assert stack.run("stage.conclude", EVENT)["log"] == ""
    table.note(DEPLOYMENT, **{"tests_eu-production": BuildEnd("failed", "exit 1", "https://log")})
    assert stack.run("stage.conclude", EVENT)["log"] == "https://log"
