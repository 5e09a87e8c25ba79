"""Stopping a stage at any moment: the environment answers as a known release (P9)."""

import random
import time
from collections.abc import Iterator

import pytest

from local.faults.ground import Ground, wait_for
from local.faults.lanes import CALM
from local.faults.matrix import Matrix, lanes
from local.faults.plays import settle
from local.faults.releases import Release

STOPS = 10
STAGE_SECONDS = 3.0


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrix]:
    """A platform with two lanes, on which a first release runs."""
    with Ground(tmp_path_factory.mktemp("stops"), lanes({CALM: 2}), print) as ground:
        made = Matrix(ground, print)
        made.prepare()
        yield made


@pytest.mark.slow
def test_a_stage_stopped_at_any_moment_leaves_a_known_release(matrix: Matrix) -> None:
    """Ten random moments, by StopExecution: HTTP tells a known commit, the record agrees, nothing is left behind."""
    chance = random.Random(7)
    ground, found = matrix.ground, []
    for number in range(STOPS):
        lane = ground.lanes[number % len(ground.lanes)]
        play = matrix.next(lane, None)
        assert isinstance(play, Release)
        moment = chance.uniform(0, STAGE_SECONDS)
        deployment = play.deploy()
        stages = wait_for(lambda: ground.running(play.name, "stage"), 20, 0.02)  # noqa: B023 - called at once
        time.sleep(moment)
        state = ground.state(stages[0])
        ground.stop(stages[0])
        play.see_out(deployment)
        problems = settle(play, play.wrong)
        found.append((round(moment, 2), state, problems))
        assert ground.answers(lane) in play.known
    assert [one for one in found if one[2]] == []
