"""A repeated `up` and a `destroy`; the last scenario of its platform."""

import pytest

from components.platform.programs import PROGRAMS
from tests.scenarios.driver import PlatformDriver, eventually, kiro


@pytest.mark.long
def test_up_again_changes_nothing_and_destroy_leaves_nothing(driver: PlatformDriver) -> None:
    """A second `up` changes nothing, and destroying a stack that retains nothing leaves no resource behind.

    `stop-all` comes first, because `pulumi destroy` waits for executions, which may wait for people.
    https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteStateMachine.html
    """
    platform = driver.platform
    driver.push("feat: still running when the stack is destroyed")
    deployments = driver.table("deploymentsTable")
    eventually(lambda: [one for one in deployments.scan()["Items"] if "outcome" not in one])
    stopped = kiro(driver, "stop-all", "--reason", "the stack is destroyed")["stopped"]
    prefix = platform.outputs["deploymentWorkflow"].partition(":stateMachine:")[0] + ":execution:"
    sfn = platform.clients.client("stepfunctions")
    causes = {sfn.describe_execution(executionArn=prefix + one)["cause"] for one in stopped}
    own = "stopped by arn:aws:iam::111122223333:root: the stack is destroyed"
    # The end of a deployment may stop its stage before the command does.
    assert {own} <= causes <= {own, "its deployment ended as ABORTED"}
    again = platform.deploy("up")
    assert {op for op, count in again.changes.items() if count} == {"same"}
    s3, bucket = platform.clients.client("s3"), platform.outputs["artifactsBucket"]
    # Programs of builds are not deleted one by one, because a queued build needs its own; they go with their bucket.
    programs = s3.list_objects_v2(Bucket=bucket, Prefix=f"{PROGRAMS}/")["KeyCount"]
    gone = platform.deploy("destroy")
    assert gone.changes["delete"] + programs == again.changes["same"]
    assert bucket not in {one["Name"] for one in s3.list_buckets()["Buckets"]}
    assert platform.clients.client("dynamodb").list_tables()["TableNames"] == []
