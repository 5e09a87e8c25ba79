"""Rollouts in steps: which step follows, and which steps are refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain.rollouts import mistake_in_steps, next_step

RISING = st.sets(st.integers(1, 99), max_size=5).map(sorted)


@given(RISING)
def test_every_step_is_taken_once_and_in_order(steps: list[int]) -> None:
    """R12: from nothing to all requests, each step follows the one before."""
    taken, at = [], 0.0
    while (step := next_step(steps, at)) is not None:
        taken.append(step)
        at = step
    assert taken == steps


def test_a_share_between_two_steps_goes_on_to_the_next() -> None:
    """Such as one that a person has set."""
    assert next_step([10, 50], 12.5) == 50


@given(RISING)
def test_rising_steps_have_no_mistake(steps: list[int]) -> None:
    """Also none at all, and a single one."""
    assert mistake_in_steps(steps) == ""


@pytest.mark.parametrize("steps", [[50, 10], [10, 10], [1, 5, 5]])
def test_other_steps_are_refused_with_the_next_step(steps: list[int]) -> None:
    """The mistake shows the steps as they were written."""
    assert mistake_in_steps(steps) == (
        f"must rise from step to step, and are {', '.join(map(str, steps))}: write each percentage once, in order"
    )
