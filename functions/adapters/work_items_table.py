"""The work-items table: the records of work items."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Self

from msgspec.structs import replace

from functions.adapters.clock import Clock
from functions.adapters.records import conditional, every, plain, stored
from functions.domain.work_items import Record, State
from functions.handler import Allow, decode

if TYPE_CHECKING:
    from functions.runtime import Clients

# Longer than Step Functions keeps the names of executions, which count an item's attempts.
_KEPT = timedelta(days=400)
_UNDER_WAY: tuple[State, ...] = ("running", "waiting")


class WorkItemsTable:
    """One record per item; every write is a compare-and-swap, so that of two concurrent writes only one succeeds.

    A record expires 400 days after its last change, unless work is under way.
    """

    SETTINGS: ClassVar[tuple[str, ...]] = ("WORK_ITEMS_TABLE",)
    READ: ClassVar[tuple[Allow, ...]] = (Allow(("dynamodb:GetItem",), on="table/work-items"),)
    FIND: ClassVar[tuple[Allow, ...]] = (Allow(("dynamodb:Query",), on="index/work-items"),)
    WRITE: ClassVar[tuple[Allow, ...]] = (Allow(("dynamodb:GetItem", "dynamodb:PutItem"), on="table/work-items"),)
    NOTE: ClassVar[tuple[Allow, ...]] = (Allow(("dynamodb:UpdateItem",), on="table/work-items"),)

    def __init__(self, table: Any, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The table of this stack."""
        return cls(aws.table("WORK_ITEMS_TABLE"), Clock())

    def get(self, item_id: str) -> Record:
        """The record of an item; a new one if there is none."""
        row = self._table.get_item(Key={"itemId": item_id}, ConsistentRead=True).get("Item")
        return decode(Record, plain(row)) if row else Record(item_id)

    def running(self) -> tuple[Record, ...]:
        """The records that say running (eventually consistent: the next poll reads again)."""
        return self.in_state("running")

    def in_state(self, state: State) -> tuple[Record, ...]:
        """The records of items in a state, as of a moment ago."""
        rows = every(
            self._table,
            "query",
            IndexName="StateIndex",
            KeyConditionExpression="#state = :state",
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues={":state": state},
        )
        return tuple(decode(Record, row) for row in rows)

    def about(self, repository: str, number: int, branch: str) -> Record | None:
        """The record of an issue or pull request, or of a branch key; None if no attempt at it was ever started.

        The states with few records come first. They are found as of a moment ago, and the record is then read anew.
        """
        for state in ("running", "waiting", "ineligible", "stopped", "quarantined", "done"):
            rows = every(
                self._table,
                "query",
                IndexName="StateIndex",
                KeyConditionExpression="#state = :state",
                FilterExpression="branch = :branch OR (#item.repository = :repository AND #item.#number = :number)",
                ExpressionAttributeNames={"#state": "state", "#item": "item", "#number": "number"},
                ExpressionAttributeValues={
                    ":state": state,
                    ":branch": branch,
                    ":repository": repository,
                    ":number": number,
                },
            )
            if found := next(iter(rows), None):
                return self.get(str(found["itemId"]))
        return None

    def note_progress(self, item_id: str, digest: str) -> None:
        """Record what was shown of an item's progress; the revision stays, because nothing is decided by it."""
        self._table.update_item(
            Key={"itemId": item_id},
            UpdateExpression="SET progress = :digest",
            ExpressionAttributeValues={":digest": digest},
        )

    def save(self, record: Record) -> Record | None:
        """Write a record and return it with its new revision; None if it was changed since it was read."""
        newer = replace(record, revision=record.revision + 1)
        kept = {} if record.state in _UNDER_WAY else {"expiresAt": int((self._clock.now() + _KEPT).timestamp())}
        written = conditional(
            self._table,
            "put_item",
            Item={**stored(newer), **kept},
            ConditionExpression="attribute_not_exists(itemId) OR revision = :revision",
            ExpressionAttributeValues={":revision": record.revision},
        )
        return None if written is None else newer
