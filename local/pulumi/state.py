"""The state of a stack: one JSON object inside the emulator, so that it ends with the resources it describes."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from local.emulator import Clients

BUCKET = "pulumi-state"


@dataclasses.dataclass
class Record:
    """One resource as last deployed; `inputs` are in canonical form, `sequence` is the order of creation."""

    urn: str
    type: str
    name: str
    custom: bool
    parent: str = ""
    id: str = ""
    region: str = ""
    inputs: dict[str, Any] = dataclasses.field(default_factory=dict)
    outputs: dict[str, Any] = dataclasses.field(default_factory=dict)
    tags: dict[str, str] = dataclasses.field(default_factory=dict)
    dependencies: list[str] = dataclasses.field(default_factory=list)
    secrets: list[str] = dataclasses.field(default_factory=list)
    protect: bool = False
    retain: bool = False
    sequence: int = 0

    @property
    def needs(self) -> set[str]:
        """The URNs of resources that must be deleted after this one."""
        return {urn for urn in (self.parent, *self.dependencies) if urn}


Records = dict[str, Record]
PROVIDER_PREFIX = "pulumi:providers:"


def real(records: Iterable[Record]) -> list[Record]:
    """Leave out components and providers, which exist in the program only."""
    return [record for record in records if record.custom and not record.type.startswith(PROVIDER_PREFIX)]


def deletion_order(records: Iterable[Record]) -> list[Record]:
    """Return the records so that each comes before all that it needs; otherwise newest first."""
    known = {record.urn: record for record in sorted(records, key=lambda record: record.sequence)}
    placed: Records = {}

    def place(record: Record) -> None:
        if record.urn not in placed:
            for urn in sorted(record.needs & known.keys(), key=lambda urn: known[urn].sequence):
                place(known[urn])
            placed[record.urn] = record

    for record in known.values():
        place(record)
    return list(reversed(placed.values()))


def needed_by(urns: Iterable[str], records: Records) -> set[str]:
    """Return `urns` and all that they need, directly or indirectly."""
    found: set[str] = set()
    waiting = list(urns)
    while waiting:
        urn = waiting.pop()
        if urn in records and urn not in found:
            found.add(urn)
            waiting.extend(records[urn].needs)
    return found


class StateStore:
    """Reads and writes the records of one stack."""

    def __init__(self, clients: Clients, project: str, stack: str) -> None:
        self._s3 = clients.client("s3")
        self._region = clients.region
        self._key = f"{project}/{stack}.json"

    def load(self) -> Records:
        """Return the records; no records in a new emulator."""
        try:
            body = self._s3.get_object(Bucket=BUCKET, Key=self._key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchBucket", "NoSuchKey"):
                return {}
            raise
        return {item["urn"]: Record(**item) for item in json.loads(body)["resources"]}

    def save(self, records: Records) -> None:
        """Replace the records; creates the bucket on first use."""
        resources = [dataclasses.asdict(record) for record in records.values()]
        body = json.dumps({"resources": resources}).encode()
        try:
            self._s3.put_object(Bucket=BUCKET, Key=self._key, Body=body)
        except self._s3.exceptions.NoSuchBucket:
            place = {} if self._region == "us-east-1" else {"LocationConstraint": self._region}
            self._s3.create_bucket(Bucket=BUCKET, **({"CreateBucketConfiguration": place} if place else {}))
            self._s3.put_object(Bucket=BUCKET, Key=self._key, Body=body)
