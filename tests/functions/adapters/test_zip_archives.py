"""Files in an archive; limits and hostile archives are in `test_limits.py` and `tests/attackers`."""

from hashlib import sha256
from io import BytesIO
from zipfile import ZipFile

import pytest

from functions.adapters.zip_archives import digest_member, find_member, find_members, open_zip, read_member
from functions.domain.errors import SourceError
from tests.functions.samples import archive

FILES: dict[str, str | bytes] = {"a/one.xml": "1", "a/b/two.xml": "2", "a/*.xml": "3"}


def test_a_glob_stays_in_its_folder() -> None:
    """`**` enters others; a file with the name of the glob comes first."""
    with open_zip(BytesIO(archive(FILES)), "x.zip") as opened:
        assert find_members(opened, "a/*.xml") == ["a/*.xml"]
        assert find_members(opened, "a/o*.xml") == ["a/one.xml"]
        assert find_members(opened, "**/t*.xml") == ["a/b/two.xml"]
        assert read_member(opened, find_member(opened, "a/one.xml")) == b"1"
        assert read_member(opened, "missing") is None


def test_what_is_not_there_is_named_with_the_next_step() -> None:
    """As a path and as a glob."""
    with open_zip(BytesIO(archive(FILES)), "x.zip") as opened:
        for path in ("missing.xml", "*.sarif"):
            with pytest.raises(SourceError, match="add it to the artifacts of the buildspec"):
                find_members(opened, path)


@pytest.mark.parametrize("path", ["./a/one.xml", "a//one.xml", "./a/*.xml", "a/./*.xml"])
def test_a_path_may_begin_in_its_own_folder(path: str) -> None:
    """Manifests and buildspecs write `./reports/*.xml`; names in an archive do not."""
    with ZipFile(BytesIO(archive({"a/one.xml": b"1"}))) as opened:
        assert find_members(opened, path) == ["a/one.xml"]


@pytest.mark.parametrize("path", ["a", "a/", "./a"])
def test_a_folder_is_no_file(path: str) -> None:
    """The message names it, and what to write instead."""
    said = r"is a folder in the build's artifact; name its files, such as a/\*.xml"
    packed = BytesIO(archive({"a/": b"", "a/one.xml": b"1"}))
    with ZipFile(packed) as opened, pytest.raises(SourceError, match=said):
        find_members(opened, path)


def test_a_file_has_a_digest() -> None:
    """Of its content; one that is damaged is named."""
    packed = archive({"one.txt": "1"})
    with open_zip(BytesIO(packed), "x.zip") as opened:
        assert digest_member(opened, "one.txt") == sha256(b"1").hexdigest()
    with (
        open_zip(BytesIO(packed.replace(b"one.txt1", b"one.txt2")), "x.zip") as opened,
        pytest.raises(SourceError, match=r"one\.txt can't be unpacked: Bad CRC"),
    ):
        digest_member(opened, "one.txt")


def test_no_archive_is_named() -> None:
    """With the place that the caller gives."""
    with pytest.raises(SourceError, match=r"s3://b/x\.zip is not a zip archive"):
        open_zip(BytesIO(b"no"), "s3://b/x.zip")
