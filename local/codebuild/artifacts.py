"""Finds the files that a buildspec names and uploads them to the emulator's S3."""

from __future__ import annotations

import glob
import hashlib
import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from local.codebuild.errors import PhaseFailedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.codebuild.buildspec import FileSet

CLIENT_ERROR = "CLIENT_ERROR"


def find(files: FileSet, source: Path) -> dict[str, Path]:
    """Return the matching files by their path in the artifact; raises PhaseFailedError when no file matches."""
    base_directory = files.base_directory or "."
    bases = [base for base in _matches(base_directory, source) if base.is_dir()]
    if not bases:
        raise PhaseFailedError(CLIENT_ERROR, f"no matching base directory path found for {base_directory}")
    found = {
        _relative(path, base, files): path
        for base in bases
        for excluded in [{path for pattern in files.exclude_paths for path in _matches(pattern, base)}]
        for pattern in files.files
        for path in _matches(pattern, base)
        if path.is_file() and path not in excluded
    }
    if not found:
        raise PhaseFailedError(CLIENT_ERROR, f"no matching artifact paths found for {', '.join(files.files)}")
    return found


def _relative(path: Path, base: Path, files: FileSet) -> str:
    if files.discard_paths or not path.is_relative_to(base):
        return path.name
    return str(path.relative_to(base))


def _matches(pattern: str, directory: Path) -> list[Path]:
    # CodeBuild ignores ./ and a trailing slash
    plain = pattern.removeprefix("./").rstrip("/") or "."
    # Path.glob refuses "." and absolute patterns, both of which buildspecs use
    found = glob.glob(plain, root_dir=directory, recursive=True, include_hidden=True)  # noqa: PTH207
    return sorted(Path(directory, name) for name in found)


def location(settings: Mapping[str, Any], build_id: str, name: str) -> tuple[str, str]:
    """Return bucket and key of an artifact; the key is path, the build's id if configured, and name."""
    parts = [str(settings.get("path", "")).strip("/")]
    if settings.get("namespaceType") == "BUILD_ID":
        parts.append(build_id)
    parts.append("" if name == "/" else name.strip("/"))
    bucket = str(settings["location"]).removeprefix("arn:aws:s3:::")
    return bucket, "/".join(part for part in parts if part)


def upload(s3: Any, settings: Mapping[str, Any], build_id: str, name: str, found: Mapping[str, Path]) -> dict[str, Any]:
    """Upload the files in the project's packaging; returns the `artifacts` member of the build's record."""
    bucket, key = location(settings, build_id, name)
    described: dict[str, Any] = {"location": f"arn:aws:s3:::{bucket}/{key}"}
    described |= {
        option: settings[option]
        for option in ("overrideArtifactName", "encryptionDisabled", "artifactIdentifier", "bucketOwnerAccess")
        if option in settings
    }
    try:
        if settings.get("packaging", "NONE") == "ZIP":
            body = _zipped(found)
            s3.put_object(Bucket=bucket, Key=key, Body=body)
            described["sha256sum"] = hashlib.sha256(body).hexdigest()
            described["md5sum"] = hashlib.md5(body, usedforsecurity=False).hexdigest()
        else:
            for relative, path in found.items():
                s3.upload_file(str(path), bucket, f"{key}/{relative}".lstrip("/"))
    except (BotoCoreError, ClientError, OSError) as error:
        raise PhaseFailedError(CLIENT_ERROR, f"cannot upload to s3://{bucket}/{key}: {error}") from error
    return described


def _zipped(found: Mapping[str, Path]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
        for relative, path in sorted(found.items()):
            archive.write(path, relative)
    return buffer.getvalue()
