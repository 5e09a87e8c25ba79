"""JUnit and Cobertura reports of untrusted builds."""

from io import BytesIO
from zipfile import ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.adapters import reports
from functions.adapters.reports import read_coverage, read_failures, read_tests
from functions.domain.gates import Coverage, TestRun, Unreadable
from functions.domain.limits import Limit
from tests.functions.samples import archive

BOMB = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><testsuite name="&b;"/>'
FILE = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><testsuite name="&a;"/>'


def junit(*reports: bytes | str) -> TestRun | Unreadable:
    """Read some JUnit reports."""
    files: dict[str, str | bytes] = {f"{number}.xml": report for number, report in enumerate(reports)}
    with ZipFile(BytesIO(archive(files))) as found:
        return read_tests(found, list(files))


def coverage(report: bytes | str) -> Coverage | Unreadable:
    """Read a Cobertura report."""
    with ZipFile(BytesIO(archive({"c.xml": report}))) as found:
        return read_coverage(found, "c.xml")


def test_cases_are_counted_in_every_shape_of_report() -> None:
    """One suite, many and nested ones are counted; failures and errors fail, skipped cases are counted as skipped."""
    case = '<testcase classname="c" name="{}">{}</testcase>'
    inner = "".join(
        case.format(name, inside)
        for name, inside in (("a", ""), ("b", "<failure/>"), ("c", "<error/>"), ("d", "<skipped/>"))
    )
    suite = f'<testsuite name="s">{inner}</testsuite>'
    once = TestRun(4, ("c.b", "c.c"), 1)
    assert junit(suite) == once
    assert junit(f"<testsuites>{suite}</testsuites>") == once
    assert junit(f'<testsuites><testsuite name="o">{suite}</testsuite></testsuites>') == once
    assert junit(suite, suite) == TestRun(8, ("c.b", "c.c", "c.b", "c.c"), 2)
    assert junit('<testsuite name="s"><testcase name="x"><failure/></testcase></testsuite>') == TestRun(1, ("0.xml.x",))
    assert junit() == TestRun(0)


@pytest.mark.parametrize(
    ("report", "reason"),
    [
        ("<testsuite>\n<", "0.xml:2: not XML"),
        ("", "0.xml:1: not XML"),
        ("<html/>", "0.xml: not a JUnit report"),
        (BOMB, "entities and external references are refused"),
        (FILE, "entities and external references are refused"),
        ('<?xml version="1.0" encoding="nonsense"?><testsuite/>', "0.xml:1: not XML"),
        ('<?xml version="1.0" encoding="gb2312"?><testsuite/>', "0.xml:1: not XML"),
        (b"\xff\xff", "0.xml:1: not XML"),
        ('<testsuite name="s">' * 5000 + "</testsuite>" * 5000, "0.xml:1: elements are nested more than 100 deep"),
    ],
)
def test_a_report_that_cannot_be_trusted_says_why(report: bytes | str, reason: str) -> None:
    """The reason has file and line; one invalid report makes the result Unreadable."""
    found = junit(report)
    assert isinstance(found, Unreadable)
    assert reason in found.reason
    assert isinstance(junit("<testsuites/>", report), Unreadable)


def test_rates_are_percent() -> None:
    """Rates are in percent, and branch coverage is None if no branches were measured."""
    assert coverage('<coverage line-rate="0.5" branch-rate="0.25" branches-valid="4"/>') == Coverage(50, 25)
    assert coverage('<coverage line-rate="0.5" branch-rate="0" branches-valid="0"/>') == Coverage(50)
    assert coverage('<coverage line-rate="1"/>') == Coverage(100)


@pytest.mark.parametrize(
    ("report", "reason"),
    [
        ("<x/>", "its root is <x>"),
        ("<coverage/>", "line-rate"),
        ('<coverage line-rate="much"/>', "much"),
        ('<coverage line-rate="NaN"/>', "between 0 and 1"),
        ('<coverage line-rate="inf"/>', "between 0 and 1"),
        ('<coverage line-rate="85"/>', "between 0 and 1"),
        ('<coverage line-rate="1" branches-valid="x"/>', "x"),
        ('<coverage line-rate="1" branches-valid="3"/>', "branch-rate"),
        ('<coverage line-rate="1" lines-valid="0"/>', "not one line was measured"),
        (BOMB.replace(b"testsuite", b"coverage"), "refused"),
    ],
)
def test_coverage_that_cannot_be_trusted_says_why(report: bytes | str, reason: str) -> None:
    """An invalid rate, and a report without measurements, are Unreadable with the reason."""
    found = coverage(report)
    assert isinstance(found, Unreadable)
    assert reason in found.reason


def test_a_report_that_is_missing_or_too_large_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason for a missing report has the next step; that for a large one has the limit."""
    with ZipFile(BytesIO(archive({"a.xml": "<x/>"}))) as found:
        missing = read_tests(found, ["b.xml"])
        monkeypatch.setattr(reports, "XML", Limit(1, 1, 1))
        large = read_coverage(found, "a.xml")
    assert isinstance(missing, Unreadable)
    assert "add it to the artifacts of the buildspec" in missing.reason
    assert isinstance(large, Unreadable)
    assert "1 allowed" in large.reason


FILES: dict[str, str | bytes] = {
    "target/surefire-reports/TEST-a.xml": '<testsuite><testcase name="a"/></testsuite>',
    "target/surefire-reports/TEST-b.xml": '<testsuite><testcase name="b"><failure/></testcase></testsuite>',
    "target/surefire-reports/deep/TEST-c.xml": '<testsuite><testcase name="c"/></testsuite>',
    "target/coverage.xml": '<coverage line-rate="1"/>',
}


@pytest.mark.parametrize(
    ("paths", "total"),
    [
        (["target/surefire-reports/TEST-*.xml"], 2),
        (["target/**/TEST-*.xml"], 3),
        (["**/TEST-?.xml"], 3),
        (["target/surefire-reports/TEST-a.xml", "target/*/TEST-*.xml"], 2),
    ],
)
def test_a_glob_names_every_report_that_matches(paths: list[str], total: int) -> None:
    """A glob reads all files that match; a file that two globs match is read once."""
    with ZipFile(BytesIO(archive(FILES))) as found:
        tests = read_tests(found, paths)
    assert isinstance(tests, TestRun)
    assert (tests.total, tests.failed) == (total, ("target/surefire-reports/TEST-b.xml.b",))


def test_a_file_of_the_very_name_is_no_glob() -> None:
    """A file whose name contains glob characters is found by its own name."""
    with ZipFile(BytesIO(archive({"a*.xml": "<testsuite/>", "ab.xml": "<broken"}))) as found:
        assert read_tests(found, ["a*.xml"]) == TestRun(0)


def test_a_glob_that_matches_nothing_closes_the_gate_by_name() -> None:
    """A glob without a match is Unreadable and named; so is one of coverage with several matches."""
    with ZipFile(BytesIO(archive(FILES))) as found:
        none, many = read_tests(found, ["reports/*.xml"]), read_coverage(found, "target/**/*.xml")
        one = read_coverage(found, "target/*.xml")
    assert none == Unreadable(
        "reports/*.xml: nothing in the build's artifact matches; add it to the artifacts of the buildspec"
    )
    assert isinstance(many, Unreadable)
    assert "target/**/*.xml: matches 4 files" in many.reason
    assert one == Coverage(100)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_readers(raw: bytes) -> None:
    """Any bytes are read or are Unreadable, never an exception."""
    assert isinstance(junit(raw), (TestRun, Unreadable))
    assert isinstance(coverage(raw), (Coverage, Unreadable))


PYTEST = '<testcase name="t" file="tests/test_a.py" line="4"><failure>\n\ntests/test_a.py:7: AssertionError</failure>'


@pytest.mark.parametrize(
    ("case", "place"),
    [
        # pytest: with junit_family xunit1 the attributes are those of the test, the trace has the line that failed
        (PYTEST, ("tests/test_a.py", 7)),
        ('<testcase name="t"><error>lib.py:2: in f\ntests/test_a.py:9: KeyError</error>', ("tests/test_a.py", 9)),
        # PHPUnit
        ('<testcase name="t" file="/app/ATest.php" line="12"><failure type="E">no</failure>', ("/app/ATest.php", 12)),
        # a trace that is elsewhere than the test
        ('<testcase name="t" file="a.test.ts" line="5"><failure>lib/x.ts:1: boom</failure>', ("a.test.ts", 5)),
        ('<testcase name="t"><failure message="12:30 is late"/>', ("", 0)),
        ('<testcase name="t" file="a.py" line="99999999"><failure/>', ("a.py", 0)),
    ],
)
def test_the_place_of_a_failure_is_what_the_report_says(case: str, place: tuple[str, int]) -> None:
    """Attributes and traces as tools write them."""
    with ZipFile(BytesIO(archive({"a.xml": f'<testsuite name="s">{case}</testcase></testsuite>'}))) as found:
        (note,) = read_failures(found, ["a.xml"])
    assert (note.path, note.line) == place


def test_only_the_first_failures_are_kept() -> None:
    """A report may have a hundred thousand of them; all are counted. Unreadable reports say nothing."""
    case = '<testcase name="t"><failure>{}</failure></testcase>'.format("x" * 5000)
    files: dict[str, str | bytes] = {
        "a.xml": f'<testsuite name="s">{case * 300}</testsuite>',
        "b.xml": "<html/>",
    }
    with ZipFile(BytesIO(archive(files))) as found:
        kept = read_failures(found, ["a.xml", "b.xml"])
        assert (len(kept), max(len(one.message) for one in kept)) == (200, 2000)
        assert read_failures(found, ["gone.xml"]) == []
