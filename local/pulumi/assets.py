"""Pulumi assets and archives as bytes that are the same on every run."""

from __future__ import annotations

import functools
import hashlib
import io
import os
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi.asset import Archive, Asset, AssetArchive, FileArchive, FileAsset, StringAsset

from local.pulumi.errors import DeploymentError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# The oldest time a zip can hold: a zip must not change because a file was touched.
STAMP = (1980, 1, 1, 0, 0, 0)


@functools.lru_cache(maxsize=4096)
def _read(path: str, modified: int, size: int) -> bytes:  # noqa: ARG001 - the key that makes a cached read true
    return Path(path).read_bytes()


def _file(path: Path) -> bytes:
    try:
        facts = path.stat()
    except OSError as error:
        raise DeploymentError(f"asset {path}: {error.strerror}; check the path in the program") from error
    return _read(str(path.resolve()), facts.st_mtime_ns, facts.st_size)


def asset_bytes(asset: Asset) -> bytes:
    """Return the content of a file or string asset."""
    if isinstance(asset, FileAsset):
        return _file(Path(asset.path))
    if isinstance(asset, StringAsset):
        return asset.text.encode()
    raise DeploymentError(f"asset {asset!r}: use a FileAsset or a StringAsset")


def _entries(archive: Archive, prefix: str = "") -> Iterator[tuple[str, bytes, bool]]:
    """Yield name, content and whether it is executable."""
    if isinstance(archive, AssetArchive):
        for name, item in sorted(archive.assets.items()):
            if isinstance(item, Archive):
                yield from _entries(item, f"{prefix}{name}/")
            else:
                path = getattr(item, "path", None)
                yield prefix + name, asset_bytes(item), path is not None and os.access(path, os.X_OK)
    elif isinstance(archive, FileArchive) and Path(archive.path).is_dir():
        for path in sorted(Path(archive.path).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                name = prefix + path.relative_to(archive.path).as_posix()
                yield name, _file(path), os.access(path, os.X_OK)
    elif isinstance(archive, FileArchive):
        with zipfile.ZipFile(io.BytesIO(_file(Path(archive.path)))) as packed:
            for info in sorted(packed.infolist(), key=lambda entry: entry.filename):
                if not info.is_dir():
                    yield prefix + info.filename, packed.read(info), bool(info.external_attr >> 16 & 0o100)
    else:
        raise DeploymentError(f"archive {archive!r}: use an AssetArchive or a FileArchive")


def content_digest(item: Asset | Archive) -> str:
    """Return the SHA-256 of the content: names and bytes, no times, no paths of this machine."""
    if isinstance(item, Asset):
        return hashlib.sha256(asset_bytes(item)).hexdigest()
    total = hashlib.sha256()
    for name, content, executable in _entries(item):
        total.update(f"{name}\0{executable}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()


_zips: dict[tuple[str, tuple[tuple[str, bytes], ...]], bytes] = {}


def zip_bytes(archive: Archive, executables: Mapping[str, bytes] | None = None) -> bytes:
    """Return a zip of the archive plus `executables`; one content is packed once per process."""
    extra = tuple(sorted((executables or {}).items()))
    key = (content_digest(archive), extra)
    if key not in _zips:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, content, executable in [*_entries(archive), *((n, c, True) for n, c in extra)]:
                info = zipfile.ZipInfo(name, STAMP)
                info.external_attr = (0o755 if executable else 0o644) << 16
                info.compress_type = zipfile.ZIP_DEFLATED
                packed.writestr(info, content)
        _zips[key] = buffer.getvalue()
    return _zips[key]
