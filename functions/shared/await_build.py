"""AwaitBuild: store the task token for the build's event, then query the build in case it has ended already."""

from functions.adapters.builds import Builds
from functions.adapters.clock import Clock
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.executions import Executions
from functions.adapters.task_tokens import TaskTokens
from functions.adapters.waits_table import WaitsTable
from functions.handler import Handler
from functions.procedures.builds import AWAIT, AwaitedBuild, await_end

HANDLER = Handler(allow=AWAIT)


def await_build(
    event: AwaitedBuild,
    waits: WaitsTable,
    builds: Builds,
    deployments: DeploymentsTable,
    tokens: TaskTokens,
    executions: Executions,
    clock: Clock,
) -> None:
    """Wait for the build of a release or of one of its parts."""
    await_end(event, waits, builds, deployments, tokens, executions, clock)
