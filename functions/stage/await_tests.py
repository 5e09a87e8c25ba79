"""AwaitTests: store the task token for the end of the tests' build, in the same way as AwaitBuild."""

from functions.adapters.builds import Builds
from functions.adapters.clock import Clock
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.executions import Executions
from functions.adapters.task_tokens import TaskTokens
from functions.adapters.waits_table import WaitsTable
from functions.handler import Handler
from functions.procedures.builds import AWAIT, AwaitedBuild, await_end

HANDLER = Handler(allow=AWAIT)


def await_tests(
    event: AwaitedBuild,
    waits: WaitsTable,
    builds: Builds,
    deployments: DeploymentsTable,
    tokens: TaskTokens,
    executions: Executions,
    clock: Clock,
) -> None:
    """Wait for the build of the tests; a handler of its own, because each state has the handler of its name."""
    await_end(event, waits, builds, deployments, tokens, executions, clock)
