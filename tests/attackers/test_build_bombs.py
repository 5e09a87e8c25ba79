"""A build that leaves files which grow when they are read."""

import time
import tracemalloc
from collections.abc import Callable
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from functions.adapters.reports import read_coverage, read_tests
from functions.adapters.scans import read_npm_audit, read_pip_audit, read_sarif
from functions.adapters.zip_archives import find_members, open_zip
from functions.domain.errors import SourceError
from functions.domain.gates import Unreadable

MIB = 1024 * 1024
# A beginning, what is repeated and how often, an end, and what reads it.
BOMBS: dict[str, tuple[bytes, tuple[bytes, int], bytes, Callable[[ZipFile], object]]] = {
    "JUnit": (b"<testsuite><a", (b' b="1"', 5_000_000), b"/>", lambda archive: read_tests(archive, ["r"])),
    "Cobertura": (b'<coverage line-rate="1">', (b"<a>", 8_000_000), b"", lambda archive: read_coverage(archive, "r")),
    "SARIF": (
        b'{"version":"2.1.0","runs":[',
        (b"{},", 9_000_000),
        b"{}]}",
        lambda archive: read_sarif(archive, "r"),
    ),
    "pip-audit": (b'{"dependencies":', (b"[", 9_000_000), b"", lambda archive: read_pip_audit(archive, "r")),
    "npm audit": (
        b'{"vulnerabilities":[',
        (b"[],", 9_000_000),
        b"1]}",
        lambda archive: read_npm_audit(archive, "r"),
    ),
}


@pytest.mark.unmeasured
@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_takes_no_more_than_its_file(name: str) -> None:
    """A build tries to exhaust the memory of the gates with some ten kilobytes in a zip: the gate names the file."""
    beginning, (repeated, times), end, read = BOMBS[name]
    content = beginning + repeated * times + end
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED, compresslevel=1) as writer:
        writer.writestr("r", content)
    with ZipFile(packed) as archive:
        tracemalloc.start()
        try:
            found = read(archive)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert isinstance(found, Unreadable)
    assert found.reason.startswith("r:")
    assert peak < 3 * len(content) + 40 * MIB


def test_a_glob_is_matched_in_one_pass() -> None:
    """A build and its manifest try to exhaust the time of the gates with wildcards and a name that nearly fits."""

    def worked(size: int) -> float:
        packed = BytesIO()
        with ZipFile(packed, "w") as writer:
            writer.writestr("a" * size, b"")
        with ZipFile(packed) as archive:
            start = time.process_time()
            with pytest.raises(SourceError, match="nothing in the build's artifact matches"):
                find_members(archive, "*a" * 5 + "b")
            return time.process_time() - start

    assert worked(160) < 40 * max(worked(40), 0.01)


def test_the_directory_of_an_archive_is_not_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """A build tries the same with an archive of millions of empty files."""
    monkeypatch.setattr("functions.adapters.zip_archives.DIRECTORY", 1000)
    packed = BytesIO()
    with ZipFile(packed, "w") as writer:
        for number in range(1000):
            writer.writestr(str(number), b"")
    monkeypatch.setattr("functions.adapters.zip_archives.ZipFile", None)  # nothing opens it
    with pytest.raises(SourceError, match="put fewer files into it"):
        open_zip(packed, "s3://bucket/a.zip")
