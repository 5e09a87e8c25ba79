"""Versions that are read and deleted while others do the same."""

from local.clients import Clients
from tests.functions.published import Published, aws

__all__ = ["aws"]


def test_a_run_that_meets_another_one_goes_on(aws: Clients) -> None:
    """What is gone is gone: a version, and a version of a workflow that a definition still names."""
    stack = Published(aws)
    stack.update()
    (old,) = [one for one in stack.versions._of_function(stack.arn) if one.number == 1]
    stack.versions.delete(old)
    stack.versions.delete(old)
    stack.start()
    stack.states.delete_state_machine_version(stateMachineVersionArn=f"{stack.inner}:2")
    assert f"{stack.inner}:2" in stack.versions.called()
