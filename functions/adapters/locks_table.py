"""The locks table: every change is one compare-and-swap of what `domain.locks` decided."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Self

from functions.adapters.clock import Clock
from functions.adapters.executions import Executions
from functions.adapters.records import conditional, every, plain, stored
from functions.adapters.task_tokens import TaskTokens
from functions.domain.locks import Contender, Lock, LockResult, Mode, release, request
from functions.handler import Allow, decode

if TYPE_CHECKING:
    from functions.runtime import Clients


class LocksTable:
    """One item per lock; hands a lock on by completing the next waiter's token, after the write."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("LOCKS_TABLE", "LOCK_MODE")
    WRITE: ClassVar[tuple[Allow, ...]] = (
        Allow(("dynamodb:GetItem", "dynamodb:PutItem"), on="table/locks"),
        *Executions.ASK,
        *TaskTokens.COMPLETE,
    )
    SCAN: ClassVar[tuple[Allow, ...]] = (Allow(("dynamodb:Scan",), on="table/locks"),)

    def __init__(self, table: Any, executions: Executions, tokens: TaskTokens, clock: Clock, mode: Mode) -> None:
        self._table = table
        self._executions = executions
        self._tokens = tokens
        self._clock = clock
        self._mode = mode

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The table of this stack, in the mode of its settings."""
        mode: Any = aws.setting("LOCK_MODE")
        return cls(aws.table("LOCKS_TABLE"), Executions.connect(aws), TaskTokens.connect(aws), Clock(), mode)

    def key(self, environment: str, repository: str) -> str:
        """The lock of an environment; in parallel mode each repository has its own there."""
        return f"environment/{environment}" + (f"/{repository}" if self._mode == "parallel" else "")

    def request(self, key: str, contender: Contender, token: str = "") -> LockResult:
        """Ask for a lock, or for one's turn; with a token, a wait that is woken.

        Who was stopped meanwhile, and whose end may have been heard already, gives back what was just written.
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
        """Give a lock on; what is not held is not an error, so this may come twice."""
        return self._change(
            key,
            lambda lock: release(lock, execution, alive=self._executions.is_running, now=self._clock.text()),
        )

    def read(self, key: str) -> Lock:
        """The lock as it stands."""
        return self._read(key)[0]

    def all(self) -> Iterator[Lock]:
        """Every lock that anybody ever asked for; the table holds a few items per environment."""
        return (decode(Lock, {**row, "key": row["lockKey"]}) for row in every(self._table, "scan"))

    def owned(self) -> Iterator[Lock]:
        """Every lock that has an owner, dead or alive."""
        return (lock for lock in self.all() if lock.owner)

    def _change(self, key: str, decide: Callable[[Lock], LockResult]) -> LockResult:
        while True:
            lock, revision = self._read(key)
            result = decide(lock)
            # Where somebody else changed it meanwhile, it is decided again on what stands now.
            if result.lock == lock or self._write(result.lock, revision):
                self._wake(result)
                return result

    def _wake(self, result: LockResult) -> None:
        for waiter, outcome in result.wake:
            if outcome == "superseded":
                turn = {"outcome": outcome, "reason": f"a newer release waits for {result.lock.key}", "lease": None}
            else:  # its turn: it requests again, finds the lock its own, and checks whether it still may
                turn = {"outcome": "waiting", "reason": f"{result.lock.key} is free now", "lease": None}
            self._tokens.succeed(waiter.token, turn)

    def _read(self, key: str) -> tuple[Lock, int]:
        item = self._table.get_item(Key={"lockKey": key}, ConsistentRead=True).get("Item")
        if item is None:
            return Lock(key), 0
        row = plain(item)
        return decode(Lock, {**row, "key": key}), row["revision"]

    def _write(self, lock: Lock, revision: int) -> bool:
        """Write a lock that was read in this revision; False when it has another one now."""
        facts = {k: v for k, v in stored(lock).items() if k != "key"}
        written = conditional(
            self._table,
            "put_item",
            Item={"lockKey": lock.key, "revision": revision + 1, **facts},
            ConditionExpression="attribute_not_exists(lockKey) OR revision = :revision",
            ExpressionAttributeValues={":revision": revision},
        )
        return written is not None
