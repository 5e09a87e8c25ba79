"""Where ministack is kinder than AWS, the emulated AWS is not; what the delivered example shows is in test_example."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from local.emulator import STRICTNESS
from tests.roles import new_role

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.emulator import Clients

HOLDING = {"StartAt": "Hold", "States": {"Hold": {"Type": "Wait", "Seconds": 10_000_000, "End": True}}}


def refusal(call: Callable[..., Any], **request: Any) -> str:
    """The error code of a call that is refused."""
    with pytest.raises(ClientError) as caught:
        call(**request)
    return str(caught.value.response["Error"]["Code"])


def test_a_state_machine_is_deleting_until_its_executions_have_ended(aws: Clients) -> None:
    """It is still there, starts nothing any more, and is gone when the last execution has been stopped.

    https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteStateMachine.html
    """
    sfn = aws.client("stepfunctions")
    machine = sfn.create_state_machine(
        name=f"machine-{uuid.uuid4().hex[:8]}", definition=json.dumps(HOLDING), roleArn=new_role(aws)
    )["stateMachineArn"]
    execution = sfn.start_execution(stateMachineArn=machine)["executionArn"]
    sfn.delete_state_machine(stateMachineArn=machine)
    assert sfn.describe_state_machine(stateMachineArn=machine)["status"] == "DELETING"
    assert refusal(sfn.start_execution, stateMachineArn=machine) == "StateMachineDeleting"
    sfn.stop_execution(executionArn=execution)
    deadline = time.monotonic() + 20
    while machine in {one["stateMachineArn"] for one in sfn.list_state_machines()["stateMachines"]}:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert refusal(sfn.describe_state_machine, stateMachineArn=machine) == "StateMachineDoesNotExist"


def test_a_role_may_what_its_policies_allow(aws: Clients) -> None:
    """Action and resource count; Lambda's actions are called as its operations."""
    allowed = {"Effect": "Allow", "Action": "lambda:GetAlias", "Resource": "arn:aws:lambda:*:*:function:mine"}
    taken = aws.client("sts").assume_role(RoleArn=new_role(aws, allowed), RoleSessionName="test")["Credentials"]
    functions = aws.acting_as(taken).client("lambda")
    assert refusal(functions.get_alias, FunctionName="mine", Name="live") == "ResourceNotFoundException"
    assert refusal(functions.get_alias, FunctionName="other", Name="live") == "AccessDeniedException"
    assert refusal(functions.list_aliases, FunctionName="mine") == "AccessDeniedException"


def test_a_hook_that_is_gone_ends_the_start() -> None:
    """A new version of ministack can't take away strictness unnoticed."""
    script = (
        "import runpy, ministack.services.stepfunctions as sfn; del sfn._delete_state_machine;"
        f"runpy.run_path({str(STRICTNESS)!r})"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "ministack.services.stepfunctions has no _delete_state_machine" in done.stderr
