"""The answers of the scripted handlers have the form of the real handlers' answers."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Literal, get_type_hints

import pytest

from functions.handler import decode, handler_function
from statemachines.definitions import WORKFLOWS, tasks
from tests.statemachines.paths.answers import ECHOES, HAPPY

if TYPE_CHECKING:
    from tests.statemachines.paths.runner import WorkflowRunner


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_every_handler_has_its_answer(workflow: str) -> None:
    """Every task of every workflow has an answer in the form of its handler's output."""
    handlers = tasks(workflow)
    assert set(HAPPY[workflow]) == set(handlers)
    for state, module in handlers.items():
        kind = get_type_hints(handler_function(import_module(module)))["return"]
        if hasattr(kind, "__struct_fields__") and f"{workflow}/{state}" not in ECHOES:
            assert isinstance(kind, type)
            decode(kind, HAPPY[workflow][state])


@pytest.mark.parametrize(("workflow", "state"), [("stage", "Conclude"), ("rollback", "RecordRollback")])
def test_an_announced_event_is_the_handlers_output(
    runner: WorkflowRunner, workflow: Literal["stage", "rollback"], state: str
) -> None:
    """A scripted handler that returns its input has the form of the real handler's output, too."""
    kind = get_type_hints(handler_function(import_module(tasks(workflow)[state])))["return"]
    decode(kind, runner.run(workflow).output)


def test_the_event_of_a_deployment_is_the_handlers_output(runner: WorkflowRunner) -> None:
    """The scripted Conclude answers in the form of its handler."""
    kind = get_type_hints(handler_function(import_module(tasks("deployment")["Conclude"])))["return"]
    decode(kind, runner.announced(runner.run("deployment"), 5)[-1][1])
