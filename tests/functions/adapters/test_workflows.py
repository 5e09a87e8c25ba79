"""The workflows in a stack's settings."""

import pytest

from functions.adapters.workflows import Deployments, EnhancedWatches, Workflows, WorkItemWorkflow
from functions.domain.requests import Request
from tests.functions.stack import MACHINES, Stack


def test_workflows_are_known_by_their_arns(stack: Stack) -> None:
    """The ARNs of the workflows that change environments and of the work-item workflow are read from settings."""
    found = Workflows.connect(stack.clients)
    assert (found.deployment, found.stage, found.rollback) == (
        MACHINES["deployment"],
        MACHINES["stage"],
        MACHINES["rollback"],
    )
    assert WorkItemWorkflow.connect(stack.clients).arn == MACHINES["work_item"]


@pytest.mark.parametrize(("machine", "owned"), [("enhanced_watch", True), ("stage", False)])
def test_an_enhanced_watch_is_told_from_a_stage(stack: Stack, machine: str, owned: bool) -> None:
    """R8: the execution of an enhanced watch is distinguished from that of a stage, which also watches."""
    execution = stack.execution(machine, "main-1")
    assert EnhancedWatches.connect(stack.clients).owns(execution) is owned


def test_a_deployment_starts_once_under_its_name(stack: Stack) -> None:
    """P1: a name that was started before starts nothing, whatever its input."""
    stack.settings["REPOSITORIES"] = "acme/a,acme/b"
    deployments = Deployments.connect(stack.clients)
    assert deployments.repositories == frozenset({"acme/a", "acme/b"})
    assert deployments.start("trunk-1", Request("acme/a", "refs/heads/trunk"))
    assert not deployments.start("trunk-1", Request("acme/b", "refs/heads/trunk"))
