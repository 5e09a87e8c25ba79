"""Zip archives that others made, and files in them. A directory is read whole when it is opened, so it is limited."""

import os
import struct
import zlib
from hashlib import sha256
from typing import BinaryIO
from zipfile import BadZipFile, ZipFile

from functions.domain.errors import SourceError
from functions.domain.globs import glob
from functions.domain.limits import DIRECTORY, MEMBER, MIB, MOST_FILES

# The end of the directory, in APPNOTE.TXT 4.3.14 to 4.3.16 of the format: a record, at most 64 KiB of comment behind
# it; before it, for large archives, a locator and a record of their own.
_END, _END_BYTES = b"PK\x05\x06", 22
_LOCATOR, _LOCATOR_BYTES = b"PK\x06\x07", 20
_LARGE, _LARGE_BYTES = b"PK\x06\x06", 56
_COMMENT_BYTES = 65_535
_ALL_ONES = 0xFFFF_FFFF


def open_zip(file: BinaryIO, name: str) -> ZipFile:
    """The archive; a SourceError with its name if it is none, or if its directory is larger than `DIRECTORY` bytes."""
    try:
        size = _directory_bytes(file)
        if size > DIRECTORY:
            raise SourceError(f"{name} has a directory of {size} bytes, {DIRECTORY} allowed: put fewer files into it")
        return ZipFile(file)
    except (BadZipFile, ValueError, OverflowError, struct.error) as error:
        raise SourceError(f"{name} is not a zip archive: {error}") from error


def _directory_bytes(file: BinaryIO) -> int:
    """The size of the directory that `ZipFile` would read: the largest that a record at the end of the file claims."""
    length = file.seek(0, os.SEEK_END)
    start = max(0, length - _END_BYTES - _COMMENT_BYTES - _LOCATOR_BYTES - _LARGE_BYTES)
    file.seek(start)
    tail = file.read()
    file.seek(0)
    sizes, at = [0], tail.find(_END)
    while at >= 0:
        record = tail[at : at + _END_BYTES]
        if len(record) == _END_BYTES:
            claimed = int(struct.unpack_from("<L", record, 12)[0])
            located = at - _LOCATOR_BYTES
            large = tail[max(0, located - _LARGE_BYTES) : max(0, located)]
            if tail[max(0, located) : at].startswith(_LOCATOR) and large.startswith(_LARGE):
                # The figures of the other record are all ones where they are too small for the archive.
                sizes.append(int(struct.unpack_from("<Q", large, 40)[0]))
                claimed = 0 if claimed == _ALL_ONES else claimed
            sizes.append(claimed)
        at = tail.find(_END, at + 1)
    return max(sizes)


def read_member(archive: ZipFile, path: str, limit: int = MEMBER) -> bytes | None:
    """The contents of one file in an open archive, None if there is none.

    A file that unpacks to more than `limit` bytes is a SourceError.
    """
    try:
        size = archive.getinfo(path).file_size
    except KeyError:
        return None
    if size > limit:
        raise SourceError(f"{path} unpacks to {size} bytes, {limit} allowed")
    try:
        # The size in the archive's directory may be false, so no more than that is unpacked.
        with archive.open(path) as member:
            return member.read(size + 1)
    except (BadZipFile, EOFError, NotImplementedError, RuntimeError, zlib.error) as error:
        raise SourceError(f"{path} can't be unpacked: {error}") from error


def digest_member(archive: ZipFile, path: str) -> str:
    """The SHA-256 of a file in an open archive, in hexadecimal; one that can't be unpacked is a SourceError."""
    try:
        with archive.open(path) as member:
            digest = sha256()
            while chunk := member.read(MIB):
                digest.update(chunk)
            return digest.hexdigest()
    except (BadZipFile, EOFError, NotImplementedError, RuntimeError, zlib.error) as error:
        raise SourceError(f"{path} can't be unpacked: {error}") from error


def find_members(archive: ZipFile, path: str) -> list[str]:
    """The files that a path or glob matches; a SourceError if there are none.

    `*` and `?` match characters except `/`, and `**` matches any folders, as in a buildspec's `files`. A file with the
    name `path` takes precedence over the glob. `./` in a path means nothing.
    """
    names, plain = [name for name in archive.namelist() if not name.endswith("/")], _plain(path)
    if plain in names:
        return [plain]
    if not _is_glob(plain):
        if any(name.startswith(f"{plain}/") for name in names):
            raise SourceError(f"{path}: is a folder in the build's artifact; name its files, such as {plain}/*.xml")
        raise SourceError(f"{path}: not in the build's artifact; add it to the artifacts of the buildspec")
    wanted = glob(plain)
    found = sorted({name for name in names if wanted.matches(name)})
    if len(found) > MOST_FILES:
        raise SourceError(f"{path}: matches {len(found)} files, {MOST_FILES} allowed: name fewer")
    if not found:
        raise SourceError(f"{path}: nothing in the build's artifact matches; add it to the artifacts of the buildspec")
    return found


def find_member(archive: ZipFile, path: str) -> str:
    """The one file that a path or glob matches; a SourceError if there are none or several."""
    found = find_members(archive, path)
    if len(found) > 1:
        raise SourceError(f"{path}: matches {len(found)} files ({found[0]}, {found[1]}, …), expected 1: name it")
    return found[0]


def _plain(path: str) -> str:
    """A relative path without `./`, double slashes and a slash at its end: names in an archive have none."""
    return path if path.startswith("/") else "/".join(part for part in path.split("/") if part not in ("", "."))


def _is_glob(path: str) -> bool:
    return "*" in path or "?" in path
