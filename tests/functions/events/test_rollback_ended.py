"""A rollback that ended without its word: its environment is frozen."""

from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.entry import encode
from tests.functions.samples import DEPLOYMENT, ENVIRONMENT, RELEASE
from tests.functions.stack import MACHINES, Stack


def stopped(stack: Stack) -> list[str]:
    """Run the room with the event of a rollback that was stopped."""
    given = {"deploymentId": DEPLOYMENT, "release": encode(RELEASE), "environment": encode(ENVIRONMENT)}
    name = f"{DEPLOYMENT}-production-rollback"
    execution = stack.execution("rollback", name, given)
    stack.kill(execution)
    detail = {"executionArn": execution, "stateMachineArn": MACHINES["rollback"], "name": name, "status": "ABORTED"}
    done: list[str] = stack.run("events.execution_ended", {"detail": detail})["done"]
    return done


def test_a_rollback_that_was_stopped_freezes(stack: Stack) -> None:
    """R5: nobody knows what runs, so nothing more deploys there; the reason names the rollback."""
    DeploymentsTable.connect(stack.clients).begin(DEPLOYMENT, RELEASE, "arn:e", "push")
    assert "froze production" in stopped(stack)
    frozen = EnvironmentsTable.connect(stack.clients).frozen("production")
    assert frozen
    assert (frozen.by, frozen.reason) == (f"rollback of {DEPLOYMENT}", f"the rollback of {DEPLOYMENT} ended as ABORTED")


def test_a_rollback_that_had_recorded_its_end_freezes_nothing(stack: Stack) -> None:
    """It was stopped after its last word, or another one has gone well meanwhile."""
    deployments = DeploymentsTable.connect(stack.clients)
    deployments.begin(DEPLOYMENT, RELEASE, "arn:e", "push")
    deployments.note(DEPLOYMENT, rollback_production={"result": "restored"})
    assert "froze production" not in stopped(stack)
    assert EnvironmentsTable.connect(stack.clients).frozen("production") is None
