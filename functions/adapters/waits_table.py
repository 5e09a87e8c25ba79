"""The waits table: task tokens of builds, watches and approvals, requests for approval, and observed branch heads."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Self

from functions.adapters.records import conditional, every, found_under, plain, stored
from functions.domain.approvals import Approval
from functions.domain.pushes import PushKey, RefsKey
from functions.domain.reconciliation import SeenRefs, Sighting
from functions.domain.waits import ApprovalKey, Wait, WaitKey, read_wait_key
from functions.domain.watches import AlarmReading
from functions.handler import Allow, decode

if TYPE_CHECKING:
    from functions.runtime import Clients

# Records are kept after a wait has ended, and twice as long as the longest approval (7 days), so that late events and
# late clicks are still recognised.
_KEPT = timedelta(days=14)
# The value of the attribute that a row has while its wait or request may still end, by which `OpenIndex` lists it.
_OPEN = "yes"


class WaitsTable:
    """One record per wait, found by key, environment or execution."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("WAITS_TABLE",)
    FIND: ClassVar[tuple[Allow, ...]] = (Allow(("dynamodb:Query",), on="index/waits"),)
    READ: ClassVar[tuple[Allow, ...]] = (Allow(("dynamodb:GetItem",), on="table/waits"),)
    READ_SEEN: ClassVar[tuple[Allow, ...]] = (Allow(("dynamodb:BatchGetItem", "dynamodb:GetItem"), on="table/waits"),)
    WRITE: ClassVar[tuple[Allow, ...]] = (
        Allow(("dynamodb:GetItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"), on="table/waits"),
    )
    DECIDE: ClassVar[tuple[Allow, ...]] = (Allow(("dynamodb:GetItem", "dynamodb:UpdateItem"), on="table/waits"),)
    END: ClassVar[tuple[Allow, ...]] = (Allow(("dynamodb:GetItem", "dynamodb:DeleteItem"), on="table/waits"),)

    def __init__(self, table: Any) -> None:
        self._table = table

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The table of this stack."""
        return cls(aws.table("WAITS_TABLE"))

    def store(self, wait: Wait, now: datetime) -> None:
        """Store a wait with its newest token; other attributes under its key are kept."""
        facts = {k: v for k, v in stored(wait).items() if k != "key"}
        self._set(wait.key, {**facts, "open": _OPEN, "expiresAt": int((now + _KEPT).timestamp())})

    def note_fact(self, key: WaitKey, name: str, value: Any) -> None:
        """Set one of the facts of a wait, unless it has ended; its token and the other facts stay the newest."""
        conditional(
            self._table,
            "update_item",
            Key={"waitKey": str(key)},
            UpdateExpression="SET facts.#name = :value",
            ConditionExpression="attribute_exists(facts)",
            ExpressionAttributeNames={"#name": name},
            ExpressionAttributeValues={":value": stored(value)},
        )

    def find(self, key: WaitKey) -> Wait | None:
        """The wait under a key; None if there is none with a token."""
        row = self._get(key)
        return _wait(row) if row and row.get("token") else None

    def get(self, key: WaitKey) -> Wait | None:
        """The wait under a key, also one without a token yet."""
        row = self._get(key)
        return _wait(row) if row else None

    def of_environment(self, environment: str) -> tuple[Wait, ...]:
        """All waits with a token that concern an environment (eventually consistent; the backstop finds later ones)."""
        return tuple(_wait(row) for row in self._rows(environment) if row.get("token"))

    def of_execution(self, execution: str) -> tuple[Wait, ...]:
        """Every wait of an execution, also one without a token yet (eventually consistent: it is read again)."""
        rows = every(
            self._table,
            "query",
            IndexName="ExecutionIndex",
            KeyConditionExpression="execution = :execution",
            ExpressionAttributeValues={":execution": execution},
        )
        return tuple(map(_wait, rows))

    def open(self) -> Iterator[tuple[Wait | None, Approval | None]]:
        """Every wait that may still be ended, also one without a token yet, and every open request for approval.

        Of a row that an earlier version wrote, only what is stored again, which its state does at each backstop.
        """
        for row in self._rows():
            approval = decode(Approval, row["approval"]) if "approval" in row else None
            if approval is None or approval.state == "open":
                yield _wait(row) if row.get("execution") else None, approval

    def sightings(self, repositories: Iterable[str]) -> dict[str, Sighting]:
        """The heads of main branches as they were last seen, by repository; before the first time there is none."""
        keys = {str(PushKey(repository)): repository for repository in repositories}
        return {keys[row["waitKey"]]: decode(Sighting, row) for row in self._under(keys)}

    def save_sighting(self, repository: str, sighting: Sighting) -> None:
        """Record a new branch head; the record does not expire, so that the head's age is known."""
        self._table.update_item(
            Key={"waitKey": str(PushKey(repository))},
            UpdateExpression="SET #commit = :commit, #since = :since, settled = :settled REMOVE expiresAt",
            ExpressionAttributeNames={"#commit": "commit", "#since": "since"},
            ExpressionAttributeValues={
                ":commit": sighting.commit,
                ":since": sighting.since,
                ":settled": sighting.settled,
            },
        )

    def refs(self, repositories: Iterable[str]) -> dict[str, SeenRefs]:
        """Version tags and branches as they were last seen, by repository; before the first time there are none."""
        keys = {str(RefsKey(repository)): repository for repository in repositories}
        return {keys[row["waitKey"]]: decode(SeenRefs, row) for row in self._under(keys)}

    def save_refs(self, repository: str, seen: SeenRefs) -> None:
        """Record the version tags and branches of a repository; the record does not expire."""
        self._set(RefsKey(repository), stored(seen))

    def forget(self, key: WaitKey) -> None:
        """Delete the record under a key; a missing one is no error."""
        self._table.delete_item(Key={"waitKey": str(key)})

    def save_approval(self, approval: Approval, now: datetime) -> None:
        """Write a new request; if it exists already, only the secrets of its further mails are added."""
        key = ApprovalKey(approval.approval_id)
        about = {"approval": stored(approval), "environment": approval.environment}
        facts = {**about, "open": _OPEN, "expiresAt": int((now + _KEPT).timestamp())}
        if not self._set(key, facts, "attribute_not_exists(approval)"):
            self._add_secrets(key, approval)

    def approval(self, approval_id: str) -> Approval | None:
        """The request with this id; None if there is none."""
        row = self._get(ApprovalKey(approval_id))
        return decode(Approval, row["approval"]) if row and "approval" in row else None

    def note_alarms(self, approval_id: str, alarms: Sequence[AlarmReading], at: str) -> None:
        """Record the state of the environment's alarms at a time (ISO 8601), for the approval page."""
        self._table.update_item(
            Key={"waitKey": str(ApprovalKey(approval_id))},
            UpdateExpression="SET approval.alarms = :alarms, approval.alarmsAt = :at",
            ConditionExpression="attribute_exists(approval)",
            ExpressionAttributeValues={":alarms": stored(tuple(alarms)), ":at": at},
        )

    def approvals_of(self, environment: str) -> tuple[Approval, ...]:
        """The open requests for an environment, each read strongly consistent."""
        ids = (row["approval"]["approvalId"] for row in self._rows(environment) if "approval" in row)
        return tuple(found for found in map(self.approval, ids) if found and found.state == "open")

    def consent(self, approval: Approval) -> bool:
        """Write an open request with one more consent; False if it has ended, or another decision was written first."""
        return self.decide(approval, "approval.#version = :version", approval.version - 1)

    def decide(self, approval: Approval, also: str = "", version: int = 0) -> bool:
        """Write the end of an open request; False if it is no longer open.

        `also` is a further condition, in which `:version` is `version`.
        """
        still_open = approval.state == "open"
        written = conditional(
            self._table,
            "update_item",
            Key={"waitKey": str(ApprovalKey(approval.approval_id))},
            UpdateExpression="SET approval = :approval" + ("" if still_open else " REMOVE #open"),
            ConditionExpression="approval.#state = :open" + (f" AND {also}" if also else ""),
            ExpressionAttributeNames={
                "#state": "state",
                **({"#version": "version"} if also else {}),
                **({} if still_open else {"#open": "open"}),
            },
            ExpressionAttributeValues={
                ":approval": stored(approval),
                ":open": "open",
                **({":version": version} if also else {}),
            },
        )
        return written is not None

    def _add_secrets(self, key: ApprovalKey, approval: Approval) -> None:
        """Add the secrets of a further mail, so that its links open the same request."""
        names = {f"#h{number}": secret for number, secret in enumerate(approval.holders)}
        sets = [f"approval.holders.{mark} = :{mark[1:]}" for mark in names]
        self._table.update_item(
            Key={"waitKey": str(key)},
            UpdateExpression="SET "
            + ", ".join(["approval.secretHashes = list_append(approval.secretHashes, :more)", *sets]),
            ExpressionAttributeValues={
                ":more": approval.secret_hashes,
                **{f":{mark[1:]}": approval.holders[secret] for mark, secret in names.items()},
            },
            **({"ExpressionAttributeNames": names} if names else {}),
        )

    def _rows(self, environment: str = "") -> Iterator[dict[str, Any]]:
        """The rows of what is open: all, or those of an environment."""
        return every(
            self._table,
            "query",
            IndexName="OpenIndex",
            KeyConditionExpression="#open = :open" + (" AND environment = :environment" if environment else ""),
            ExpressionAttributeNames={"#open": "open"},
            ExpressionAttributeValues={":open": _OPEN, **({":environment": environment} if environment else {})},
        )

    def _under(self, keys: Iterable[str]) -> Iterator[dict[str, Any]]:
        return found_under(self._table, [{"waitKey": key} for key in keys])

    def _get(self, key: WaitKey) -> dict[str, Any] | None:
        item = self._table.get_item(Key={"waitKey": str(key)}, ConsistentRead=True).get("Item")
        return plain(item) if item else None

    def _set(self, key: WaitKey | PushKey | RefsKey, facts: dict[str, Any], condition: str | None = None) -> bool:
        """Set attributes; False if a condition is given and does not hold."""
        written = conditional(
            self._table,
            "update_item",
            Key={"waitKey": str(key)},
            UpdateExpression="SET " + ", ".join(f"#{k} = :{k}" for k in facts),
            ExpressionAttributeNames={f"#{k}": k for k in facts},
            ExpressionAttributeValues={f":{k}": v for k, v in facts.items()},
            **({"ConditionExpression": condition} if condition else {}),
        )
        return written is not None


def _wait(row: Mapping[str, Any]) -> Wait:
    """The wait in a row; an unknown kind of key is a BadInputError."""
    return Wait(
        read_wait_key(row["waitKey"]),
        str(row.get("token", "")),
        row["execution"],
        row.get("environment", "none"),
        row.get("facts", {}),
    )
