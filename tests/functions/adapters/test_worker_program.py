"""The program of the worker's builds."""

from functions.adapters.worker_program import WorkerProgram
from tests.functions.stack import SETTINGS, Stack


def test_the_key_is_that_of_the_settings(stack: Stack) -> None:
    """The program uploads it under a name with its digest."""
    assert WorkerProgram.connect(stack.clients).key == SETTINGS["WORKER_PROGRAM"]
