"""The bytes of Pulumi assets and archives, the same on every run."""

from __future__ import annotations

import functools
import hashlib
import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pulumi.asset import Archive, Asset, AssetArchive, FileArchive, FileAsset, StringAsset

from local.pulumi.errors import DeploymentError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# The oldest time that a zip can hold: a touched file must not change a zip.
STAMP = (1980, 1, 1, 0, 0, 0)
# A zip goes to an emulator on this machine, where better compression costs more than it saves.
FASTEST = 1


class Entry(NamedTuple):
    """One file of an archive. Equal entries hold equal bytes, so cached results are valid for both."""

    name: str
    executable: bool
    source: str | bytes
    modified: int = 0
    size: int = 0

    def content(self) -> bytes:
        """The bytes of the file."""
        return self.source if isinstance(self.source, bytes) else Path(self.source).read_bytes()


def _file(name: str, path: Path) -> Entry:
    try:
        facts = path.stat()
    except OSError as error:
        raise DeploymentError(f"asset {path}: {error.strerror}; check the path in the program") from error
    return Entry(name, bool(facts.st_mode & 0o100), str(path), facts.st_mtime_ns, facts.st_size)


def _asset(name: str, asset: Asset) -> Entry:
    if isinstance(asset, FileAsset):
        return _file(name, Path(asset.path))
    if isinstance(asset, StringAsset):
        return Entry(name, executable=False, source=asset.text.encode())
    raise DeploymentError(f"asset {asset!r}: use a FileAsset or a StringAsset")


def asset_bytes(asset: Asset) -> bytes:
    """Return the content of a file or string asset."""
    return _asset("", asset).content()


def _entries(archive: Archive, prefix: str = "") -> Iterator[Entry]:
    """Yield the files of an archive, in the order of their names."""
    if isinstance(archive, AssetArchive):
        for name, item in sorted(archive.assets.items()):
            if isinstance(item, Archive):
                yield from _entries(item, f"{prefix}{name}/")
            else:
                yield _asset(prefix + name, item)
    elif isinstance(archive, FileArchive) and Path(archive.path).is_dir():
        for path in sorted(Path(archive.path).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield _file(prefix + path.relative_to(archive.path).as_posix(), path)
    elif isinstance(archive, FileArchive):
        with zipfile.ZipFile(io.BytesIO(_file("", Path(archive.path)).content())) as packed:
            for info in sorted(packed.infolist(), key=lambda entry: entry.filename):
                if not info.is_dir():
                    executable = bool(info.external_attr >> 16 & 0o100)
                    yield Entry(prefix + info.filename, executable, packed.read(info))
    else:
        raise DeploymentError(f"archive {archive!r}: use an AssetArchive or a FileArchive")


def content_digest(item: Asset | Archive) -> str:
    """Return the SHA-256 over names and bytes, without times and paths of this machine."""
    if isinstance(item, Asset):
        return hashlib.sha256(asset_bytes(item)).hexdigest()
    return _digest(tuple(_entries(item)))


# All functions share one archive, and each needs its digest: files are read once.
@functools.lru_cache(maxsize=16)
def _digest(entries: tuple[Entry, ...]) -> str:
    total = hashlib.sha256()
    for entry in entries:
        content = entry.content()
        total.update(f"{entry.name}\0{entry.executable}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()


def zip_bytes(archive: Archive, executables: Mapping[str, bytes] | None = None) -> bytes:
    """Return a zip of the archive and the `executables`; equal content is packed once per process."""
    extra = (Entry(name, executable=True, source=content) for name, content in sorted((executables or {}).items()))
    return _zip((*_entries(archive), *extra))


@functools.lru_cache(maxsize=16)
def _zip(entries: tuple[Entry, ...]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=FASTEST) as packed:
        for entry in entries:
            info = zipfile.ZipInfo(entry.name, STAMP)
            info.external_attr = (0o755 if entry.executable else 0o644) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(info, entry.content(), compresslevel=FASTEST)
    return buffer.getvalue()
