"""What an execution does that was started with what no record says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions.handler import encode
from tests.statemachines.paths.answers import ENVIRONMENTS, RELEASE
from tests.statemachines.paths.executions import answer, raises

if TYPE_CHECKING:
    from tests.statemachines.paths.executions import Workflow
    from tests.statemachines.paths.runner import WorkflowRunner


@pytest.mark.parametrize("workflow", ["stage", "rollback", "enhanced_watch"])
def test_nothing_follows_a_refusal(runner: WorkflowRunner, workflow: Workflow) -> None:
    """The execution fails with the name of the refusal; nothing is announced, recorded, locked or changed."""
    script = {"ReadRecord": raises("NotRecordedError", "there is no record of such a deployment")}
    execution = runner.run(workflow, script)
    assert execution.states == ["Open", "ReadRecord", "NotRecorded"]
    assert (execution.status, execution.error) == ("FAILED", "NotRecorded")


def test_the_record_and_the_settings_decide(runner: WorkflowRunner) -> None:
    """Approval, time limits and release are those that ReadRecord answers, whatever the input says."""
    known = {"environment": encode(ENVIRONMENTS[2]), "release": {**encode(RELEASE), "message": "the record's"}}
    execution = runner.run("stage", {"ReadRecord": answer(known)}, environment={"name": "production"})
    assert execution.payload_of("RequestApproval", times=1)["release"]["message"] == "the record's"
    assert execution.payload_of("ReadRecord")["environments"] == encode(ENVIRONMENTS)
