"""Jobs of GitHub Actions that wait for an answer, in the waits table (P13)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Self

from functions.adapters.records import conditional, every, stored
from functions.handler import Allow, decode

if TYPE_CHECKING:
    from functions.domain.job_reviews import Job
    from functions.runtime import Clients

# GitHub fails a job that has waited for 30 days:
# https://docs.github.com/actions/how-tos/deploy/configure-and-manage-deployments/review-deployments
_KEPT = timedelta(days=30)
# The value of the index's key that these records have, and no environment: the list has no other waits.
_JOBS = "(jobs)"


class WaitingJobs:
    """One record per run and environment; it is deleted when the job has its answer."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("WAITS_TABLE",)
    KEEP: ClassVar[tuple[Allow, ...]] = (Allow(("dynamodb:UpdateItem",), on="table/waits"),)
    USE: ClassVar[tuple[Allow, ...]] = (
        Allow(("dynamodb:UpdateItem", "dynamodb:DeleteItem"), on="table/waits"),
        Allow(("dynamodb:Query",), on="index/waits"),
    )

    def __init__(self, aws: "Clients") -> None:
        self._aws = aws

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """No client is created yet: the webhook creates none before the signature was verified."""
        return cls(aws)

    def keep(self, job: "Job") -> None:
        """Store a job that asks; one that asks again, because its run was repeated, replaces the record."""
        expires = int((datetime.fromisoformat(job.asked_at) + _KEPT).timestamp())
        self._aws.table("WAITS_TABLE").update_item(
            Key={"waitKey": job.key},
            UpdateExpression="SET #environment = :jobs, #job = :job, expiresAt = :expires",
            ExpressionAttributeNames={"#environment": "environment", "#job": "job"},
            ExpressionAttributeValues={":jobs": _JOBS, ":job": stored(job), ":expires": expires},
        )

    def all(self) -> Iterator["Job"]:
        """Every job that waits (eventually consistent)."""
        from functions.domain.job_reviews import Job  # the webhook imports it for jobs only

        rows = every(
            self._aws.table("WAITS_TABLE"),
            "query",
            IndexName="EnvironmentIndex",
            KeyConditionExpression="environment = :jobs",
            ExpressionAttributeValues={":jobs": _JOBS},
        )
        return (decode(Job, row["job"]) for row in rows)

    def note_shown(self, job: "Job", topic: str) -> "Job | None":
        """Record the topic of a report before it is sent; None if another run was faster, or the job has its answer."""
        from msgspec.structs import replace

        shown = (*job.shown, topic)
        written = conditional(
            self._aws.table("WAITS_TABLE"),
            "update_item",
            Key={"waitKey": job.key},
            UpdateExpression="SET #job.#shown = :shown",
            ConditionExpression="#job.#at = :at AND #job.#shown = :before",
            ExpressionAttributeNames={"#job": "job", "#shown": "shown", "#at": "askedAt"},
            ExpressionAttributeValues={":shown": [*shown], ":at": job.asked_at, ":before": [*job.shown]},
        )
        return None if written is None else replace(job, shown=shown)

    def forget(self, job: "Job") -> None:
        """Delete the record of a job, unless its run was repeated meanwhile; a missing one is no error."""
        conditional(
            self._aws.table("WAITS_TABLE"),
            "delete_item",
            Key={"waitKey": job.key},
            ConditionExpression="attribute_not_exists(waitKey) OR #job.#at = :at",
            ExpressionAttributeNames={"#job": "job", "#at": "askedAt"},
            ExpressionAttributeValues={":at": job.asked_at},
        )
