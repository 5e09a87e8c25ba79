"""AwaitTests: leave a token for the end of the tests' build; they are waited for as every build is (AwaitBuild)."""

from functions.adapters.builds import Builds
from functions.adapters.clock import Clock
from functions.adapters.task_tokens import TaskTokens
from functions.adapters.waits_table import WaitsTable
from functions.deployment.await_build import ROOM as ROOM
from functions.deployment.await_build import Input, await_build


def await_tests(event: Input, waits: WaitsTable, builds: Builds, tokens: TaskTokens, clock: Clock) -> None:
    """Its own room, so that the tests' wait is found by its state's name."""
    await_build(event, waits, builds, tokens, clock)
