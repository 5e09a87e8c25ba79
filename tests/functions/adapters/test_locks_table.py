"""Locks under contention, on a database with concurrent writers."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest

from functions.adapters.clock import Clock
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.locks_table import LocksTable
from functions.domain.errors import StaleLeaseError
from functions.domain.locks import Contender, Lease, Lock, LockResult, Mode
from functions.domain.order import Order
from local.emulator import Emulator
from tests.functions.fakes import FakeExecutions, RecordingTokens
from tests.functions.samples import state
from tests.functions.stack import REGION, Stack
from tests.functions.tables import create_tables

THREADS = 8
NAMES = [f"e{number}" for number in range(THREADS)]


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real database on 127.0.0.1 with the product's tables."""
    with Emulator(tmp_path_factory.mktemp("emulator") / "emulator.log", region=REGION) as running:
        create_tables(session().client("dynamodb", endpoint_url=running.endpoint))
        yield running.endpoint


def session() -> boto3.Session:
    """A session of its own for each thread: making clients is not thread-safe."""
    return boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)


def contender(name: str, order: int = 1) -> Contender:
    """An execution that wants the lock."""
    return Contender(name, f"deployment-{name}", Order(1, order), "r")


def locks_of(endpoint: str, executions: FakeExecutions, tokens: RecordingTokens, mode: Mode) -> list[LocksTable]:
    """One adapter per thread."""
    return [
        LocksTable(
            session().resource("dynamodb", endpoint_url=endpoint).Table("kiro-locks"),
            executions,  # type: ignore[arg-type]
            tokens,  # type: ignore[arg-type]
            Clock(),
            mode,
        )
        for _ in NAMES
    ]


def test_of_many_at_once_one_owns_and_all_get_their_turn(endpoint: str) -> None:
    """Q1: there are never two owners, no waiter is lost, and the fence grows by one per owner."""
    tokens = RecordingTokens()
    locks = locks_of(endpoint, FakeExecutions(*NAMES), tokens, "queued")
    gate, inside, leases = threading.Barrier(THREADS), threading.Lock(), list[Lease]()

    def live(number: int) -> None:
        name, mine = NAMES[number], locks[number]
        gate.wait()
        for attempt in range(1000):
            answer = mine.request("contended", contender(name), f"{name}-{attempt}")
            if answer.lease:
                assert inside.acquire(blocking=False), "two executions own the lock"
                leases.append(answer.lease)
                inside.release()
                mine.release("contended", name)
                return
            threading.Event().wait(0.2)
        raise AssertionError(f"{name} never got its turn")

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(live, range(THREADS)))
    assert sorted(lease.execution for lease in leases) == sorted(NAMES)
    assert [lease.fence for lease in leases] == list(range(1, THREADS + 1))
    assert locks[0].read("contended") == Lock("contended", fence=THREADS)


def test_in_superseded_mode_the_newest_of_many_waits(endpoint: str) -> None:
    """P3: every superseded waiter is notified, or gets that result with its next request."""
    tokens = RecordingTokens()
    locks = locks_of(endpoint, FakeExecutions("owner", *NAMES), tokens, "superseded")
    locks[0].request("newest", contender("owner", 0))

    def ask(number: int) -> str:
        return locks[number].request("newest", contender(NAMES[number], number), f"t{number}").outcome

    with ThreadPoolExecutor(THREADS) as pool:
        outcomes = list(pool.map(ask, range(THREADS)))
    (last,) = locks[0].read("newest").waiters
    assert last.contender.execution == NAMES[-1]
    assert outcomes[-1] == "waiting"
    told = {token for token, answer in tokens.completed.items() if answer["outcome"] == "superseded"}
    assert told == {f"t{number}" for number in range(THREADS - 1) if outcomes[number] == "waiting"}


def test_a_change_between_reading_and_writing_is_decided_anew(stack: Stack) -> None:
    """When the compare-and-swap fails, the decision is repeated with the new state."""
    locks = LocksTable.connect(stack.clients)
    other = LocksTable.connect(stack.clients)
    first, second = stack.execution("stage", "one"), stack.execution("stage", "two")
    read, raced = locks._read, list[LockResult]()

    def slowly(key: str) -> tuple[Lock, int]:
        found = read(key)
        if not raced:
            raced.append(other.request(key, contender(first)))
        return found

    locks._read = slowly  # type: ignore[method-assign]
    assert locks.request("environment/test", contender(second)).outcome == "waiting"
    lock = other.read("environment/test")
    assert lock.owner
    assert (lock.owner.execution, len(lock.waiters)) == (first, 1)


def test_the_lock_of_a_branch_expires_and_that_of_an_environment_stays(stack: Stack) -> None:
    """Each work item has a branch; the number of an environment's lock must never begin again."""
    locks, execution = LocksTable.connect(stack.clients), stack.execution("work_item", "one")
    kept = {}
    for key in ("environment/test", "branch/acme/hello-service/kiro/one"):
        locks.request(key, contender(execution))
        assert "expiresAt" not in stack.table("locks").get_item(Key={"lockKey": key})["Item"]
        locks.release(key, execution)
        kept[key] = stack.table("locks").get_item(Key={"lockKey": key})["Item"].get("expiresAt")
    assert kept["environment/test"] is None
    assert 0 < int(kept["branch/acme/hello-service/kiro/one"]) - time.time() <= 86_400
    assert locks.request("branch/acme/hello-service/kiro/one", contender(execution)).outcome == "acquired"


def test_a_repetition_that_changes_nothing_writes_nothing(stack: Stack) -> None:
    """A repeated request costs one read and no write."""
    locks, execution = LocksTable.connect(stack.clients), stack.execution("stage", "one")
    locks.request("environment/test", contender(execution))
    stack.recording = True
    locks.request("environment/test", contender(execution))
    stack.recording = False
    assert "dynamodb:PutItem" not in [call.action for call in stack.calls]


def test_a_stale_owner_writes_nothing_and_the_newest_everything(stack: Stack) -> None:
    """Q1: an environment refuses writes under a stale lease, for every row of it."""
    environments = EnvironmentsTable.connect(stack.clients)
    old, new = Lease("k", "old", 1), Lease("k", "new", 2)
    environments.save(state(), old)
    environments.fence("production", new)
    with pytest.raises(StaleLeaseError):
        environments.save(state(), old)
    environments.save(state(), new)
    environments.fence("other", old)
