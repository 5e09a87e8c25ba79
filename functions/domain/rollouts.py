"""Rollouts in steps: the shares of the requests that meet a new version, one after the other (R12)."""

from collections.abc import Sequence
from typing import Literal

from functions.domain.values import Value

RolloutOutcome = Literal["done", "paused", "underway", "failed"]


class Rollout(Value, frozen=True):
    """How far the change of a part is.

    - `done`: all requests meet `version`.
    - `paused`: `percent` of the requests meet it, and `proceed` is awaited.
    - `underway`: AWS changes something by itself; `progress` says how far it is.
    - `failed`: AWS, or somebody else, ended the rollout (`reason`, without the part's name); what runs is what ran
      before, or a mixture, and a rollback is due.

    `handle` is AWS's name of the rollout, such as the ARN of a service deployment, "" if it has none.
    """

    outcome: RolloutOutcome
    version: str
    percent: float = 100
    handle: str = ""
    reason: str = ""

    @property
    def shares(self) -> bool:
        """Whether a part of the requests meets the new version, and the rest the old one."""
        return self.outcome == "paused" and 0 < self.percent < 100


def next_step(steps: Sequence[int], percent: float) -> int | None:
    """The first step (a percentage) above `percent`; None if all requests follow."""
    return next((step for step in steps if step > percent), None)


def mistake_in_steps(steps: Sequence[int]) -> str:
    """Why these steps, each between 1 and 99, are refused, and the next step; "" if they are not."""
    if list(steps) == sorted(set(steps)):
        return ""
    return f"must rise from step to step, and are {', '.join(map(str, steps))}: write each percentage once, in order"
