"""The artifacts bucket: sources, build outputs and reports, read with a bound on what they may hold."""

import json
import re
import zlib
from hashlib import sha256
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO, ClassVar, Self
from zipfile import BadZipFile, ZipFile

from functions.domain.errors import SourceError
from functions.handler import Allow

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from functions.runtime import Clients

# A report or bundle larger than this is a mistake or an attack; a Lambda's memory is neither's to fill.
_MEMBER_LIMIT = 64 * 1024 * 1024
_ARCHIVE_LIMIT = 512 * 1024 * 1024
# What is parsed takes several times its size in memory.
REPORT_LIMIT = 32 * 1024 * 1024
_GLOB = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
_GLOB_PARTS = re.compile(r"\*\*/|\*\*|\*|\?|[^*?]+")


class Artifacts:
    """Objects of the bucket, and files within its zip archives."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("ARTIFACTS_BUCKET",)
    READ: ClassVar[tuple[Allow, ...]] = (
        Allow(("s3:GetObject",), on="bucket/artifacts/*", why="every object of this one bucket"),
        Allow(("s3:ListBucket",), on="bucket/artifacts"),
        Allow(("kms:Decrypt",), on="key"),
    )
    WRITE: ClassVar[tuple[Allow, ...]] = (
        Allow(("s3:PutObject",), on="bucket/artifacts/*", why="every object of this one bucket"),
        Allow(("kms:GenerateDataKey",), on="key"),
    )

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self.bucket = bucket

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The bucket of this stack."""
        return cls(aws.client("s3"), aws.setting("ARTIFACTS_BUCKET"))

    def exists(self, key: str) -> bool:
        """Whether an object is there."""
        listed = self._client.list_objects_v2(Bucket=self.bucket, Prefix=key, MaxKeys=1)
        return any(item["Key"] == key for item in listed.get("Contents", []))

    def put(self, key: str, body: BinaryIO) -> None:
        """Write an object from a file, in parts when it is large."""
        self._client.upload_fileobj(body, self.bucket, key)

    def get(self, key: str) -> bytes | None:
        """A whole object, refused when it is larger than a report may be; None when there is none."""
        try:
            answer = self._client.get_object(Bucket=self.bucket, Key=key)
        except self._client.exceptions.NoSuchKey:
            return None
        if answer["ContentLength"] > _MEMBER_LIMIT:
            raise SourceError(f"s3://{self.bucket}/{key} has {answer['ContentLength']} bytes, {_MEMBER_LIMIT} allowed")
        return answer["Body"].read()

    def digest(self, key: str) -> str:
        """The SHA-256 of an object, in hexadecimal; a missing or oversized one is a SourceError."""
        return self.fingerprint(key)[0]

    def fingerprint(self, key: str) -> tuple[str, str]:
        """An object's SHA-256 and the version of it that has it, "" in a bucket that keeps no versions."""
        raw, version = self._read(key)
        return sha256(raw).hexdigest(), version

    def archive(self, key: str, digest: str = "") -> ZipFile:
        """A zip archive of the bucket; a missing, broken, oversized or changed one is a SourceError."""
        raw, _ = self._read(key)
        if digest and sha256(raw).hexdigest() != digest:
            raise SourceError(f"s3://{self.bucket}/{key} is not what was judged by the gates: it was changed since")
        try:
            return ZipFile(BytesIO(raw))
        except BadZipFile as error:
            raise SourceError(f"s3://{self.bucket}/{key} is not a zip archive: {error}") from error

    def _read(self, key: str) -> tuple[bytes, str]:
        try:
            answer = self._client.get_object(Bucket=self.bucket, Key=key)
        except self._client.exceptions.NoSuchKey:
            raise SourceError(f"s3://{self.bucket}/{key} is not there: it expired or was never built") from None
        if answer["ContentLength"] > _ARCHIVE_LIMIT:
            raise SourceError(f"s3://{self.bucket}/{key} has {answer['ContentLength']} bytes, {_ARCHIVE_LIMIT} allowed")
        return answer["Body"].read(), answer.get("VersionId", "")

    def member(self, key: str, path: str, digest: str = "") -> bytes | None:
        """One file of a zip archive; None when the archive has none of that name."""
        with self.archive(key, digest) as archive:
            return read_member(archive, path)

    def outputs(self, key: str) -> dict[str, str]:
        """The `outputs.json` that a command left in its artifact: a flat object of texts; none is an empty one."""
        if not self.exists(key):
            return {}
        raw = self.member(key, "outputs.json")
        try:
            found = json.loads(raw) if raw else {}
        except (ValueError, RecursionError) as error:
            raise SourceError(f"{key}: outputs.json is not JSON: {error}") from error
        if not isinstance(found, dict):
            raise SourceError(f"{key}: outputs.json must be an object of texts, it is a {type(found).__name__}")
        return {str(name): str(value) for name, value in found.items()}


def read_member(archive: ZipFile, path: str, limit: int = 0) -> bytes | None:
    """One file of an open archive, refused when it unpacks to more than it may (0: what any file may)."""
    limit = limit or _MEMBER_LIMIT
    try:
        size = archive.getinfo(path).file_size
    except KeyError:
        return None
    if size > limit:
        raise SourceError(f"{path} unpacks to {size} bytes, {limit} allowed")
    try:
        # A directory that lies about the size must not cost memory: no more is unpacked than it promised.
        with archive.open(path) as member:
            return member.read(size + 1)
    except (BadZipFile, EOFError, NotImplementedError, RuntimeError, zlib.error) as error:
        raise SourceError(f"{path} can't be unpacked: {error}") from error


def find_members(archive: ZipFile, path: str) -> list[str]:
    """The files that a path names, which may be a glob; a SourceError where there is none.

    `*` and `?` stand for characters of one name, `**` for any folders, as in a buildspec's `files`. A file that has
    the very name comes first.
    """
    names = archive.namelist()
    if path in names:
        return [path]
    if not _is_glob(path):
        raise SourceError(f"{path}: the build left no such report; is it in the buildspec's artifacts?")
    wanted = re.compile("".join(_GLOB.get(part, re.escape(part)) for part in _GLOB_PARTS.findall(path)))
    found = sorted({name for name in names if wanted.fullmatch(name) and not name.endswith("/")})
    if not found:
        raise SourceError(f"{path}: the build left no report that matches; is it in the buildspec's artifacts?")
    return found


def find_member(archive: ZipFile, path: str) -> str:
    """The one file that a path names; a SourceError where there is none, or more than one."""
    found = find_members(archive, path)
    if len(found) > 1:
        raise SourceError(f"{path}: matches {len(found)} files ({found[0]}, {found[1]}, …) where one is read: name it")
    return found[0]


def _is_glob(path: str) -> bool:
    return "*" in path or "?" in path
