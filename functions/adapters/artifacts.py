"""The artifacts bucket: sources, artifacts and reports. Sizes are limited when they are read."""

from datetime import datetime
from hashlib import sha256
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO, ClassVar, Literal, Self
from zipfile import ZipFile

from functions.adapters.delivered_functions import Kept
from functions.adapters.json_documents import parse_json
from functions.adapters.zip_archives import open_zip, read_member
from functions.domain.errors import SourceError
from functions.domain.limits import ARCHIVE, MEMBER, OUTPUTS
from functions.handler import Allow

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CopySourceTypeDef

    from functions.runtime import Clients

PACKAGES = "packages/"
_CHUNK = 1024 * 1024


class Artifacts:
    """Objects of the bucket, and files in its zip archives. Sizes are in bytes."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("ARTIFACTS_BUCKET",)
    # Whether an object is there; who may not list the bucket gets a 403 for one that is missing.
    LIST: ClassVar[tuple[Allow, ...]] = (Allow(("s3:ListBucket",), on="bucket/artifacts"),)
    READ: ClassVar[tuple[Allow, ...]] = (
        Allow(("s3:GetObject",), on="bucket/artifacts/*", why="every object of this one bucket"),
        *LIST,
        Allow(("kms:Decrypt",), on="key"),
    )
    KEEP: ClassVar[tuple[Allow, ...]] = (
        Allow(("s3:PutObject",), on="bucket/artifacts/packages/*", why="packages of this one bucket, by their digest"),
        Allow(("kms:GenerateDataKey",), on="key"),
    )
    KEEP_EVIDENCE: ClassVar[tuple[Allow, ...]] = (
        Allow(("s3:PutObject",), on="bucket/artifacts/provenance/*", why="evidence of this one bucket, by its digest"),
        Allow(("kms:GenerateDataKey",), on="key"),
    )
    # https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html: tags are copied, and the provider sets some.
    RENEW: ClassVar[tuple[Allow, ...]] = (
        *LIST,
        *(
            Allow(
                ("s3:GetObject", "s3:GetObjectTagging", "s3:GetObjectVersion", "s3:PutObject", "s3:PutObjectTagging"),
                on=f"bucket/artifacts/{prefix}/*",
                why="objects of this prefix that records name",
            )
            for prefix in ("builds", "programs", "sources")
        ),
        Allow(("kms:Decrypt", "kms:GenerateDataKey"), on="key"),
    )
    # Decrypt is for objects that are uploaded in parts:
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html#mpuAndPermissions
    WRITE: ClassVar[tuple[Allow, ...]] = (
        Allow(("s3:PutObject",), on="bucket/artifacts/*", why="every object of this one bucket"),
        Allow(("kms:Decrypt", "kms:GenerateDataKey"), on="key"),
    )

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self.bucket = bucket

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The bucket of this stack."""
        return cls(aws.client("s3"), aws.setting("ARTIFACTS_BUCKET"))

    def exists(self, key: str) -> bool:
        """Whether an object with this key exists."""
        listed = self._client.list_objects_v2(Bucket=self.bucket, Prefix=key, MaxKeys=1)
        return any(item["Key"] == key for item in listed.get("Contents", []))

    def put(self, key: str, body: BinaryIO) -> None:
        """Write an object from a file; a large one is uploaded in parts."""
        self._client.upload_fileobj(body, self.bucket, key)

    def keep(self, content: bytes) -> Kept:
        """Store a delivered package under its digest, where no build may write; deploy roles may read it there."""
        key = f"{PACKAGES}{sha256(content).hexdigest()}.zip"
        if not self.exists(key):
            self.put(key, BytesIO(content))
        return Kept(self._client.meta.region_name, self.bucket, key)

    def keep_evidence(self, key: str, content: bytes) -> None:
        """Store a statement or what belongs to it, where no build may write."""
        self._client.put_object(Bucket=self.bucket, Key=key, Body=content, ContentType="application/json")

    def renew(self, key: str, version: str, before: datetime) -> Literal["recent", "renewed", "missing"]:
        """Write an object that is older than `before` anew, from one of its versions if that still exists.

        Its age begins again; what is read later under its key is this version.
        """
        try:
            found = self._client.head_object(Bucket=self.bucket, Key=key)
        except self._client.exceptions.ClientError as error:  # HEAD has no body, so no NoSuchKey either
            if error.response["Error"]["Code"] != "404":
                raise
            return "missing"
        if found["LastModified"] >= before:
            return "recent"
        self._copy(key, version)
        return "renewed"

    def _copy(self, key: str, version: str) -> None:
        source: CopySourceTypeDef = {"Bucket": self.bucket, "Key": key}
        if version:
            source["VersionId"] = version
        try:
            # S3 copies an object onto itself only if something is changed, such as its metadata: it has none.
            self._client.copy_object(Bucket=self.bucket, Key=key, CopySource=source, MetadataDirective="REPLACE")
        except self._client.exceptions.ClientError as error:
            if not version or error.response["Error"]["Code"] != "NoSuchVersion":
                raise
            self._copy(key, "")

    def get(self, key: str, limit: int = MEMBER) -> bytes | None:
        """The contents of an object, None if it does not exist; one of more than `limit` bytes is a SourceError."""
        try:
            answer = self._client.get_object(Bucket=self.bucket, Key=key)
        except self._client.exceptions.NoSuchKey:
            return None
        if answer["ContentLength"] > limit:
            raise SourceError(f"s3://{self.bucket}/{key} has {answer['ContentLength']} bytes, {limit} allowed")
        return answer["Body"].read()

    def digest(self, key: str) -> str:
        """The SHA-256 of an object in hexadecimal; a missing or too large one is a SourceError."""
        return self._read(key, None)[0]

    def source(self, key: str) -> ZipFile:
        """The source of a commit, which no build can write; a SourceError if it is missing, broken or too large."""
        content = BytesIO()
        self._read(key, content)
        return self._opened(key, content)

    def built(self, key: str, digest: str) -> tuple[ZipFile, str]:
        """What a build uploaded, and its version id ("" in a bucket without versioning).

        A SourceError if it is missing, broken or too large, or if its SHA-256 is not the `digest` that CodeBuild
        reported. The bytes that are compared are those that are opened.
        """
        content = BytesIO()
        version = self._compared(key, digest, content)
        return self._opened(key, content), version

    def compare(self, key: str, digest: str) -> None:
        """Raise a SourceError unless the SHA-256 of an object is the `digest` that CodeBuild reported."""
        self._compared(key, digest, None)

    def _compared(self, key: str, digest: str, content: BytesIO | None) -> str:
        if not digest:
            raise SourceError(
                f"s3://{self.bucket}/{key}: no SHA-256 of it is known, because CodeBuild uploaded no artifact or the "
                "deployment has no record; list files under artifacts in the buildspec, and deploy the commit again"
            )
        found, version = self._read(key, content)
        if found != digest:
            raise SourceError(
                f"s3://{self.bucket}/{key} was overwritten: its SHA-256 is {found}, but CodeBuild uploaded {digest}; "
                "deploy the commit again, and search the buildspec and its tools for what writes to the bucket"
            )
        return version

    def _opened(self, key: str, content: BytesIO) -> ZipFile:
        return open_zip(content, f"s3://{self.bucket}/{key}")

    def _read(self, key: str, content: BytesIO | None) -> tuple[str, str]:
        """The SHA-256 and the version of an object; its bytes are in memory only if `content` takes them, and once."""
        try:
            answer = self._client.get_object(Bucket=self.bucket, Key=key)
        except self._client.exceptions.NoSuchKey:
            raise SourceError(f"s3://{self.bucket}/{key} does not exist: it expired or was never built") from None
        if answer["ContentLength"] > ARCHIVE:
            raise SourceError(f"s3://{self.bucket}/{key} has {answer['ContentLength']} bytes, {ARCHIVE} allowed")
        digest = sha256()
        for chunk in answer["Body"].iter_chunks(_CHUNK):
            digest.update(chunk)
            if content:
                content.write(chunk)
        return digest.hexdigest(), answer.get("VersionId", "")

    def member(self, key: str, path: str) -> bytes | None:
        """The contents of one file of a source; None if there is no such file."""
        with self.source(key) as archive:
            return read_member(archive, path)

    def outputs(self, key: str, digest: str) -> dict[str, str]:
        """The outputs of a command: `outputs.json` in its artifact, a flat object of strings; empty without one.

        `digest` is that of `built`; empty means that the command has no artifact, whatever else lies there.
        """
        if not digest:
            return {}
        with self.built(key, digest)[0] as archive:
            raw = read_member(archive, "outputs.json", OUTPUTS.size)
        try:
            found = parse_json(raw.decode("utf-8-sig"), OUTPUTS) if raw else {}
        except ValueError as error:
            raise SourceError(f"{key}: outputs.json is not JSON: {error}") from error
        if not isinstance(found, dict):
            raise SourceError(f"{key}: outputs.json must be an object of texts, it is a {type(found).__name__}")
        return {str(name): str(value) for name, value in found.items()}
