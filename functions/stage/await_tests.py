"""AwaitTests: leave a token for the end of the tests' build; they are waited for as every build is (AwaitBuild)."""

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
    """Its own handler, so that the tests' wait is found by its state's name."""
    await_end(event, waits, builds, deployments, tokens, executions, clock)
