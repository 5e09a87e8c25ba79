"""The happy paths of the diagrams are the paths that executions take."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, get_args

import pytest

from statemachines.diagrams import HAPPY_PATHS
from tests.statemachines.paths.executions import Workflow

if TYPE_CHECKING:
    from tests.statemachines.paths.runner import WorkflowRunner


@pytest.mark.parametrize("workflow", get_args(Workflow))
def test_an_execution_without_faults_takes_the_happy_path(runner: WorkflowRunner, workflow: Workflow) -> None:
    """An execution takes every thick arrow, in this order, and no other."""
    taken = dict.fromkeys(pairwise(runner.run(workflow).states))
    assert list(taken) == list(dict.fromkeys(pairwise(HAPPY_PATHS[workflow])))
