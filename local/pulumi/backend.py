"""The state of stacks in a bucket, with the layout, locks and records of Pulumi's own backend for buckets.

https://github.com/pulumi/pulumi/tree/v3.272.0/pkg/backend/diy (`store.go`, `state.go`, `lock.go`). A checkpoint
contains the records of the embedded engine, so Pulumi itself can't read it.
"""

from __future__ import annotations

import getpass
import json
import os
import socket
import time
import uuid
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from botocore.exceptions import ClientError

from local.pulumi.engine import STACK_TYPE
from local.pulumi.errors import ConfigurationError, DeploymentError
from local.pulumi.state import Record, Records, StateStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local.clients import Clients

ORGANIZATION = "organization"


def region_of(backend: str) -> str:
    """The region in a backend's address, such as `s3://bucket/folder?region=eu-central-1`."""
    where = urlsplit(backend)
    region = parse_qs(where.query).get("region", [""])[0]
    if where.scheme != "s3" or not region:
        raise ConfigurationError(f"the backend {backend!r} is not supported here; use s3://BUCKET/FOLDER?region=REGION")
    return region


class BucketStore(StateStore):
    """One stack in a bucket that exists; `name` is `organization/project/stack`."""

    def __init__(self, clients: Clients, backend: str, name: str) -> None:
        where = urlsplit(backend)
        organization, self.project, self.stack = name.split("/")
        if organization != ORGANIZATION:
            raise ConfigurationError(f"organization name must be '{ORGANIZATION}'")
        self.outputs: dict[str, Any] = {}
        self._s3 = clients.client("s3")
        self._bucket = where.netloc
        self._root = f"{where.path.strip('/')}/.pulumi".lstrip("/")
        self._locks = f"{self._root}/locks/{name}/"
        self._checkpoint = f"{self._root}/stacks/{self.project}/{self.stack}.json"

    @property
    def exists(self) -> bool:
        """Whether the stack was created."""
        return self._get(self._checkpoint) is not None

    def load(self) -> Records:
        """The records of the checkpoint; none for a stack that was never applied."""
        found = self._get(self._checkpoint)
        latest = (found or {"checkpoint": {}})["checkpoint"].get("latest") or {}
        return {one["urn"]: Record(**one) for one in latest.get("resources", [])}

    def begin(self, _: Records) -> Callable[[Record], None]:
        """Note nothing: a run that was killed left its lock, and the checkpoint is that of the run before."""
        return lambda _: None

    def save(self, records: Records) -> None:
        """Write the checkpoint; the outputs of the program are those of the stack's own record."""
        for record in records.values():
            if record.type == STACK_TYPE and self.outputs:
                record.outputs = self.outputs
        manifest = {"time": datetime.now(UTC).isoformat(), "magic": "", "version": "embedded"}
        latest = {"manifest": manifest, "resources": [asdict(record) for record in records.values()]}
        name = f"{ORGANIZATION}/{self.project}/{self.stack}"
        self._put(self._checkpoint, {"version": 3, "checkpoint": {"stack": name, "latest": latest}})

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the stack's lock; one that another process holds, or left, is a DeploymentError."""
        key = f"{self._locks}{uuid.uuid4()}.json"
        self._refuse_others(key)
        lock = {
            "pid": os.getpid(),
            "username": getpass.getuser(),
            "hostname": socket.gethostname(),
            "timestamp": datetime.now(UTC).isoformat(),
        }
        self._put(key, lock)
        try:
            self._refuse_others(key)
            yield
        finally:
            self._s3.delete_object(Bucket=self._bucket, Key=key)

    def cancel(self) -> None:
        """Remove all locks."""
        for key in self._keys(self._locks):
            self._s3.delete_object(Bucket=self._bucket, Key=key)

    def record(self, message: str, began: float, *, succeeded: bool) -> None:
        """Add an update to the history, with a copy of the checkpoint."""
        place = f"{self._root}/history/{self.project}/{self.stack}/{self.stack}-{time.time_ns()}"
        update = {
            "kind": "update",
            "startTime": int(began),
            "message": message,
            "environment": {},
            "config": {},
            "result": "succeeded" if succeeded else "failed",
            "endTime": int(time.time()),
        }
        self._put(f"{place}.history.json", update)
        source = {"Bucket": self._bucket, "Key": self._checkpoint}
        self._s3.copy_object(Bucket=self._bucket, Key=f"{place}.checkpoint.json", CopySource=source)

    def _refuse_others(self, own: str) -> None:
        others = [key for key in self._keys(self._locks) if key != own]
        if others:
            held = [(key, self._get(key) or {}) for key in others]
            shown = "".join(
                f"\n  s3://{self._bucket}/{key}: created by {one.get('username')}@{one.get('hostname')} "
                f"(pid {one.get('pid')}) at {one.get('timestamp')}"
                for key, one in held
            )
            raise DeploymentError(
                f"the stack is currently locked by {len(others)} lock(s). Either wait for the other process(es) to end "
                f"or delete the lock file with `pulumi cancel`.{shown}"
            )

    def _keys(self, prefix: str) -> list[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        return [one["Key"] for page in pages for one in page.get("Contents", [])]

    def _get(self, key: str) -> Any:
        try:
            return json.loads(self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read())
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchKey":
                return None
            raise

    def _put(self, key: str, value: Any) -> None:
        self._s3.put_object(Bucket=self._bucket, Key=key, Body=json.dumps(value).encode())
