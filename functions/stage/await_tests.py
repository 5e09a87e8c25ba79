"""AwaitTests: leave a token for the end of the tests' build; they are waited for as every build is (AwaitBuild)."""

from functions.adapters.builds import Builds
from functions.adapters.clock import Clock
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.executions import Executions
from functions.adapters.task_tokens import TaskTokens
from functions.adapters.waits_table import WaitsTable
from functions.shared.await_build import HANDLER, Input, await_build

__all__ = ["HANDLER", "await_tests"]


def await_tests(
    event: Input,
    waits: WaitsTable,
    builds: Builds,
    deployments: DeploymentsTable,
    tokens: TaskTokens,
    executions: Executions,
    clock: Clock,
) -> None:
    """Its own handler, so that the tests' wait is found by its state's name."""
    await_build(event, waits, builds, deployments, tokens, executions, clock)
