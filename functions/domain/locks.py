"""The lock of an environment: whose it is, who waits, and which number its writes carry.

    request ──free or owner dead──▶ owned ──release──▶ next waiter owns (fence + 1), or free
       │                              ▲
       └──held──▶ waiting ────────────┘     superseded mode: one waiter; a newer release sends the older away

Every function takes the lock as it was read and answers the lock as it should be written, so that one
compare-and-swap in the adapter makes it atomic.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, TypeGuard

Mode = Literal["superseded", "queued", "parallel"]


@dataclass(frozen=True, slots=True)
class Contender:
    """An execution that wants the lock; `order` compares releases of one repository (a later commit is greater).

    A rollback goes before every waiting release, and is never superseded.
    """

    execution: str
    deployment_id: str
    order: str
    reason: str
    rollback: bool = False
    repository: str = ""


@dataclass(frozen=True, slots=True)
class Waiter:
    """A contender in the queue; the token is empty until its Await state stored one."""

    contender: Contender
    since: str
    token: str = ""


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock as stored; `fence` only ever grows, so that a write under an older one can be refused."""

    key: str
    fence: int = 0
    owner: Contender | None = None
    since: str = ""
    waiters: tuple[Waiter, ...] = ()


@dataclass(frozen=True, slots=True)
class Lease:
    """The proof of holding a lock, demanded by everything that changes an environment."""

    key: str
    execution: str
    fence: int


@dataclass(frozen=True, slots=True)
class LockResult:
    """The result of a request; `wake` lists tokens to complete after the write: (waiter, its own outcome)."""

    lock: Lock
    outcome: Literal["acquired", "waiting", "superseded"]
    lease: Lease | None = None
    wake: tuple[tuple[Waiter, Literal["acquired", "superseded"]], ...] = ()


def request(
    lock: Lock, contender: Contender, *, alive: Callable[[str], bool], mode: Mode, now: str, token: str = ""
) -> LockResult:
    """Take the lock when it is free or its owner is dead, else join the queue, or learn that it is superseded."""
    if lock.owner and lock.owner.execution == contender.execution:
        return LockResult(lock, "acquired", _lease(lock))
    waiters = tuple(w for w in lock.waiters if alive(w.contender.execution))
    if lock.owner and alive(lock.owner.execution):
        return _queue(replace(lock, waiters=waiters), contender, mode, now, token)
    # Free, or its owner died: the head of the line is next, whoever asks.
    queued = _queue(replace(lock, owner=None, since="", waiters=waiters), contender, mode, now, token)
    head = queued.lock.waiters[0]
    owned = _own(queued.lock, head.contender, now)
    if head.contender == contender:
        return replace(owned, wake=queued.wake)
    return replace(queued, lock=owned.lock, wake=((head, "acquired"), *queued.wake) if head.token else queued.wake)


def release(lock: Lock, execution: str, *, alive: Callable[[str], bool], now: str) -> LockResult:
    """Give the lock to the first living waiter, or free it; who does not own it only leaves the queue."""
    waiters = tuple(w for w in lock.waiters if w.contender.execution != execution)
    if lock.owner is None or lock.owner.execution != execution:
        return LockResult(replace(lock, waiters=waiters), "acquired")
    waiters = tuple(w for w in waiters if alive(w.contender.execution))
    if not waiters:
        return LockResult(replace(lock, owner=None, since="", waiters=()), "acquired")
    handed = _own(replace(lock, waiters=waiters), waiters[0].contender, now)
    return replace(handed, wake=((waiters[0], "acquired"),) if waiters[0].token else ())


def _queue(lock: Lock, contender: Contender, mode: Mode, now: str, token: str) -> LockResult:
    """Stand in line, or keep one's place: rollbacks first, and no release behind a newer one (P3)."""
    mine = next((w for w in lock.waiters if w.contender.execution == contender.execution), None)
    waiter = Waiter(contender, mine.since if mine else now, token or (mine.token if mine else ""))
    others = tuple(w for w in lock.waiters if w is not mine)
    rollbacks = tuple(w for w in others if w.contender.rollback)
    releases = tuple(w for w in others if not w.contender.rollback)
    mates = tuple(w for w in releases if w.contender.repository == contender.repository)
    newer = [w.contender for w in mates] + ([lock.owner] if _is_mate(lock.owner, contender) else [])
    if contender.rollback:
        line = (*rollbacks, waiter, *releases)
    elif any(c.order > contender.order for c in newer) and not (mine and mode == "queued"):
        return LockResult(replace(lock, waiters=others), "superseded")
    elif mode == "superseded":
        wake: tuple[tuple[Waiter, Literal["acquired", "superseded"]], ...] = tuple(
            (w, "superseded") for w in mates if w.token
        )
        strangers = tuple(w for w in releases if w not in mates)
        line = tuple(waiter if w is mine else w for w in lock.waiters if w is mine or w not in mates)
        line = line if mine else (*rollbacks, *strangers, waiter)
        return LockResult(replace(lock, waiters=line), "waiting", wake=wake)
    else:
        line = (*others, waiter)
    if mine:
        line = tuple(waiter if w is mine else w for w in lock.waiters)
    return LockResult(replace(lock, waiters=line), "waiting")


def _is_mate(owner: Contender | None, contender: Contender) -> TypeGuard[Contender]:
    """Whether the owner is a release of the same repository: only those are newer or older than each other."""
    return owner is not None and not owner.rollback and owner.repository == contender.repository


def _own(lock: Lock, contender: Contender, now: str) -> LockResult:
    waiters = tuple(w for w in lock.waiters if w.contender.execution != contender.execution)
    owned = replace(lock, fence=lock.fence + 1, owner=contender, since=now, waiters=waiters)
    return LockResult(owned, "acquired", _lease(owned))


def _lease(lock: Lock) -> Lease:
    assert lock.owner is not None  # noqa: S101 - the type checker's; both callers just saw or set it
    return Lease(lock.key, lock.owner.execution, lock.fence)


def explain(result: LockResult) -> str:
    """Who holds the lock, why, since when, and what to do about it; empty once it is acquired."""
    if result.outcome == "acquired":
        return ""
    if result.outcome == "superseded":
        return f"a newer release waits for {result.lock.key} already"
    return f"{held(result.lock)}; waiting at place {len(result.lock.waiters)}"


def held(lock: Lock) -> str:
    """The owner of a lock, in words with a next step."""
    if lock.owner is None:
        return f"{lock.key} is free"
    owner = lock.owner
    return (
        f"{lock.key} is held by {owner.deployment_id} ({owner.reason}) since {lock.since}; "
        f"it ends with that execution, which can be stopped: {owner.execution}"
    )
