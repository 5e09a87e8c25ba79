"""Container images of the laptop run: manifests in the emulated ECR, contents in a folder.

An image is a zip archive of files and the command that runs them. Its manifest names the archive by its digest, so the
digest of the image is that of its contents, as in a real registry.
"""

from __future__ import annotations

import io
import json
import re
import threading
import uuid
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from local.ecs.errors import PullError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from local.clients import Clients

MEDIA_TYPE = "application/vnd.oci.image.manifest.v1+json"
REFERENCE = re.compile(
    r"^(?P<registry>\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com)/(?P<repository>[a-z0-9][a-z0-9._/-]*)"
    r"(:(?P<tag>[\w][\w.-]{0,127}))?(@(?P<digest>sha256:[0-9a-f]{64}))?$"
)
# archives have no times, so that the same files are the same image
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Image:
    """A pulled image: its digest, the folder with its files, and the command that runs in it."""

    digest: str
    folder: Path
    command: tuple[str, ...]


class Images:
    """Pushes and pulls images; contents are kept below `root`."""

    def __init__(self, aws: Clients, root: Path, account: str, publish: Callable[[dict[str, Any]], None]) -> None:
        """`publish` gets the event of each push."""
        self._aws = aws
        self._root = root
        self._account = account
        self._publish = publish
        self._registry = f"{account}.dkr.ecr.{aws.region}.amazonaws.com"
        self._lock = threading.Lock()

    def push(self, repository: str, tag: str, files: Mapping[str, str], command: Sequence[str]) -> str:
        """Push an image, creating the repository with immutable tags if needed; returns `repository@digest`."""
        archive = _archive(files)
        layer = sha256(archive).hexdigest()
        manifest = json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": MEDIA_TYPE,
                "config": {"command": list(command)},
                "layers": [{"digest": f"sha256:{layer}", "size": len(archive)}],
            }
        )
        self._root.mkdir(parents=True, exist_ok=True)
        (self._root / f"{layer}.zip").write_bytes(archive)
        ecr = self._aws.client("ecr")
        with suppress(ecr.exceptions.RepositoryAlreadyExistsException):
            ecr.create_repository(repositoryName=repository, imageTagMutability="IMMUTABLE")
        pushed = ecr.put_image(
            repositoryName=repository, imageManifest=manifest, imageManifestMediaType=MEDIA_TYPE, imageTag=tag
        )
        digest = str(pushed["image"]["imageId"]["imageDigest"])
        self._publish(self._event(repository, tag, digest))
        return f"{self._registry}/{repository}@{digest}"

    def _event(self, repository: str, tag: str, digest: str) -> dict[str, Any]:
        """https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-eventbridge.html"""
        return {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "ECR Image Action",
            "source": "aws.ecr",
            "account": self._account,
            "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": self._aws.region,
            "resources": [],
            "detail": {
                "result": "SUCCESS",
                "repository-name": repository,
                "image-digest": digest,
                "action-type": "PUSH",
                "image-tag": tag,
            },
        }

    def pull(self, reference: str) -> Image:
        """Return the image of a reference with a tag or a digest; a PullError says why that is impossible."""
        digest, manifest = self._manifest(reference)
        layer = manifest["layers"][0]["digest"].removeprefix("sha256:")
        folder = self._root / layer
        with self._lock:
            if not folder.exists():
                try:
                    archive = zipfile.ZipFile(self._root / f"{layer}.zip")
                except FileNotFoundError:
                    raise PullError(f"CannotPullContainerError: {reference}: the layer {layer} is missing") from None
                with archive:
                    archive.extractall(folder)
        return Image(digest, folder, tuple(manifest["config"]["command"]))

    def resolve(self, reference: str) -> str:
        """The digest of a reference; a PullError says why there is none."""
        return self._manifest(reference)[0]

    def _manifest(self, reference: str) -> tuple[str, dict[str, Any]]:
        named = REFERENCE.match(reference)
        if named is None:
            raise PullError(
                f"CannotPullContainerError: {reference} is not an image of an ECR registry, and no other is here"
            )
        image = {"imageDigest": named["digest"]} if named["digest"] else {"imageTag": named["tag"] or "latest"}
        ecr = self._aws.client("ecr")
        try:
            found = ecr.batch_get_image(repositoryName=named["repository"], imageIds=[image])["images"]
        except ecr.exceptions.RepositoryNotFoundException:
            found = []
        if not found:
            raise PullError(
                "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref "
                f"{reference}: {reference}: not found"
            )
        return str(found[0]["imageId"]["imageDigest"]), json.loads(found[0]["imageManifest"])


def _archive(files: Mapping[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), text)
    return buffer.getvalue()
