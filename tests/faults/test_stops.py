"""Stopping a stage at any moment leaves the environment on a known release (P9)."""

import random
import time
from collections.abc import Iterator

import pytest

from tests.faults.harness.environment import FaultEnvironment, wait_for
from tests.faults.harness.matrix import Matrix, subjects
from tests.faults.harness.releases import Release
from tests.faults.harness.runs import settle
from tests.faults.harness.subjects import CALM

STOPS = 10
STAGE_SECONDS = 3.0


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrix]:
    """A platform with two subjects, on which a first release runs."""
    with FaultEnvironment(tmp_path_factory.mktemp("stops"), subjects({CALM: 2}), print) as env:
        made = Matrix(env, print)
        made.prepare()
        yield made


@pytest.mark.slow
def test_a_stage_stopped_at_any_moment_leaves_a_known_release(matrix: Matrix) -> None:
    """After StopExecution at ten random moments a known commit runs, the record agrees, and there are no orphans."""
    chance = random.Random(7)
    env, found = matrix.env, []
    for number in range(STOPS):
        subject = env.subjects[number % len(env.subjects)]
        run = matrix.next(subject, None)
        assert isinstance(run, Release)
        moment = chance.uniform(0, STAGE_SECONDS)
        deployment = run.deploy()
        stages = wait_for(lambda: env.running(run.name, "stage"), 20, 0.02)  # noqa: B023 - called at once
        time.sleep(moment)
        state = env.state(stages[0])
        env.stop(stages[0])
        run.finish(deployment)
        problems = settle(run, run.wrong)
        found.append((round(moment, 2), state, problems))
        assert subject.answers() in run.known
    assert [one for one in found if one[2]] == []
