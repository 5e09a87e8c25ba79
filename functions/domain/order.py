"""The order of a repository's releases: by ancestry of their commits, never by the time of a commit (P14).

    distance(commit) = distance(head) + ahead_by − behind_by        GitHub's comparison head...commit

`ahead_by` counts the commits that only `commit` reaches, `behind_by` those that only `head` reaches
(https://docs.github.com/en/rest/commits/commits#compare-two-commits). So in an epoch a distance is the number of
commits that are reachable, less a constant: an ancestor always has a smaller one than its descendants.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from functions.domain.upgrades import UPGRADES


@dataclass(frozen=True, slots=True, order=True)
class Order:
    """The position of a release; a greater one is newer.

    An epoch ends when a commit begins that is neither an ancestor nor a descendant of the head: after a forced push, or
    from another branch. The release that began last is the newest then.
    """

    epoch: int
    distance: int


def _stored(value: object) -> object:
    """The order of a release; None for the time of a commit, by which an earlier version ordered locks."""
    return None if isinstance(value, str) else value


UPGRADES[Order | None] = _stored


@dataclass(frozen=True, slots=True)
class History:
    """The newest release of a repository that has begun: its commit and its order."""

    head: str
    order: Order


@dataclass(frozen=True, slots=True)
class Mark:
    """A release that reached or passed an environment. `execution` is the ARN of its deployment, "" if unknown."""

    order: Order
    deployment_id: str
    commit: str
    execution: str = ""


@dataclass(frozen=True, slots=True)
class Passage:
    """The newest release of a repository that reached an environment, and the newest that passed it.

    It `arrived` when it had passed the environments before, and may still wait. It `passed` when it was verified good
    there, or had nothing to change there.
    """

    arrived: Mark | None = None
    passed: Mark | None = None


def is_newer(one: Order | None, other: Order | None) -> bool:
    """Whether a release is newer than another of its repository.

    Releases that began before the platform recorded orders have none: they are neither newer nor older.
    """
    return one is not None and other is not None and one > other


def place(history: History | None, commit: str, apart: int | None, now: int) -> tuple[Order, History]:
    """The order of a commit that begins, and the history after it.

    `apart` is `ahead_by − behind_by` from the head to the commit, None if they have diverged or can't be compared.
    `now` (seconds) begins the number of a new epoch, so that it is greater than all before even if the history is lost.
    """
    if history is None or apart is None:
        epoch = max(now, history.order.epoch + 1) if history else now
        begun = History(commit, Order(epoch, 0))
        return begun.order, begun
    order = replace(history.order, distance=history.order.distance + apart)
    return order, History(commit, order) if apart > 0 else history


def overtaken(order: Order | None, passage: Passage, environment: str, alive: Callable[[str], bool]) -> str:
    """Why a release may no longer enter an environment; "" if it may.

    A newer one that only arrived counts while its deployment (an ARN) is running: it may be rejected or fail.
    """
    passed, arrived = passage.passed, passage.arrived
    if passed and is_newer(passed.order, order):
        return f"{_named(passed)} has passed {environment}"
    if arrived and is_newer(arrived.order, order) and alive(arrived.execution):
        return f"{_named(arrived)} has reached {environment}"
    return ""


def _named(mark: Mark) -> str:
    return f"the newer release {mark.commit[:12]} ({mark.deployment_id})"
