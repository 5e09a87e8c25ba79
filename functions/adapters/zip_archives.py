"""Opens zip archives that others made. Their directory is read whole when they are opened, so its size is limited."""

import os
import struct
from typing import BinaryIO
from zipfile import BadZipFile, ZipFile

from functions.domain.errors import SourceError
from functions.domain.limits import DIRECTORY

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
