"""Completing task tokens."""

import pytest
from botocore.exceptions import ClientError

from functions.adapters.task_tokens import TaskTokens
from tests.functions.stack import Stack, failing


@pytest.mark.parametrize("code", ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"])
def test_a_wait_that_is_over_is_no_fault(stack: Stack, code: str) -> None:
    """Completing a token that no state waits with returns False."""
    client = stack.client("stepfunctions")
    error = getattr(client.exceptions, code)({"Error": {"Code": code, "Message": "x"}}, "SendTaskSuccess")
    with failing(client, "SendTaskSuccess", error):
        assert TaskTokens.connect(stack.clients).succeed("token", {}) is False


def test_any_other_error_is_a_fault(stack: Stack) -> None:
    """Any other error is raised, so that the caller is retried."""
    error = ClientError({"Error": {"Code": "ThrottlingException", "Message": "x"}}, "SendTaskSuccess")
    with failing(stack.client("stepfunctions"), "SendTaskSuccess", error), pytest.raises(ClientError):
        TaskTokens.connect(stack.clients).succeed("token", {})
