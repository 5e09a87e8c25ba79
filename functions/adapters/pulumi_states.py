"""The states of Pulumi stacks in the bucket of an environment: which release ran last, and whether it ended."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from functions.adapters.in_environments import InEnvironments
from functions.adapters.json_documents import parse_json
from functions.domain.environments import Environment
from functions.domain.errors import DeployTargetError
from functions.domain.limits import JSON
from functions.domain.pulumi_stacks import StackState, StateFolder, UpdateRecord


class PulumiStates(InEnvironments):
    """Objects are listed; of their contents only records of updates are read, never a checkpoint."""

    SERVICE = "s3"

    def read(self, environment: Environment, where: StateFolder) -> StackState:
        """A stack by its state; one that was never applied has no checkpoint and no update.

        A record that can't be read is a DeployTargetError.
        """
        unfinished = any(True for prefix in where.unfinished for _ in self._listed(environment, where.bucket, prefix))
        saved = dict(self._listed(environment, where.bucket, where.checkpoint))
        records = [(key, at) for key, at in self._listed(environment, where.bucket, where.history) if _is_record(key)]
        # The names end in nanoseconds of 19 digits, so that the order of the names is that of the updates.
        last = self._update(environment, where.bucket, *max(records)) if records else None
        return StackState(unfinished, saved.get(where.checkpoint), last)

    def _listed(self, environment: Environment, bucket: str, prefix: str) -> Iterator[tuple[str, datetime]]:
        pages = self._reader(environment).get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return ((one["Key"], one["LastModified"]) for page in pages for one in page.get("Contents", []))

    def _update(self, environment: Environment, bucket: str, key: str, written: datetime) -> UpdateRecord:
        answer = self._reader(environment).get_object(Bucket=bucket, Key=key)
        try:
            if answer["ContentLength"] > JSON.size:
                raise ValueError(f"it has {answer['ContentLength']} bytes, {JSON.size} allowed")  # noqa: TRY301
            found: Any = parse_json(answer["Body"].read().decode("utf-8"))
            return UpdateRecord(str(found["kind"]), str(found["result"]), str(found.get("message", "")), written)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DeployTargetError(f"s3://{bucket}/{key} is no record of an update by Pulumi: {error}") from error


def _is_record(key: str) -> bool:
    return key.endswith(".history.json")
