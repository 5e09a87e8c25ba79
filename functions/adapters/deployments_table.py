"""The deployments table: the records of deployments."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar, Self

from msgspec.structs import replace

from functions.adapters.clock import Clock
from functions.adapters.records import conditional, every, plain, stored
from functions.domain.gates import Verdict
from functions.domain.order import History
from functions.domain.records import DeploymentRecord, Outcome, StageRecord, grouped
from functions.domain.releases import Release
from functions.domain.requests import Request
from functions.domain.rollback import Compensation
from functions.handler import Allow, decode

if TYPE_CHECKING:
    from functions.runtime import Clients

_KEPT = timedelta(days=90)
# How many records a page has at most: people ask for the newest few.
_PAGE = 25
# Statuses of a release that waits for an environment; "waiting" is for its lock, or a place in the build queue.
HELD = ("waiting for a window", "waiting for unfreeze", "waiting for a soak", "waiting for approval", "waiting")
# The value of the attribute that a record has until its outcome, by which `UnderwayIndex` lists it.
_UNDERWAY = "yes"
# The value of an attribute of all records of deployments, by which `StartedIndex` orders them.
_LISTED = "yes"


class DeploymentsTable:
    """One record per deployment, which expires after 90 days; its key is the name of the execution.

    A further record per repository holds the order of its releases.
    """

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

    def begin(
        self, deployment_id: str, release: Release, execution: str, trigger: str, request: Request | None = None
    ) -> None:
        """Create the record of a deployment; a repetition changes nothing."""
        now = self._clock.now()
        names = {
            "release": stored(release),
            "execution": execution,
            "trigger": trigger,
            "request": stored(request),
            "startedAt": self._clock.text(),
            "expiresAt": int((now + _KEPT).timestamp()),
            "environment": "none",
            "status": "running",
            "underway": _UNDERWAY,
            "listed": _LISTED,
            "ledger": {},
            "stages": {},
            "gates": [],
        }
        self._set_once(deployment_id, names, guard="release")

    def get(self, deployment_id: str) -> DeploymentRecord | None:
        """The record of a deployment (strongly consistent); None if there is none."""
        item = self._item(deployment_id)
        return _record(item) if item else None

    def row(self, deployment_id: str) -> dict[str, Any]:
        """Everything that is stored of a deployment, approvals included, for people; empty if there is nothing."""
        return dict(plain(self._item(deployment_id)))

    def note_passed(self, environment: str, release: Release, deployment_id: str) -> None:
        """Record that a commit, or each image of a release, passed an environment, for 90 days.

        A later release of it need not enter it again.
        """
        for what in _delivered(release):
            self._table.update_item(
                Key={"deploymentId": _passed(release.repository, what)},
                UpdateExpression="SET #environment = :deployment, expiresAt = :expires",
                ExpressionAttributeNames={"#environment": environment},
                ExpressionAttributeValues={
                    ":deployment": deployment_id,
                    ":expires": int((self._clock.now() + _KEPT).timestamp()),
                },
            )

    def forget_passed(self, environment: str, release: Release) -> None:
        """Forget that a commit, or images, passed an environment, because they were rolled back there."""
        for what in _delivered(release):
            conditional(
                self._table,
                "update_item",
                Key={"deploymentId": _passed(release.repository, what)},
                UpdateExpression="REMOVE #environment",
                ConditionExpression="attribute_exists(#environment)",
                ExpressionAttributeNames={"#environment": environment},
            )

    def passed(self, repository: str, what: str) -> dict[str, str]:
        """The environments that a commit or image passed, each with the deployment that did (strongly consistent).

        `what` is the commit, or `service@sha256:…`.
        """
        item = self._item(_passed(repository, what))
        return {key: str(value) for key, value in item.items() if key not in ("deploymentId", "expiresAt")}

    def note_pushed(self, repository: str, services: Sequence[str], until: str, at: str) -> bool:
        """Record the time (ISO 8601) of a push of images, for 90 days; False if a later one was recorded already."""
        written = conditional(
            self._table,
            "update_item",
            Key={"deploymentId": f"pushed/{repository}/{','.join(services)}/{until}"},
            UpdateExpression="SET #at = :at, expiresAt = :expires",
            ConditionExpression="attribute_not_exists(#at) OR #at <= :at",
            ExpressionAttributeNames={"#at": "at"},
            ExpressionAttributeValues={":at": at, ":expires": int((self._clock.now() + _KEPT).timestamp())},
        )
        return written is not None

    def history(self, repository: str) -> History | None:
        """The newest release of a repository that has begun (strongly consistent); None before the first one."""
        item = self._item(_history(repository))
        return decode(History, plain(item)) if item else None

    def save_history(self, repository: str, history: History, before: History | None) -> bool:
        """Write the history that follows `before`; False if another release has begun meanwhile. It never expires."""
        facts = stored(history)
        same = (
            "#head = :before AND #order.epoch = :epoch AND #order.distance = :distance "
            "AND (attribute_not_exists(#branches) OR #branches = :known)"
        )
        old = (
            {
                ":before": before.head,
                ":epoch": before.order.epoch,
                ":distance": before.order.distance,
                ":known": before.branches,
            }
            if before
            else {}
        )
        written = conditional(
            self._table,
            "update_item",
            Key={"deploymentId": _history(repository)},
            UpdateExpression="SET #head = :head, #order = :order, #branches = :branches",
            ConditionExpression=same if before else "attribute_not_exists(#head)",
            ExpressionAttributeNames={"#head": "head", "#order": "order", "#branches": "branches"},
            ExpressionAttributeValues={**{f":{key}": value for key, value in facts.items()}, **old},
        )
        return written is not None

    def judged_version(self, artifact: str) -> str:
        """The version id of the artifact that the gates judged; "" if unknown. `artifact` is `…/{id}/build.zip`."""
        record = self.get(artifact.split("/")[-2]) if artifact else None
        return record.artifact_version if record else ""

    def verdicts(self, deployment_id: str) -> tuple[Verdict, ...]:
        """All verdicts so far: those before any deployment, and those in environments (named `staging tests`)."""
        record = self.get(deployment_id)
        if record is None:
            return ()
        after = sorted(record.gates_after.items())
        return (*record.gates, *(replace(gate, name=f"{name} {gate.name}") for name, gates in after for gate in gates))

    def recent(self, environment: str, status: str, limit: int = 20) -> list[DeploymentRecord]:
        """Records that stand in an environment with a status, in no order (eventually consistent)."""
        rows = every(
            self._table,
            "query",
            IndexName="EnvironmentStatusIndex",
            KeyConditionExpression="#environment = :environment AND #status = :status",
            ExpressionAttributeNames={"#environment": "environment", "#status": "status"},
            ExpressionAttributeValues={":environment": environment, ":status": status},
            PaginationConfig={"PageSize": limit},
        )
        return [_record(row) for row in islice(rows, limit)]

    def underway(self) -> Iterator[DeploymentRecord]:
        """All records without an outcome (eventually consistent); it reads no others, however many there are."""
        rows = every(
            self._table,
            "query",
            IndexName="UnderwayIndex",
            KeyConditionExpression="underway = :underway",
            # A `begin` that comes late, after the outcome, has set the attribute again.
            FilterExpression="attribute_not_exists(outcome)",
            ExpressionAttributeValues={":underway": _UNDERWAY},
        )
        return map(_record, rows)

    def newest(self, environments: Iterable[str]) -> Iterator[DeploymentRecord]:
        """All records, newest first (eventually consistent), read as they are wanted.

        Those that an earlier version began are not in the index. They come last, from each of the environments.
        """
        rows = every(
            self._table,
            "query",
            IndexName="StartedIndex",
            KeyConditionExpression="listed = :listed",
            ExpressionAttributeValues={":listed": _LISTED},
            ScanIndexForward=False,
            PaginationConfig={"PageSize": _PAGE},
        )
        yield from map(_record, rows)
        older = (row for name in ("none", *environments) for row in self._listed(name, indexed=False))
        yield from sorted(older, key=lambda record: record.started_at, reverse=True)

    def held(self, environment: str) -> Iterator[DeploymentRecord]:
        """The records that wait for an environment (eventually consistent)."""
        for status in HELD:
            yield from self._listed(environment, status)

    def _listed(self, environment: str, status: str = "", *, indexed: bool = True) -> Iterator[DeploymentRecord]:
        query: dict[str, Any] = {
            "IndexName": "EnvironmentStatusIndex",
            "KeyConditionExpression": "environment = :environment",
            "ExpressionAttributeValues": {":environment": environment},
        }
        if status:
            query["KeyConditionExpression"] += " AND #status = :status"
            query["ExpressionAttributeNames"] = {"#status": "status"}
            query["ExpressionAttributeValues"][":status"] = status
            query["FilterExpression"] = "attribute_not_exists(outcome)"
        if not indexed:
            query["FilterExpression"] = "attribute_not_exists(listed)"
        return map(_record, every(self._table, "query", **query))

    def note(self, deployment_id: str, **facts: Any) -> None:
        """Set top-level attributes of the record."""
        sets = (f"{_placeholder('#', k)} = {_placeholder(':', k)}" for k in facts)
        self._update(deployment_id, "SET " + ", ".join(sets), facts)

    def note_known(self, deployment_id: str, **facts: Any) -> None:
        """The same, of a deployment that has a record and no outcome yet; of anything else nothing is noted."""
        sets = ", ".join(f"#{name} = :{name}" for name in facts)
        underway = "attribute_exists(startedAt) AND attribute_not_exists(outcome)"
        self._update(deployment_id, f"SET {sets}", facts, underway)

    def enter(self, deployment_id: str, environment: str, status: str) -> None:
        """Set the current environment and status of the deployment, by which `EnvironmentStatusIndex` finds it."""
        self.note(deployment_id, environment=environment, status=status)

    def note_stage(self, deployment_id: str, environment: str, record: StageRecord) -> None:
        """Set the record of one stage; a repetition writes the same."""
        self._table.update_item(
            Key={"deploymentId": deployment_id},
            UpdateExpression="SET #stages.#environment = :facts",
            ExpressionAttributeNames={"#stages": "stages", "#environment": environment},
            ExpressionAttributeValues={":facts": stored(record)},
        )

    def write_ledger(self, deployment_id: str, entry: Compensation) -> None:
        """Write a compensation before its change; a later write for the same part changes nothing."""
        self._table.update_item(
            Key={"deploymentId": deployment_id},
            UpdateExpression="SET #ledger.#key = if_not_exists(#ledger.#key, :entry)",
            ExpressionAttributeNames={"#ledger": "ledger", "#key": f"{entry.environment}/{entry.part.name}"},
            ExpressionAttributeValues={":entry": stored(entry)},
        )

    def withdraw_ledger(self, deployment_id: str, environment: str, part: str) -> None:
        """Remove a compensation whose change never began; one that is not there is no error."""
        self._table.update_item(
            Key={"deploymentId": deployment_id},
            UpdateExpression="REMOVE #ledger.#key",
            ExpressionAttributeNames={"#ledger": "ledger", "#key": f"{environment}/{part}"},
        )

    def ledger(self, deployment_id: str) -> tuple[Compensation, ...]:
        """All compensations, unordered; none if there is no record."""
        record = self.get(deployment_id)
        return tuple(record.ledger.values()) if record else ()

    def conclude(self, deployment_id: str, outcome: Outcome, reason: str) -> DeploymentRecord:
        """Write the outcome and return the record; if there is an outcome already, it stays and is returned."""
        expires = int((self._clock.now() + _KEPT).timestamp())
        finished = self._clock.text()
        facts = {"outcome": outcome, "reason": reason, "finishedAt": finished, "status": outcome, "expiresAt": expires}
        # One that failed before its record was written is listed, too.
        facts |= {"startedAt": finished, "environment": "none", "listed": _LISTED}
        self._set_once(deployment_id, facts, guard="outcome", replace=("status", "reason"), remove=" REMOVE underway")
        return self.get(deployment_id) or DeploymentRecord(
            deployment_id, outcome=outcome, reason=reason, finished_at=finished
        )

    def _item(self, key: str) -> dict[str, Any]:
        """The item of a key (strongly consistent); empty if there is none."""
        found: dict[str, Any] = self._table.get_item(Key={"deploymentId": key}, ConsistentRead=True).get("Item", {})
        return found

    def _set_once(
        self,
        deployment_id: str,
        facts: dict[str, Any],
        guard: str,
        replace: Sequence[str] = (),
        remove: str = "",
    ) -> None:
        sets = [f"#{k} = :{k}" if k in replace else f"#{k} = if_not_exists(#{k}, :{k})" for k in facts]
        self._update(deployment_id, "SET " + ", ".join(sets) + remove, facts, f"attribute_not_exists(#{guard})")

    def _update(self, deployment_id: str, expression: str, facts: dict[str, Any], condition: str | None = None) -> None:
        """Change a record; if a condition is given and does not hold, nothing changes."""
        conditional(
            self._table,
            "update_item",
            Key={"deploymentId": deployment_id},
            UpdateExpression=expression,
            ExpressionAttributeNames={_placeholder("#", k): k for k in facts},
            ExpressionAttributeValues={_placeholder(":", k): stored(v) for k, v in facts.items()},
            **({"ConditionExpression": condition} if condition else {}),
        )


def _delivered(release: Release) -> Iterator[str]:
    """What a release carries into environments: its images, or its commit."""
    if not release.images:
        yield release.commit
    for service, image in release.images.items():
        yield f"{service}@{image.digest}"


def _passed(repository: str, what: str) -> str:
    """The key of the environments that a commit or an image passed."""
    return f"passed/{repository}/{what}"


def _history(repository: str) -> str:
    """The key of a repository's history: names of executions have no slash."""
    return f"order/{repository}"


def _record(item: Any) -> DeploymentRecord:
    return decode(DeploymentRecord, grouped(plain(item)))


def _placeholder(mark: str, name: str) -> str:
    """A name for an expression: DynamoDB allows no dashes in it, and an environment's name may have one."""
    return mark + name.replace("-", "_")
