"""The artifacts bucket, and the limits on the size of what is read."""

import struct
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from functions.adapters import artifacts as module
from functions.adapters.artifacts import Artifacts
from functions.adapters.zip_archives import read_member
from functions.domain.errors import SourceError
from tests.functions.samples import archive
from tests.functions.stack import BUCKET, Stack


@pytest.fixture
def artifacts(stack: Stack) -> Artifacts:
    """The bucket."""
    return Artifacts.connect(stack.clients)


def test_what_is_put_is_there(artifacts: Artifacts) -> None:
    """An object exists under its own key, not under a key that is a prefix of it."""
    artifacts.put("a/b.zip", BytesIO(archive({"x": "1"})))
    assert artifacts.exists("a/b.zip")
    assert not artifacts.exists("a/b")
    assert artifacts.member("a/b.zip", "x") == b"1"
    assert artifacts.member("a/b.zip", "y") is None


def test_an_object_that_is_missing_or_no_archive_is_named(artifacts: Artifacts) -> None:
    """The error about a missing object, or one that is no archive, has bucket and key."""
    with pytest.raises(SourceError, match=rf"s3://{BUCKET}/gone does not exist"):
        artifacts.member("gone", "x")
    artifacts.put("text", BytesIO(b"text"))
    with pytest.raises(SourceError, match=rf"s3://{BUCKET}/text is not a zip archive"):
        artifacts.member("text", "x")


def test_an_archive_that_is_too_large_is_not_read(artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch) -> None:
    """An archive is refused by its size, before its content is read."""
    monkeypatch.setattr(module, "ARCHIVE", 10)
    artifacts.put("a.zip", BytesIO(archive({"x": "1"})))
    with pytest.raises(SourceError, match="bytes, 10 allowed"):
        artifacts.source("a.zip")


def test_a_bomb_is_not_unpacked() -> None:
    """A file is refused by its declared size, and never unpacks to more than that."""
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as writer:
        writer.writestr("bomb", b"0" * 100_000)
    with ZipFile(packed) as honest, pytest.raises(SourceError, match="bomb unpacks to 100000 bytes, 1000 allowed"):
        read_member(honest, "bomb", 1000)
    lying = packed.getvalue().replace(struct.pack("<L", 100_000), struct.pack("<L", 10))
    with ZipFile(BytesIO(lying)) as liar, pytest.raises(SourceError, match="bomb can't be unpacked"):
        read_member(liar, "bomb", 1000)


def test_a_broken_member_is_named() -> None:
    """A wrong checksum, encryption or an unknown compression is a SourceError that names the file."""
    good = archive({"x": "content"})
    wrong = good.replace(b"content", b"c0ntent")
    flags = good.index(b"PK\x01\x02") + 8
    encrypted = good[:6] + b"\x01" + good[7:flags] + b"\x01" + good[flags + 1 :]
    method = good.index(b"PK\x01\x02") + 10
    unknown = good[:8] + b"\x63" + good[9:method] + b"\x63" + good[method + 1 :]
    for broken in (wrong, encrypted, unknown):
        with ZipFile(BytesIO(broken)) as found, pytest.raises(SourceError, match="x can't be unpacked"):
            read_member(found, "x")
