"""AwaitTests: the wait for the tests' build works as every wait for a build."""

from functions.adapters.waits_table import WaitsTable
from functions.domain.waits import BuildKey
from tests.functions import builds
from tests.functions.samples import DEPLOYMENT
from tests.functions.stack import Stack


def test_running_tests_are_waited_for(stack: Stack) -> None:
    """The token is stored while they run, and completed with their end."""
    build_id = builds.start(stack)
    event = {
        "taskToken": "token",
        "execution": stack.execution("stage", "s"),
        "deploymentId": DEPLOYMENT,
        "buildId": build_id,
    }
    stack.run("stage.await_tests", event)
    assert stack.completed() == {}
    builds.end(stack, build_id, "FAILED")
    stack.run("stage.await_tests", event)
    assert stack.completed()["token"]["outcome"] == "failed"
    assert WaitsTable.connect(stack.clients).find(BuildKey(build_id)) is None
