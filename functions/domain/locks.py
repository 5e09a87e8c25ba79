"""The lock of an environment: its owner, its waiters and its fencing number.

    request ──free, or owner ended──▶ owned ──release──▶ next waiter owns (fence + 1), or free
       │                                ▲
       └──held──▶ waiting ──────────────┘     mode `superseded`: one waiter; a newer release supersedes an older one

Every function takes the lock as it was read and returns the lock to write. One compare-and-swap in the adapter makes
the change atomic.
"""

from collections.abc import Callable
from typing import Literal, TypeGuard

from msgspec.structs import replace

from functions.domain.order import Order, are_independent, is_newer
from functions.domain.values import Value

Mode = Literal["superseded", "queued", "parallel"]


class Contender(Value, frozen=True):
    """An execution that requests the lock; `order` is the position of its release in its repository.

    A rollback is placed before all waiting releases and is never superseded.
    """

    execution: str
    deployment_id: str
    order: Order | None
    reason: str
    rollback: bool = False
    repository: str = ""


class Waiter(Value, frozen=True):
    """A contender in the queue; `token` is empty until its Await state has stored a task token. `since` is ISO 8601."""

    contender: Contender
    since: str
    token: str = ""


class Lock(Value, frozen=True):
    """A lock as stored. `fence` only grows, so that writes with an older number are refused; `since` is ISO 8601."""

    key: str
    fence: int = 0
    owner: Contender | None = None
    since: str = ""
    waiters: tuple[Waiter, ...] = ()


class Lease(Value, frozen=True):
    """The proof of holding a lock; every function that changes an environment requires it.

    Records of its `repository` may be written with it; "" in a lease from before the platform recorded owners.
    """

    key: str
    execution: str
    fence: int
    repository: str = ""


class LockResult(Value, frozen=True):
    """The result of a request; `wake` lists the waiters to notify after the write, with their outcomes."""

    lock: Lock
    outcome: Literal["acquired", "waiting", "superseded"]
    lease: Lease | None = None
    wake: tuple[tuple[Waiter, Literal["acquired", "superseded"]], ...] = ()


def request(
    lock: Lock, contender: Contender, *, alive: Callable[[str], bool], mode: Mode, now: str, token: str = ""
) -> LockResult:
    """Take the lock if it is free or its owner has ended; otherwise join the queue, or be superseded.

    `alive` says whether an execution (an ARN) is still running. `now` is ISO 8601.
    """
    if lock.owner and lock.owner.execution == contender.execution:
        return LockResult(lock, "acquired", _lease(lock))
    waiters = tuple(w for w in lock.waiters if alive(w.contender.execution))
    if lock.owner and alive(lock.owner.execution):
        return _queue(replace(lock, waiters=waiters), contender, mode, now, token)
    # Free, or its owner has ended: the first waiter gets the lock, even if another execution made this request.
    queued = _queue(replace(lock, owner=None, since="", waiters=waiters), contender, mode, now, token)
    head = queued.lock.waiters[0]
    owned = _own(queued.lock, head.contender, now)
    if head.contender == contender:
        return replace(owned, wake=queued.wake)
    return replace(queued, lock=owned.lock, wake=((head, "acquired"), *queued.wake) if head.token else queued.wake)


def release(lock: Lock, execution: str, *, alive: Callable[[str], bool], now: str) -> LockResult:
    """Give the lock to the first waiter that is still running, or free it.

    An execution that does not own the lock is only removed from the queue.
    """
    waiters = tuple(w for w in lock.waiters if w.contender.execution != execution)
    if lock.owner is None or lock.owner.execution != execution:
        return LockResult(replace(lock, waiters=waiters), "acquired")
    waiters = tuple(w for w in waiters if alive(w.contender.execution))
    if not waiters:
        return LockResult(replace(lock, owner=None, since="", waiters=()), "acquired")
    handed = _own(replace(lock, waiters=waiters), waiters[0].contender, now)
    return replace(handed, wake=((waiters[0], "acquired"),) if waiters[0].token else ())


def _queue(lock: Lock, contender: Contender, mode: Mode, now: str, token: str) -> LockResult:
    """Join the queue, or keep the place in it: rollbacks come first, and no release waits behind a newer one (P3)."""
    mine = next((w for w in lock.waiters if w.contender.execution == contender.execution), None)
    waiter = Waiter(contender, mine.since if mine else now, token or (mine.token if mine else ""))
    others = tuple(w for w in lock.waiters if w is not mine)
    rollbacks = tuple(w for w in others if w.contender.rollback)
    releases = tuple(w for w in others if not w.contender.rollback)
    same_repository = tuple(w for w in releases if w.contender.repository == contender.repository)
    comparable = [w.contender for w in same_repository]
    comparable += [lock.owner] if _is_comparable(lock.owner, contender) else []
    if contender.rollback:
        line = (*rollbacks, waiter, *releases)
    elif any(is_newer(c.order, contender.order) for c in comparable) and not (mine and mode == "queued"):
        return LockResult(replace(lock, waiters=others), "superseded")
    elif mode == "superseded":
        replaced = tuple(w for w in same_repository if not are_independent(w.contender.order, contender.order))
        wake: tuple[tuple[Waiter, Literal["acquired", "superseded"]], ...] = tuple(
            (w, "superseded") for w in replaced if w.token
        )
        unrelated = tuple(w for w in releases if w not in replaced)
        line = tuple(waiter if w is mine else w for w in lock.waiters if w is mine or w not in replaced)
        line = line if mine else (*rollbacks, *unrelated, waiter)
        return LockResult(replace(lock, waiters=line), "waiting", wake=wake)
    else:
        line = (*others, waiter)
    if mine:
        line = tuple(waiter if w is mine else w for w in lock.waiters)
    return LockResult(replace(lock, waiters=line), "waiting")


def _is_comparable(owner: Contender | None, contender: Contender) -> TypeGuard[Contender]:
    """Whether the owner is a release of the same repository: only those can be newer or older than each other."""
    return owner is not None and not owner.rollback and owner.repository == contender.repository


def _own(lock: Lock, contender: Contender, now: str) -> LockResult:
    waiters = tuple(w for w in lock.waiters if w.contender.execution != contender.execution)
    owned = replace(lock, fence=lock.fence + 1, owner=contender, since=now, waiters=waiters)
    return LockResult(owned, "acquired", _lease(owned))


def _lease(lock: Lock) -> Lease:
    assert lock.owner is not None  # noqa: S101 - for the type checker: both callers have checked or set it
    return Lease(lock.key, lock.owner.execution, lock.fence, lock.owner.repository)


def held(lock: Lock) -> str:
    """The owner of a lock as text, with the next step for an operator."""
    if lock.owner is None:
        return f"{lock.key} is free"
    owner = lock.owner
    return (
        f"{lock.key} is held by {owner.deployment_id} ({owner.reason}) since {lock.since}; "
        f"the lock is released when that execution ends; to release it now, stop the execution: {owner.execution}"
    )
