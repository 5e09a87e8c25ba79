"""The record of every deployment: what was released, what each stage did, how it ended."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Self

from functions.adapters.clock import Clock
from functions.adapters.records import plain, stored
from functions.domain.gates import Gate
from functions.domain.releases import Release
from functions.domain.rollback import Compensation
from functions.handler import Allow, decode

if TYPE_CHECKING:
    from functions.runtime import Clients

_KEPT = timedelta(days=90)
# What `enter` and a rollback write while a deployment goes on; its outcome is written over them.
_UNDERWAY = (
    "running",
    "waiting",
    "waiting for approval",
    "rolling back",
    "superseded",
    "restored",
    "partly",
    "unknown",
)


class DeploymentsTable:
    """One item per deployment, keyed by the name of its execution."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("DEPLOYMENTS_TABLE",)
    READ: ClassVar[tuple[Allow, ...]] = (Allow(("dynamodb:GetItem",), on="table/deployments"),)
    WRITE: ClassVar[tuple[Allow, ...]] = (Allow(("dynamodb:UpdateItem",), on="table/deployments"),)

    LIST: ClassVar[tuple[Allow, ...]] = (Allow(("dynamodb:Query",), on="index/deployments"),)

    def __init__(self, table: Any, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The table of this stack."""
        return cls(aws.table("DEPLOYMENTS_TABLE"), Clock())

    def begin(self, deployment_id: str, release: Release, execution: str, trigger: str) -> None:
        """Open the record; a second begin of the same execution changes nothing."""
        now = self._clock.now()
        names = {
            "release": stored(release),
            "execution": execution,
            "trigger": trigger,
            "startedAt": self._clock.text(),
            "expiresAt": int((now + _KEPT).timestamp()),
            "environment": "none",
            "status": "running",
            "ledger": {},
            "stages": {},
            "gates": [],
        }
        self._set_once(deployment_id, names)

    def get(self, deployment_id: str) -> dict[str, Any] | None:
        """The whole record, consistent; None when there is none."""
        item = self._table.get_item(Key={"deploymentId": deployment_id}, ConsistentRead=True).get("Item")
        return plain(item) if item else None

    def judged_version(self, artifact: str) -> str:
        """The version of a deployment's artifact, `deployments/{id}/…`, that its gates judged; "" when unknown."""
        record = (self.get(artifact.split("/")[1]) if artifact else None) or {}
        return str(record.get("artifactVersion", ""))

    def verdicts(self, deployment_id: str) -> tuple[Gate, ...]:
        """Every gate that was judged so far: before any deployment, and in each environment (`staging tests`)."""
        record = self.get(deployment_id) or {}
        later = sorted(key for key in record if key.startswith("gates_"))
        judged = [decode(Gate, gate) for gate in record.get("gates", [])]
        for key in later:
            judged += [
                replace(gate, name=f"{key.removeprefix('gates_')} {gate.name}")
                for gate in (decode(Gate, one) for one in record[key])
            ]
        return tuple(judged)

    def recent(self, environment: str, status: str, limit: int = 20) -> list[dict[str, Any]]:
        """Records that stand in an environment with a status, in no order (eventually consistent)."""
        answer = self._table.query(
            IndexName="EnvironmentStatusIndex",
            KeyConditionExpression="#environment = :environment AND #status = :status",
            ExpressionAttributeNames={"#environment": "environment", "#status": "status"},
            ExpressionAttributeValues={":environment": environment, ":status": status},
            Limit=limit,
        )
        return [plain(item) for item in answer["Items"]]

    def underway(self, environments: Iterable[str]) -> Iterator[dict[str, Any]]:
        """Every record without an outcome (eventually consistent), wherever its release stands."""
        for environment in ("none", *environments):
            for status in _UNDERWAY:
                yield from self._listed(environment, status)

    def of_environment(self, environment: str) -> Iterator[dict[str, Any]]:
        """Every record whose release stands in an environment, or ended there (eventually consistent)."""
        yield from self._listed(environment)

    def _listed(self, environment: str, status: str = "") -> Iterator[dict[str, Any]]:
        asked: dict[str, Any] = {
            "IndexName": "EnvironmentStatusIndex",
            "KeyConditionExpression": "environment = :environment",
            "ExpressionAttributeValues": {":environment": environment},
        }
        if status:
            asked["KeyConditionExpression"] += " AND #status = :status"
            asked["ExpressionAttributeNames"] = {"#status": "status"}
            asked["ExpressionAttributeValues"][":status"] = status
            asked["FilterExpression"] = "attribute_not_exists(outcome)"
        pages = self._table.meta.client.get_paginator("query").paginate(TableName=self._table.name, **asked)
        for page in pages:
            yield from map(plain, page["Items"])

    def note(self, deployment_id: str, **facts: Any) -> None:
        """Set top-level facts of the record."""
        sets = (f"{_placeholder('#', k)} = {_placeholder(':', k)}" for k in facts)
        self._update(deployment_id, "SET " + ", ".join(sets), facts)

    def note_known(self, deployment_id: str, **facts: Any) -> None:
        """The same, of a deployment that has a record and no outcome yet; of anything else nothing is noted."""
        failed = self._table.meta.client.exceptions.ConditionalCheckFailedException
        sets = ", ".join(f"#{name} = :{name}" for name in facts)
        underway = "attribute_exists(startedAt) AND attribute_not_exists(outcome)"
        with suppress(failed):
            self._update(deployment_id, f"SET {sets}", facts, underway)

    def enter(self, deployment_id: str, environment: str, status: str) -> None:
        """Say where the release stands; the index `EnvironmentStatusIndex` follows."""
        self.note(deployment_id, environment=environment, status=status)

    def note_stage(self, deployment_id: str, environment: str, facts: dict[str, Any]) -> None:
        """Set what is known of one stage; a repetition writes the same again."""
        self._table.update_item(
            Key={"deploymentId": deployment_id},
            UpdateExpression="SET #stages.#environment = :facts",
            ExpressionAttributeNames={"#stages": "stages", "#environment": environment},
            ExpressionAttributeValues={":facts": stored(facts)},
        )

    def write_ledger(self, deployment_id: str, entry: Compensation) -> None:
        """Write a compensation before its change; the first one written for a part stays."""
        self._table.update_item(
            Key={"deploymentId": deployment_id},
            UpdateExpression="SET #ledger.#key = if_not_exists(#ledger.#key, :entry)",
            ExpressionAttributeNames={"#ledger": "ledger", "#key": f"{entry.environment}/{entry.part.name}"},
            ExpressionAttributeValues={":entry": stored(entry)},
        )

    def ledger(self, deployment_id: str) -> tuple[Compensation, ...]:
        """Every compensation that was written, in no order; none when there is no record."""
        record = self.get(deployment_id) or {}
        return tuple(decode(Compensation, entry) for entry in record.get("ledger", {}).values())

    def conclude(self, deployment_id: str, outcome: str, reason: str) -> dict[str, Any]:
        """Write the one terminal outcome; whoever comes later gets the outcome that stands."""
        expires = int((self._clock.now() + _KEPT).timestamp())
        finished = self._clock.text()
        facts = {"outcome": outcome, "reason": reason, "finishedAt": finished, "status": outcome, "expiresAt": expires}
        self._set_once(deployment_id, facts, guard="outcome", replace=("status", "reason"))
        return self.get(deployment_id) or {}

    def _set_once(
        self, deployment_id: str, facts: dict[str, Any], guard: str = "startedAt", replace: Sequence[str] = ()
    ) -> None:
        failed = self._table.meta.client.exceptions.ConditionalCheckFailedException
        sets = [f"#{k} = :{k}" if k in replace else f"#{k} = if_not_exists(#{k}, :{k})" for k in facts]
        try:
            self._update(deployment_id, "SET " + ", ".join(sets), facts, f"attribute_not_exists(#{guard})")
        except failed:
            return

    def _update(self, deployment_id: str, expression: str, facts: dict[str, Any], condition: str | None = None) -> None:
        self._table.update_item(
            Key={"deploymentId": deployment_id},
            UpdateExpression=expression,
            ExpressionAttributeNames={_placeholder("#", k): k for k in facts},
            ExpressionAttributeValues={_placeholder(":", k): stored(v) for k, v in facts.items()},
            **({"ConditionExpression": condition} if condition else {}),
        )


def _placeholder(mark: str, name: str) -> str:
    """DynamoDB takes letters, digits and underscores here; the name of an environment may hold a dash."""
    return mark + name.replace("-", "_")
