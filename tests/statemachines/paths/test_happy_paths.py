"""The happy paths that the pictures begin with are the paths that executions take."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, get_args

import pytest

from statemachines.diagrams import HAPPY_PATHS
from tests.statemachines.paths.playing import Workflow

if TYPE_CHECKING:
    from tests.statemachines.paths.house import House


@pytest.mark.parametrize("workflow", get_args(Workflow))
def test_an_execution_without_obstacles_takes_the_happy_path(house: House, workflow: Workflow) -> None:
    """Every arrow that is drawn thick is taken, in this order, and no other one is."""
    taken = dict.fromkeys(pairwise(house.play(workflow).states))
    assert list(taken) == list(dict.fromkeys(pairwise(HAPPY_PATHS[workflow])))
