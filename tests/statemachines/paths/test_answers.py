"""The actors' answers are what the handlers would answer."""

from __future__ import annotations

from dataclasses import is_dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Literal, get_type_hints

import pytest

from functions.handler import decode, handler_function
from statemachines.definitions import WORKFLOWS, tasks
from tests.statemachines.paths.answers import ECHOES, HAPPY

if TYPE_CHECKING:
    from tests.statemachines.paths.house import House


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_every_handler_has_its_answer(workflow: str) -> None:
    """Each task of each workflow is played, and answers in the form of its handler's own output."""
    handlers = tasks(workflow)
    assert set(HAPPY[workflow]) == set(handlers)
    for state, module in handlers.items():
        kind = get_type_hints(handler_function(import_module(module)))["return"]
        if is_dataclass(kind) and f"{workflow}/{state}" not in ECHOES:
            assert isinstance(kind, type)
            decode(kind, HAPPY[workflow][state])


@pytest.mark.parametrize(("workflow", "state"), [("stage", "Conclude"), ("rollback", "RecordRollback")])
def test_what_is_announced_is_the_handlers_output(
    house: House, workflow: Literal["stage", "rollback"], state: str
) -> None:
    """An actor that answers what it was told has the handler's own form too."""
    kind = get_type_hints(handler_function(import_module(tasks(workflow)[state])))["return"]
    decode(kind, house.play(workflow).output)


def test_what_a_deployment_announces_is_the_handlers_output(house: House) -> None:
    """The actor of Conclude answers in the form of its handler."""
    kind = get_type_hints(handler_function(import_module(tasks("deployment")["Conclude"])))["return"]
    decode(kind, house.announced(house.play("deployment"), 5)[-1][1])
