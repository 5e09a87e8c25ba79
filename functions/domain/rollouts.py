"""Rollouts in steps: the shares of the requests that meet a new version, one after the other (R12)."""

from collections.abc import Sequence


def next_step(steps: Sequence[int], percent: float) -> int | None:
    """The first step (a percentage) above `percent`; None if all requests follow."""
    return next((step for step in steps if step > percent), None)


def mistake_in_steps(steps: Sequence[int]) -> str:
    """Why these steps, each between 1 and 99, are refused, and the next step; "" if they are not."""
    if list(steps) == sorted(set(steps)):
        return ""
    return f"must rise from step to step, and are {', '.join(map(str, steps))}: write each percentage once, in order"
