"""Hostile reports: refused with file and reason, in bounded time and memory."""

import tracemalloc
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from functions.adapters.reports import read_coverage, read_tests
from functions.deployment.fetch_source import strip_top_folder
from functions.domain import limits
from functions.domain.errors import SourceError
from functions.domain.gates import Coverage, TestRun, Unreadable, judge_coverage, judge_tests

BOMB = '<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n > 1 else "&a;" * 10}">' for n in range(1, 10)
)
XML: dict[str, tuple[str | bytes, str]] = {
    "entity bomb": (BOMB + "]><testsuite>&a9;</testsuite>", "entities and external references are refused"),
    "external entity": (
        '<!DOCTYPE b [<!ENTITY x SYSTEM "file:///etc/passwd">]><testsuite name="&x;"/>',
        "entities and external references are refused",
    ),
    "parameter entity": (
        '<!DOCTYPE b [<!ENTITY % x SYSTEM "http://127.0.0.1/x.dtd"> %x;]><testsuite/>',
        "entities and external references are refused",
    ),
    "unknown encoding": ('<?xml version="1.0" encoding="klingon"?><testsuite/>', "not XML"),
    "mixed encodings": (b'<?xml version="1.0" encoding="utf-8"?><testsuite name="\xff\xfe"/>', "not XML"),
    "says utf-16, is not": (b'<?xml version="1.0" encoding="utf-16"?><testsuite/>', "not XML"),
    "cut off": ("<testsuite name='a'", "not XML"),
    "null bytes": (b"\x00<testsuite></testsuite>", "not XML"),
    "empty": ("", "not XML"),
}


def packed(content: str | bytes) -> ZipFile:
    """An archive with one report."""
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as writer:
        writer.writestr("report.xml", content)
    return ZipFile(buffer)


def closed(content: str | bytes) -> list[str]:
    """The reasons why the gates of tests and coverage fail."""
    with packed(content) as archive:
        gates = (
            judge_tests(read_tests(archive, ["report.xml"])),
            judge_coverage(read_coverage(archive, "report.xml"), 0),
        )
    assert [gate.outcome for gate in gates] == ["failed", "failed"]
    return [gate.reason for gate in gates]


@pytest.mark.parametrize("name", XML)
def test_hostile_xml_is_refused(name: str) -> None:
    """Hostile XML is refused as a test report and as a coverage report."""
    content, said = XML[name]
    for reason in closed(content):
        assert reason.startswith("report.xml")
        assert said in reason


def test_a_deep_report_is_refused_or_read() -> None:
    """A report with 100,000 levels exceeds neither the stack nor the time limit."""
    deep = "<testsuite>" * 100_000 + "</testsuite>" * 100_000
    with packed(deep) as archive:
        found = read_tests(archive, ["report.xml"])
    assert isinstance(found, Unreadable) or found.total == 0
    assert judge_tests(found).outcome == "failed"


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ('line-rate="nan" lines-valid="1"', "between 0 and 1"),
        ('line-rate="inf"', "between 0 and 1"),
        ('line-rate="-0.5"', "between 0 and 1"),
        ('line-rate="1.5"', "between 0 and 1"),
        ('line-rate="1" lines-valid="-5"', "not one line was measured"),
        ('line-rate="1" lines-valid="1" branches-valid="-5"', "branches-valid is -5"),
        ('line-rate="1" lines-valid="9" branches-valid="1" branch-rate="nan"', "between 0 and 1"),
        ('line-rate="lots"', "as numbers"),
        ('line-rate="1" lines-valid="many"', "as numbers"),
    ],
)
def test_rates_and_counts_that_cannot_be_are_refused(attributes: str, said: str) -> None:
    """A rate of NaN and a negative count are refused."""
    with packed(f"<coverage {attributes}/>") as archive:
        found = read_coverage(archive, "report.xml")
    assert isinstance(found, Unreadable)
    assert said in found.reason
    assert judge_coverage(Coverage(float("nan")), 0).outcome == "failed"


def test_counts_are_counted_not_believed() -> None:
    """Test cases are counted one by one; the totals in the attributes of a suite are ignored."""
    liar = '<testsuite tests="1000" failures="-3"><testcase name="a"><failure/></testcase></testsuite>'
    with packed(liar) as archive:
        found = read_tests(archive, ["report.xml"])
    assert isinstance(found, TestRun)
    assert (found.total, len(found.failed)) == (1, 1)


def test_a_huge_report_costs_no_memory() -> None:
    """A huge report is refused by the size in the archive's directory."""
    archive = packed(b" " * (limits.XML.size + 1))
    tracemalloc.start()
    try:
        with archive:
            found = read_tests(archive, ["report.xml"])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert isinstance(found, Unreadable)
    assert "allowed" in found.reason
    assert peak < 1024 * 1024


@pytest.mark.parametrize("name", ["top/../../evil", "top//etc/passwd", "top/a/../../../evil", "top/..\\..\\evil"])
def test_a_source_that_climbs_out_is_refused(name: str) -> None:
    """A source with a path outside its folder is refused, because builds unpack it (zip slip)."""
    source = BytesIO()
    with ZipFile(source, "w") as writer:
        writer.writestr("top/good", "")
        writer.writestr(name, "evil")
    with pytest.raises(SourceError, match="has a file with an unsafe path"):
        strip_top_folder(source, BytesIO())


def test_names_with_dots_are_no_climbers() -> None:
    """A name that contains `..` as a part of a word is accepted."""
    source, stripped = BytesIO(), BytesIO()
    with ZipFile(source, "w") as writer:
        writer.writestr("top/a..b/..c", "good")
    strip_top_folder(source, stripped)
    assert ZipFile(stripped).namelist() == ["a..b/..c"]
