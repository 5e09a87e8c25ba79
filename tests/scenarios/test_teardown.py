"""What stands is not touched again, and what is taken down is gone; the last scenario of its platform."""

from tests.scenarios.world import World, eventually, kiro


def test_up_again_changes_nothing_and_destroy_leaves_nothing(world: World) -> None:
    """The program is idempotent, and a destroyable stack leaves no resource of its own, used or not.

    `pulumi destroy` waits for executions, and so for as long as a release waits for people: `stop-all` comes first.
    https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteStateMachine.html
    """
    platform = world.platform
    world.push("feat: still on its way when the stack goes")
    deployments = world.table("deploymentsTable")
    eventually(lambda: [one for one in deployments.scan()["Items"] if "outcome" not in one])
    stopped = kiro(world, "stop-all", "--reason", "the stack goes")["stopped"]
    prefix = platform.outputs["deploymentWorkflow"].partition(":stateMachine:")[0] + ":execution:"
    sfn = platform.clients.client("stepfunctions")
    causes = {sfn.describe_execution(executionArn=prefix + one)["cause"] for one in stopped}
    assert causes == {"stopped by arn:aws:iam::111122223333:root: the stack goes"}
    again = platform.deploy("up")
    assert {op for op, count in again.changes.items() if count} == {"same"}
    gone = platform.deploy("destroy")
    assert gone.changes["delete"] == again.changes["same"]
    assert platform.clients.client("dynamodb").list_tables()["TableNames"] == []
