"""The environments table: running and last known good versions, freezes and outside alarms. Records never expire."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from functions.adapters.environment_notes import EnvironmentNotes
from functions.adapters.records import conditional, every, stored
from functions.domain.environments import Freeze, PartState
from functions.domain.errors import StaleLeaseError
from functions.domain.locks import Lease
from functions.domain.order import Mark, Passage
from functions.domain.outside_alarms import OutsideAlarm
from functions.domain.performance import Performance
from functions.handler import Allow, decode

if TYPE_CHECKING:
    from functions.runtime import Clients

# The sort key of the environment's own row, and the prefix of the rows of leases, load runs and passages. Names of
# parts begin with a letter.
_WHOLE = "*"
# The prefix of the rows of alarms from outside AWS.
_OUTSIDE = "!"


class EnvironmentsTable(EnvironmentNotes):
    """One record per environment and part, and one per environment."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("ENVIRONMENTS_TABLE",)
    READ: ClassVar[tuple[Allow, ...]] = (Allow(("dynamodb:Query",), on="table/environments"),)
    UPDATE: ClassVar[tuple[Allow, ...]] = (Allow(("dynamodb:UpdateItem",), on="table/environments"),)
    WRITE: ClassVar[tuple[Allow, ...]] = (*READ, *UPDATE)
    FORGET: ClassVar[tuple[Allow, ...]] = (Allow(("dynamodb:DeleteItem",), on="table/environments"),)

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The table of this stack."""
        return cls(aws.table("ENVIRONMENTS_TABLE"))

    def parts(self, environment: str) -> dict[str, PartState]:
        """The states of all parts with a record in an environment, by name."""
        rows = (row for row in self._rows(environment) if not row["part"].startswith((_WHOLE, _OUTSIDE)))
        return {row["part"]: decode(PartState, row) for row in rows}

    def frozen(self, environment: str) -> Freeze | None:
        """The freeze of an environment; None if it is not frozen."""
        whole = next((row for row in self._rows(environment) if row["part"] == _WHOLE), {})
        return decode(Freeze, whole["frozen"]) if whole.get("frozen") else None

    def fence(self, environment: str, lease: Lease) -> None:
        """Record the fencing number of this lease; if a newer one is recorded, that is a StaleLeaseError."""
        self._write(environment, f"{_WHOLE}{lease.key}", lease, {})

    def save(self, state: PartState, lease: Lease) -> None:
        """Write the state of a part, under the lease."""
        self.fence(state.environment, lease)
        facts = {k: v for k, v in stored(state).items() if k not in ("environment", "part")}
        self._write(state.environment, state.part, lease, facts)

    def doubt(self, environment: str, part: str, deployment_id: str, lease: Lease) -> None:
        """Mark a part as in doubt before a deployment changes it, under the lease; the next `save` clears the mark."""
        self.fence(environment, lease)
        self._write(environment, part, lease, {"inDoubt": deployment_id})

    def forget(self, environment: str, part: str, lease: Lease) -> None:
        """Delete the record of a part that is no longer delivered, under the lease."""
        self.fence(environment, lease)
        self._change("delete_item", environment, part, lease, _number(lease))

    def mark_good(self, state: PartState, lease: Lease) -> bool:
        """Record the running version of a part as good, under the lease; False if the part has changed since the read.

        Nothing else of the row is written. A version is recognised by its deployment, its number and its time.
        """
        assert state.running  # noqa: S101 - for the type checker: callers have checked
        self.fence(state.environment, lease)
        running, owner = stored(state.running), _owner(state.part, lease)
        # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
        unchanged = "#running.deploymentId = :by AND #running.#version = :version AND #running.#at = :at"
        written = conditional(
            self._table,
            "update_item",
            Key={"environment": state.environment, "part": state.part},
            UpdateExpression="SET good = :running",
            ConditionExpression=f"{unchanged} AND (attribute_not_exists(inDoubt) OR inDoubt = :nothing)"
            + (" AND (attribute_not_exists(repository) OR repository IN (:repository, :nothing))" if owner else ""),
            ExpressionAttributeNames={"#running": "running", "#version": "version", "#at": "at"},
            ExpressionAttributeValues={
                ":running": running,
                ":by": running["deploymentId"],
                ":version": running["version"],
                ":at": running["at"],
                ":nothing": "",
                **{f":{k}": v for k, v in owner.items()},
            },
        )
        return written is not None

    def hand_over(self, state: PartState, repository: str) -> None:
        """Make a repository the owner of a part, unless another became it since the state was read."""
        conditional(
            self._table,
            "update_item",
            Key={"environment": state.environment, "part": state.part},
            UpdateExpression="SET repository = :repository",
            ConditionExpression="attribute_exists(part) AND (attribute_not_exists(repository) OR repository = :before)",
            ExpressionAttributeValues={":repository": repository, ":before": state.repository},
        )

    def passage(self, environment: str, repository: str, service: str = "") -> Passage:
        """The newest releases of a repository that reached and that passed an environment (strongly consistent).

        With a `service`, those of its images; they are recorded apart, by service.
        """
        row = next((row for row in self._rows(environment) if row["part"] == _passage(repository, service)), {})
        return decode(Passage, row)

    def note_passage(self, environment: str, repository: str, mark: Mark, how: Literal["arrived", "passed"]) -> None:
        """Record that a release reached or passed an environment, unless a newer one did before.

        Releases of the main branch and those of other branches are recorded in different attributes.
        """
        order = mark.order
        attribute = f"branch{how.title()}" if order.branch else how
        for service in order.services or ("",):
            conditional(
                self._table,
                "update_item",
                Key={"environment": environment, "part": _passage(repository, service)},
                UpdateExpression="SET #how = :mark",
                ConditionExpression="attribute_not_exists(#how) OR #how.#order.epoch < :epoch OR "
                "(#how.#order.epoch = :epoch AND #how.#order.distance < :distance) OR "
                "(#how.#order.epoch = :epoch AND #how.#order.distance = :distance AND "
                "(attribute_not_exists(#how.#order.branch) OR #how.#order.branch <= :branch))",
                ExpressionAttributeNames={"#how": attribute, "#order": "order"},
                ExpressionAttributeValues={
                    ":mark": stored(mark),
                    ":epoch": order.epoch,
                    ":distance": order.distance,
                    ":branch": order.branch,
                },
            )

    def forget_passed(
        self, environment: str, repository: str, deployment_id: str, services: Iterable[str] = ()
    ) -> None:
        """Forget that a deployment passed an environment, because it was rolled back there; others are kept.

        `services` are those of its images.
        """
        for service in tuple(services) or ("",):
            for attribute in ("passed", "branchPassed"):
                conditional(
                    self._table,
                    "update_item",
                    Key={"environment": environment, "part": _passage(repository, service)},
                    UpdateExpression=f"REMOVE {attribute}",
                    ConditionExpression=f"{attribute}.deploymentId = :deployment",
                    ExpressionAttributeValues={":deployment": deployment_id},
                )

    def performance(self, environment: str, repository: str) -> Performance | None:
        """The load-run figures of a repository's last good release in an environment; None if there are none."""
        row = next((row for row in self._rows(environment) if row["part"] == _measured(repository)), {})
        return decode(Performance, row["performance"]) if row.get("performance") else None

    def save_performance(self, environment: str, repository: str, figures: Performance, lease: Lease) -> None:
        """Write the figures with which the repository's next load run is compared, under the lease."""
        self._write(environment, _measured(repository), lease, {"performance": stored(figures)})

    def freeze(self, environment: str, freeze: Freeze | None) -> None:
        """Freeze an environment, or unfreeze it with None; the last write counts."""
        self._table.update_item(
            Key={"environment": environment, "part": _WHOLE},
            UpdateExpression="SET frozen = :frozen",
            ExpressionAttributeValues={":frozen": stored(freeze)},
        )

    def freeze_anew(self, environment: str, freeze: Freeze) -> bool:
        """Freeze an environment; False if it is frozen already, and then nothing is written."""
        written = conditional(
            self._table,
            "update_item",
            Key={"environment": environment, "part": _WHOLE},
            UpdateExpression="SET frozen = :frozen",
            ConditionExpression="attribute_not_exists(frozen) OR frozen = :nothing",
            ExpressionAttributeValues={":frozen": stored(freeze), ":nothing": None},
        )
        return written is not None

    def unfreeze(self, environment: str, by: Freeze) -> None:
        """Unfreeze an environment, and record the caller, the reason and the time."""
        self._table.update_item(
            Key={"environment": environment, "part": _WHOLE},
            UpdateExpression="SET frozen = :nothing, unfrozen = :by",
            ExpressionAttributeValues={":nothing": None, ":by": stored(by)},
        )

    def names(self) -> set[str]:
        """Every environment with a record, also one that the stack has no longer."""
        keys = every(self._table, "scan", ProjectionExpression="environment", ConsistentRead=True)
        return {row["environment"] for row in keys}

    def forget_all(self, environment: str, by: Freeze) -> None:
        """Delete every record of an environment; what stays is the caller, the reason and the time, written first."""
        self._table.update_item(
            Key={"environment": environment, "part": _WHOLE},
            UpdateExpression="SET forgotten = :by",
            ExpressionAttributeValues={":by": stored(by)},
        )
        for row in self._rows(environment):
            if row["part"] != _WHOLE:
                self._table.delete_item(Key={"environment": environment, "part": row["part"]})
        self.freeze(environment, None)

    def outside_alarms(self, environment: str) -> tuple[OutsideAlarm, ...]:
        """The last report of every alarm of monitors outside AWS."""
        rows = (row for row in self._rows(environment) if row["part"].startswith(_OUTSIDE))
        return tuple(decode(OutsideAlarm, row) for row in rows)

    def note_outside(self, environment: str, alarm: OutsideAlarm) -> bool:
        """Write the report of a monitor; False if a later report is recorded already."""
        facts = stored(alarm)
        written = conditional(
            self._table,
            "update_item",
            Key={"environment": environment, "part": _OUTSIDE + alarm.name},
            UpdateExpression="SET " + ", ".join(f"#{k} = :{k}" for k in facts),
            ConditionExpression="attribute_not_exists(#at) OR #at <= :at",
            ExpressionAttributeNames={f"#{k}": k for k in facts},
            ExpressionAttributeValues={f":{k}": v for k, v in facts.items()},
        )
        return written is not None

    def _write(self, environment: str, part: str, lease: Lease, facts: dict[str, Any]) -> None:
        facts = {**facts, **_number(lease), **_owner(part, lease)}
        change = "SET " + ", ".join(f"#{k} = :{k}" for k in facts)
        self._change("update_item", environment, part, lease, facts, UpdateExpression=change)

    def _change(
        self, operation: str, environment: str, part: str, lease: Lease, named: dict[str, Any], **how: Any
    ) -> None:
        """Change a row unless it has a newer fencing number of the same lock, which is a StaleLeaseError.

        Fencing numbers of different locks can't be compared. A part of another repository is not changed either.
        """
        ours = " AND (attribute_not_exists(#repository) OR #repository IN (:repository, :nobody))"
        owner = _owner(part, lease)
        values = {**named, **owner, **({"nobody": ""} if owner else {})}
        changed = conditional(
            self._table,
            operation,
            Key={"environment": environment, "part": part},
            ConditionExpression="(attribute_not_exists(#fence) OR #fence <= :fence OR #lease <> :lease)"
            + (ours if owner else ""),
            ExpressionAttributeNames={f"#{k}": k for k in {**named, **owner}},
            ExpressionAttributeValues={f":{k}": v for k, v in values.items()},
            **how,
        )
        if changed is None:
            raise StaleLeaseError(
                f"{environment}: nothing was written, because a newer lease than number {lease.fence} of "
                f"{lease.execution} exists" + (f", or {part} is not of {lease.repository}" if owner else "")
            )


def _number(lease: Lease) -> dict[str, Any]:
    return {"fence": lease.fence, "lease": lease.key}


def _owner(part: str, lease: Lease) -> dict[str, str]:
    """The owner to write into the row of a part, and to compare it with; nothing in other rows."""
    return {} if part.startswith(_WHOLE) or not lease.repository else {"repository": lease.repository}


def _passage(repository: str, service: str) -> str:
    return f"{_WHOLE}passage/{repository}" + (f"/images/{service}" if service else "")


def _measured(repository: str) -> str:
    return f"{_WHOLE}performance/{repository}"
