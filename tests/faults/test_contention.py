"""One lock with many contenders and dying owners, on the emulated DynamoDB through the product's adapter."""

import random
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from functions.adapters.clock import Clock
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.locks_table import LocksTable
from functions.domain.errors import StaleLeaseError
from functions.domain.locks import Contender, Lease
from local.clients import Clients

THREADS = 16
ROUNDS = 200
# The backstop of a waiter in this test.
BACKSTOP_SECONDS = 0.4
DEAD_OWNER_SECONDS = 2.0
KEY = "environment/contended"


@dataclass
class Contention:
    """Running executions, their tokens, the owner of the lock, and every violation; replaces Step Functions."""

    living: set[str] = field(default_factory=set)
    tokens: dict[str, threading.Event] = field(default_factory=dict)
    inside: str = ""
    fences: dict[str, int] = field(default_factory=dict)
    ahead: dict[str, set[str]] = field(default_factory=dict)
    died: list[tuple[float, int]] = field(default_factory=list)
    granted: dict[int, float] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    guard: threading.Lock = field(default_factory=threading.Lock)

    def is_running(self, execution: str) -> bool:
        """Whether an execution is running."""
        return execution in self.living

    def has_ended(self, execution: str) -> bool:
        """Whether an execution has ended."""
        return execution not in self.living

    def succeed(self, token: str, _: Any) -> bool:
        """Complete a token."""
        self.tokens[token].set()
        return True

    def enter(self, execution: str, fence: int) -> None:
        """Record that an execution has the lock; a second owner is a violation."""
        with self.guard:
            if self.inside:
                self.wrong.append(f"{execution} and {self.inside} own the lock at the same time")
            self.inside = execution
            self.fences[execution] = fence
            self.granted[fence] = time.monotonic()

    def leave(self, execution: str, *, dead: bool) -> None:
        """Record that an owner has finished its work, or has died."""
        with self.guard:
            self.inside = ""
            if dead:
                self.living.discard(execution)
                self.died.append((time.monotonic(), self.fences[execution]))


@pytest.fixture
def tables(aws: Clients) -> Iterator[tuple[str, str]]:
    """A table of locks and one of environments."""
    names = (f"locks-{uuid.uuid4().hex[:8]}", f"environments-{uuid.uuid4().hex[:8]}")
    for name, keys in zip(names, (["lockKey"], ["environment", "part"]), strict=True):
        aws.client("dynamodb").create_table(
            TableName=name,
            KeySchema=[{"AttributeName": k, "KeyType": t} for k, t in zip(keys, ("HASH", "RANGE"), strict=False)],
            AttributeDefinitions=[{"AttributeName": k, "AttributeType": "S"} for k in keys],
            BillingMode="PAY_PER_REQUEST",
        )
    yield names
    for name in names:
        aws.client("dynamodb").delete_table(TableName=name)


@pytest.mark.slow
def test_a_contended_lock_has_one_living_owner(aws: Clients, tables: tuple[str, str]) -> None:
    """With 16 contenders and dying owners there are never two owners, no wait for a dead one, and the order is kept."""
    env = Contention()
    stand_in: Any = env
    resources = [aws.session.resource("dynamodb", endpoint_url=aws.endpoint) for _ in range(THREADS)]

    def work(number: int) -> None:
        locks = LocksTable(
            resources[number].Table(tables[0]),
            stand_in,
            stand_in,
            Clock(),
            "queued",
        )
        environments = EnvironmentsTable(resources[number].Table(tables[1]))
        chance = random.Random(number)
        try:
            for turn in range(ROUNDS):
                one_round(env, locks, environments, f"e{number}-{turn}", chance)
        except Exception as error:  # an error in a thread fails the test
            env.wrong.append(f"e{number}: {type(error).__name__}: {error}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert env.wrong == []
    assert len(env.fences) == THREADS * ROUNDS
    assert len(set(env.fences.values())) == len(env.fences), "a fencing number was given twice"
    assert max(waited(env), default=0) < DEAD_OWNER_SECONDS
    assert len(env.died) > ROUNDS
    late = [(e, a) for e, before in env.ahead.items() for a in before if env.fences[a] > env.fences[e]]
    assert late == [], "a contender got the lock before one that was ahead of it"


def one_round(
    env: Contention, locks: LocksTable, environments: EnvironmentsTable, execution: str, chance: random.Random
) -> None:
    """Request the lock, wait, write, and release the lock or die as its owner."""
    token = f"token-{execution}"
    env.tokens[token] = threading.Event()
    env.living.add(execution)
    lease = await_turn(env, locks, Contender(execution, execution, None, "a round"), token)
    env.enter(execution, lease.fence)
    environments.fence("contended", lease)
    dies = chance.random() < 0.1
    env.leave(execution, dead=dies)
    if not dies:
        locks.release(KEY, execution)
        env.living.discard(execution)
    elif chance.random() < 0.5:
        locks.release(KEY, execution)  # as the event of its end does, when it is not lost
    elif (newer := locks.read(KEY)).fence > lease.fence and newer.fence in env.granted:
        assert_refused(env, environments, lease, newer.fence)


def await_turn(env: Contention, locks: LocksTable, contender: Contender, token: str) -> Lease:
    """Wait for the lock as AcquireLock and AwaitLock do: query again after each token and each backstop."""
    answer = locks.request(KEY, contender, token)
    if answer.outcome == "waiting":
        line = [w.contender.execution for w in answer.lock.waiters]
        env.ahead[contender.execution] = set(line[: line.index(contender.execution)])
    while answer.lease is None:
        env.tokens[token].wait(BACKSTOP_SECONDS)
        env.tokens[token].clear()
        answer = locks.request(KEY, contender, token)
    return answer.lease


def assert_refused(env: Contention, environments: EnvironmentsTable, stale: Lease, newer: int) -> None:
    """Assert that a former owner can't write after a newer owner has written."""
    environments.fence("contended", Lease(KEY, "the newer owner", newer))
    try:
        environments.fence("contended", stale)
    except StaleLeaseError:
        return
    env.wrong.append(f"the stale fencing number {stale.fence} was accepted after {newer}")


def waited(env: Contention) -> Iterator[float]:
    """Seconds from the death of each owner to its successor; the last one may have none."""
    for died, fence in env.died:
        if fence + 1 in env.granted:
            yield env.granted[fence + 1] - died
