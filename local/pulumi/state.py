"""The state of a stack: one JSON object inside the emulator, so that it ends with the resources it describes."""

from __future__ import annotations

import dataclasses
import json
import threading
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from local.folders import HOME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from local.clients import Clients

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
    """Reads and writes the records of one stack.

    What a run creates is in a file, its journal, until the run saves the state: a run that is killed is continued by
    the next. The state names its journal, so that one of another emulator counts for nothing.
    """

    def __init__(self, clients: Clients, project: str, stack: str) -> None:
        self._s3 = clients.client("s3")
        self._region = clients.region
        self._key = f"{project}/{stack}.json"
        self._journal = ""

    def begin(self, records: Records) -> Callable[[Record], None]:
        """Begin a run; returns what notes a record in its journal."""
        HOME.mkdir(exist_ok=True)
        before, self._journal = self._journal, f"journal-{uuid.uuid4().hex}.jsonl"
        file, lock = HOME / self._journal, threading.Lock()
        file.touch(mode=0o600)
        self._write(records, self._journal)
        _end(before)

        def note(record: Record) -> None:
            line = json.dumps(dataclasses.asdict(record))
            with lock, file.open("a", encoding="utf-8") as written:
                written.write(f"{line}\n")

        return note

    def load(self) -> Records:
        """Return the records, and those of a run that was killed; no records in a new emulator."""
        try:
            body = self._s3.get_object(Bucket=BUCKET, Key=self._key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchBucket", "NoSuchKey"):
                return {}
            raise
        found = json.loads(body)
        self._journal = found.get("journal", "")
        return {item["urn"]: Record(**item) for item in (*found["resources"], *_noted(self._journal))}

    def save(self, records: Records) -> None:
        """Replace the records, and end the journal."""
        self._write(records, "")
        _end(self._journal)

    def _write(self, records: Records, journal: str) -> None:
        """Replace the state; creates the bucket on first use."""
        resources = [dataclasses.asdict(record) for record in records.values()]
        body = json.dumps({"resources": resources, "journal": journal}).encode()
        try:
            self._s3.put_object(Bucket=BUCKET, Key=self._key, Body=body)
        except self._s3.exceptions.NoSuchBucket:
            place = {} if self._region == "us-east-1" else {"LocationConstraint": self._region}
            self._s3.create_bucket(Bucket=BUCKET, **({"CreateBucketConfiguration": place} if place else {}))
            self._s3.put_object(Bucket=BUCKET, Key=self._key, Body=body)


def _noted(journal: str) -> Iterator[dict[str, Any]]:
    """The records of a journal in their order; the last line may be half written."""
    if journal and (HOME / journal).exists():
        for line in (HOME / journal).read_text("utf-8").splitlines():
            with suppress(ValueError):
                yield json.loads(line)


def _end(journal: str) -> None:
    """Remove a journal whose records are in the state."""
    if journal:
        (HOME / journal).unlink(missing_ok=True)
