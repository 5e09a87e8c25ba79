"""The locks table: every change is decided by `domain.locks` and written with one compare-and-swap."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Self

from functions.adapters.clock import Clock
from functions.adapters.executions import Executions
from functions.adapters.records import conditional, every, plain, stored
from functions.adapters.task_tokens import TaskTokens
from functions.domain.locks import Contender, Lock, LockResult, Mode, release, request
from functions.domain.order import Order, is_newer
from functions.handler import Allow, decode

if TYPE_CHECKING:
    from functions.runtime import Clients

# The fencing number of an environment's lock only grows, so its record stays. A branch is new for each work item, and
# nothing compares the number of its lock.
_ENVIRONMENT = "environment/"
_KEPT = timedelta(days=1)


class LocksTable:
    """One record per lock; after the write, the next waiter is notified by completing its task token."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("LOCKS_TABLE", "LOCK_MODE")
    READ: ClassVar[tuple[Allow, ...]] = (Allow(("dynamodb:GetItem",), on="table/locks"),)
    # For a lock whose waiters have no task tokens.
    TAKE: ClassVar[tuple[Allow, ...]] = (
        Allow(("dynamodb:GetItem", "dynamodb:PutItem"), on="table/locks"),
        *Executions.READ,
    )
    WRITE: ClassVar[tuple[Allow, ...]] = (*TAKE, *TaskTokens.COMPLETE)
    SCAN: ClassVar[tuple[Allow, ...]] = (Allow(("dynamodb:Scan",), on="table/locks"),)

    def __init__(self, table: Any, executions: Executions, tokens: TaskTokens, clock: Clock, mode: Mode) -> None:
        self._table = table
        self._executions = executions
        self._tokens = tokens
        self._clock = clock
        self._mode = mode

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The table of this stack, with the lock mode of its settings."""
        mode: Any = aws.setting("LOCK_MODE")
        return cls(aws.table("LOCKS_TABLE"), Executions.connect(aws), TaskTokens.connect(aws), Clock(), mode)

    def key(self, environment: str, repository: str) -> str:
        """The key of an environment's lock; in parallel mode each repository has its own lock there."""
        return f"{_ENVIRONMENT}{environment}" + (f"/{repository}" if self._mode == "parallel" else "")

    def request(self, key: str, contender: Contender, token: str = "") -> LockResult:
        """Request a lock, or join its queue; with a task token, the waiter is notified when its turn comes.

        If the contender's execution has been stopped meanwhile, its end may have been settled already: the lock is
        released again.
        """
        result = self._change(
            key,
            lambda lock: request(
                lock,
                contender,
                alive=self._executions.is_running,
                mode=self._mode,
                now=self._clock.text(),
                token=token,
            ),
        )
        if self._executions.has_ended(contender.execution):
            self.release(key, contender.execution)
        return result

    def release(self, key: str, execution: str) -> LockResult:
        """Release a lock to its next waiter; releasing a lock that is not held is no error."""
        return self._change(
            key,
            lambda lock: release(lock, execution, alive=self._executions.is_running, now=self._clock.text()),
        )

    def wake_older(self, key: str, repository: str, order: Order) -> None:
        """Let the waiters of older releases of a repository request again; each then finds why it may not enter."""
        for waiter in self.read(key).waiters:
            older = waiter.contender.repository == repository and is_newer(order, waiter.contender.order)
            if older and waiter.token and not waiter.contender.rollback:
                turn = {"outcome": "waiting", "reason": f"a newer release has reached {key}", "lease": None}
                self._tokens.succeed(waiter.token, turn)

    @property
    def keeps_all(self) -> bool:
        """Whether every release has its turn: in the mode `queued`, a newer release ends no wait of an older one."""
        return self._mode == "queued"

    def read(self, key: str) -> Lock:
        """The current state of a lock."""
        return self._read(key)[0]

    def all(self) -> Iterator[Lock]:
        """Every lock that is held or was lately; the table holds a few items per environment, and busy branches."""
        return (decode(Lock, {**row, "key": row["lockKey"]}) for row in every(self._table, "scan"))

    def owned(self) -> Iterator[Lock]:
        """Every lock with an owner, whether its execution is running or has ended."""
        return (lock for lock in self.all() if lock.owner)

    def _change(self, key: str, decide: Callable[[Lock], LockResult]) -> LockResult:
        while True:
            lock, revision = self._read(key)
            result = decide(lock)
            # If another caller has changed the lock meanwhile, the decision is repeated with the new state.
            if result.lock == lock or self._write(result.lock, revision):
                self._wake(result)
                return result

    def _wake(self, result: LockResult) -> None:
        for waiter, outcome in result.wake:
            if outcome == "superseded":
                turn = {"outcome": outcome, "reason": f"a newer release waits for {result.lock.key}", "lease": None}
            else:  # it requests again, finds that it owns the lock, and checks whether it may still enter
                turn = {"outcome": "waiting", "reason": f"{result.lock.key} is free now", "lease": None}
            self._tokens.succeed(waiter.token, turn)

    def _read(self, key: str) -> tuple[Lock, int]:
        item = self._table.get_item(Key={"lockKey": key}, ConsistentRead=True).get("Item")
        if item is None:
            return Lock(key), 0
        row = plain(item)
        return decode(Lock, {**row, "key": key}), row["revision"]

    def _write(self, lock: Lock, revision: int) -> bool:
        """Write a lock that was read with this revision; False if its revision has changed since."""
        facts = {k: v for k, v in stored(lock).items() if k != "key"}
        if not lock.owner and not lock.key.startswith(_ENVIRONMENT):
            facts["expiresAt"] = int((self._clock.now() + _KEPT).timestamp())
        written = conditional(
            self._table,
            "put_item",
            Item={"lockKey": lock.key, "revision": revision + 1, **facts},
            ConditionExpression="attribute_not_exists(lockKey) OR revision = :revision",
            ExpressionAttributeValues={":revision": revision},
        )
        return written is not None
