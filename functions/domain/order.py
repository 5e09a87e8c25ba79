"""The order of a repository's releases: by ancestry of their commits, never by the time of a commit (P14).

    distance(commit) = distance(head) + ahead_by − behind_by        GitHub's comparison head...commit

`ahead_by` counts the commits that only `commit` reaches, `behind_by` those that only `head` reaches
(https://docs.github.com/en/rest/commits/commits#compare-two-commits). So in an epoch a distance is the number of
commits that are reachable, less a constant: an ancestor always has a smaller one than its descendants.

Commits that the main branch does not reach (feature branches, hotfixes before their merge) stand beside that line:

    main     (1,0) ── (1,1) ── (1,2)                  each is newer than those before it
    beside            └ (1,1)#1, (1,1)#2              older than (1,2), newer than no release of the main branch

Releases of images stand beside it, too, each with the services that it changes. One replaces another where both change
the same service; it neither replaces a commit nor is replaced by one, because neither contains the other.
"""

from collections.abc import Callable

from msgspec.structs import replace

from functions.domain.values import Value


class Order(Value, frozen=True, order=True):
    """The position of a release; among releases of the main branch a greater one is newer.

    An epoch ends when a commit of the main branch begins that is neither an ancestor nor a descendant of the head:
    after a forced push. The release that began last is the newest then.

    `branch` is 0 for a commit that the main branch reaches. Any other commit has the position of the head when it
    began, and a number that counts such releases of the repository. A release of images has such a number, too, and
    the names of its `services`; other releases have none.
    """

    epoch: int
    distance: int
    branch: int = 0
    services: tuple[str, ...] = ()


class History(Value, frozen=True):
    """The newest release of a repository's main branch that has begun: its commit and its order.

    `branches` counts the releases that began with other commits. Before the first release of the main branch `head` is
    empty.
    """

    head: str
    order: Order
    branches: int = 0


class Mark(Value, frozen=True):
    """A release that reached or passed an environment. `execution` is the ARN of its deployment, "" if unknown."""

    order: Order
    deployment_id: str
    commit: str
    execution: str = ""


class Passage(Value, frozen=True):
    """The newest release of a repository that reached an environment, and the newest that passed it.

    It `arrived` when it had passed the environments before, and may still wait. It `passed` when it was verified good
    there, or had nothing to change there. Releases of other branches than the main one are recorded apart: they never
    take the place of a release of the main branch.
    """

    arrived: Mark | None = None
    passed: Mark | None = None
    branch_arrived: Mark | None = None
    branch_passed: Mark | None = None


def is_newer(one: Order | None, other: Order | None) -> bool:
    """Whether a release is newer than another of its repository.

    A release of another branch is never newer than one of the main branch: it keeps none out and ends no wait of one.
    Releases that began before the platform recorded orders have none: they are neither newer nor older.
    Releases of images are compared with those that change one of their services.
    """
    if one is None or other is None:
        return False
    if one.services or other.services:
        return one > other and not set(one.services).isdisjoint(other.services)
    return one > other and (not one.branch or bool(other.branch))


def are_independent(one: Order | None, other: Order | None) -> bool:
    """Whether neither of two releases replaces the other: one of the main branch, and one of a branch begun later."""
    if one is None or other is None or one == other:
        return False
    return not is_newer(one, other) and not is_newer(other, one)


def place(history: History | None, commit: str, apart: int | None, now: int) -> tuple[Order, History]:
    """The order of a commit that begins, and the history after it.

    `apart` is `ahead_by − behind_by` from the head to the commit, None if they have diverged or can't be compared.
    `now` (seconds) begins the number of a new epoch, so that it is greater than all before even if the history is lost.
    """
    if history is None or apart is None:
        epoch = max(now, history.order.epoch + 1) if history else now
        begun = History(commit, Order(epoch, 0), history.branches if history else 0)
        return begun.order, begun
    order = replace(history.order, distance=history.order.distance + apart)
    return order, replace(history, head=commit, order=order) if apart > 0 else history


def place_beside(history: History | None, now: int, services: tuple[str, ...] = ()) -> tuple[Order, History]:
    """The order of a commit that the main branch does not reach, or of images; and the history after it, with its head.

    Otherwise the next release of the main branch would begin an epoch, and an older one could follow it.
    """
    known = history or History("", Order(now, 0))
    after = replace(known, branches=known.branches + 1)
    return replace(known.order, branch=after.branches, services=services), after


def overtaken(order: Order | None, passage: Passage, environment: str, alive: Callable[[str], bool]) -> str:
    """Why a release may no longer enter an environment; "" if it may.

    A newer one that only arrived counts while its deployment (an ARN) is running: it may be rejected or fail.
    """
    for passed in (passage.passed, passage.branch_passed):
        if passed and is_newer(passed.order, order):
            return f"{_named(passed)} has passed {environment}"
    for arrived in (passage.arrived, passage.branch_arrived):
        if arrived and is_newer(arrived.order, order) and alive(arrived.execution):
            return f"{_named(arrived)} has reached {environment}"
    return ""


def _named(mark: Mark) -> str:
    return f"the newer release {mark.commit[:12]} ({mark.deployment_id})"
