"""The parameter with which people change the board, and what is wrong with it."""

import json
from typing import Any

import pytest

from functions.adapters.github.board import Board
from functions.adapters.project_config import ProjectConfig, ProjectConfigs
from functions.domain.errors import BadInputError
from tests.functions.stack import BOARD, SETTINGS, Stack

NAME = SETTINGS["PROJECT_CONFIG"]


def put(stack: Stack, value: Any) -> None:
    """Write the parameter as a person does: with `aws ssm put-parameter --overwrite`."""
    text = value if isinstance(value, str) else json.dumps(value)
    stack.client("ssm").put_parameter(Name=NAME, Value=text, Type="SecureString", Overwrite=True)


def test_what_people_wrote_comes_before_the_settings(stack: Stack) -> None:
    """I4: each key by itself; what they left out is as in the settings."""
    board = Board.connect(stack.clients)
    assert (board.names.owner, board.names.number) == (BOARD["owner"], BOARD["number"])
    put(stack, {"organization": "other", "projectNumber": 7, "targetStatusColumn": "For Implementation"})
    names = Board.connect(stack.clients).names
    assert (names.owner, names.number, names.columns.todo) == ("other", 7, "For Implementation")
    assert (names.status_field, names.columns.failed) == (board.names.status_field, board.names.columns.failed)


def test_it_is_read_again_after_five_minutes(stack: Stack) -> None:
    """A change takes effect without a deployment, and not each request reads it."""
    now = [1000.0]
    configs = ProjectConfigs(stack.clients, NAME, lambda: now[0])
    put(stack, "{}")
    assert configs.current() == ProjectConfig()
    put(stack, {"projectNumber": 7})
    assert configs.current() == ProjectConfig()
    now[0] += 301
    assert configs.current() == ProjectConfig(project_number=7)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("7", "Expected `object`"),
        ("{", "is no JSON"),
        ({"repository": "acme/shop"}, "has repository, which are no keys of it: there are organization, projectNumber"),
        ({"projectNumber": "seven"}, "projectNumber"),
    ],
)
def test_a_mistake_in_it_is_named(stack: Stack, value: Any, said: str) -> None:
    """A value that is half right is not used."""
    put(stack, value)
    with pytest.raises(BadInputError, match=f"the parameter {NAME}.*{said}"):
        ProjectConfigs.connect(stack.clients).current()
