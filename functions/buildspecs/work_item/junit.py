"""Counts the tests of a JUnit report, for the worker's build and for the gates.

The format has no standard. This module reads reports of Surefire, Gradle, pytest, Jest, Node, GoogleTest, CTest,
PHPUnit, go-junit-report and the converters of .NET. Every failure or error counts, wherever the report has it.
"""

import contextlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, Literal

from .xml_stream import read_xml

_LONGEST_NAME, _LONGEST_TEXT = 200, 2000
# Nobody reads more of one report; a report may have a hundred thousand tests.
_MOST_FAILURES = 200

# Surefire writes <rerunFailure> for a test that failed in all reruns, and <flakyFailure> for one that finally passed.
# https://maven.apache.org/surefire/maven-surefire-plugin/examples/rerun-failing-tests.html
_FAILED = ("failure", "error", "rerunFailure", "rerunError")
_FLAKY = ("flakyFailure", "flakyError")
# GoogleTest writes status="notrun" result="suppressed" (google.github.io/googletest/advanced.html, "Generating an XML
# Report"), CTest status="disabled" and "fail" (cmake.org, ctest --output-junit), behave "untested" and "undefined".
# .NET: "inconclusive" to "notrunnable" and "aborted" to "disconnected" (github.com/microsoft/vstest, TestOutcome.cs of
# its TrxLogger). Cucumber: "ambiguous".
_NOT_RUN = frozenset(
    (
        *("notrun", "not_run", "not-run", "disabled", "suppressed", "skipped", "ignored", "pending", "untested"),
        *("inconclusive", "notexecuted", "notrunnable"),
    )
)
_BROKEN = frozenset(
    (
        *("fail", "failed", "failure", "error", "errored", "broken", "undefined", "timeout", "timedout", "crashed"),
        *("aborted", "passedbutrunaborted", "disconnected", "ambiguous"),
    )
)
# Attributes that say how a test ended; one that has none of them, and no element in it, has passed.
_TELLING = frozenset(("status", "result", "outcome", "success", "executed", "skipped"))
_OTHER = {
    "TestRun": ("a TRX report of .NET", "add the package JunitXml.TestLogger and run `dotnet test --logger junit`"),
    "test-run": ("an NUnit 3 report", "write it with `--result=junit.xml;transform=nunit3-junit.xslt`"),
    "test-results": ("an NUnit 2 report", "convert it to JUnit with NUnit's nunit2-junit.xslt"),
    "assemblies": ("an xUnit.net report", "add the package JunitXml.TestLogger and run `dotnet test --logger junit`"),
    "assembly": ("an xUnit.net report", "add the package JunitXml.TestLogger and run `dotnet test --logger junit`"),
    "Site": ("a CTest report for CDash", "run `ctest --output-junit junit.xml`"),
    "testng-results": ("a TestNG report", "name the files of test-output/junitreports instead"),
    "robot": ("a Robot Framework report", "run `robot --xunit junit.xml`"),
    "failsafe-summary": ("failsafe's summary", "name target/failsafe-reports/TEST-*.xml instead"),
    "coverage": ("a coverage report", "name the JUnit report under junit, and this one under cobertura"),
    "html": ("a page", "name the XML file, not the page"),
}


# How pytest, PHPUnit, Ruby and compilers begin the line of a trace that names a place: `tests/test_sum.py:7: …`.
_PLACE = re.compile(r"^[ \t]*([\w@.+/-]{1,300}\.\w{1,10}):(\d{1,7})(?=[:\s]|$)", re.MULTILINE)


@dataclass(frozen=True)
class Failure:
    """A failed test: its name, the beginning of its message, and the place that the report gives; 0 for no line."""

    name: str
    message: str
    file: str
    line: int


@dataclass
class Counts:
    """The tests of one report; `failed` names failed tests, and failures outside of any test; `elements` are all.

    `failures` has what the report says of the first of them.
    """

    total: int = 0
    failed: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    skipped: int = 0
    elements: int = 0


@dataclass
class _Suite:
    """A suite while it is read: the number of failures that it claims, and the number found in and below it."""

    name: str
    claimed: int
    found: int = 0


# What is known of a test while another one in it is read: attributes, elements in it, and of a failure the text, its
# end and the message. A report has a hundred thousand tests, so it is no class.
_Case = tuple[Mapping[str, str], set[str], str, str, str]


def count_tests(file: BinaryIO, name: str) -> Counts:
    """The tests of a report; `name` is its name. Another kind of report is a ValueError that names it."""
    reading = _Reading(name)
    reading.counts.elements = read_xml(file, reading)
    return reading.counts


class _Reading:
    """A report while it is read: the kinds of the open elements, the open suites, and the open test or failure."""

    def __init__(self, file: str) -> None:
        self.counts = Counts()
        self._file = file
        self._open: list[Literal["suite", "case", "outside", "failure", "other"]] = []
        self._suites: list[_Suite] = []
        self._attributes: Mapping[str, str] = {}
        self._inside: set[str] = set()
        self._around: list[_Case] = []
        # Of the text of a failure the beginning, where the message is, and the end, where the place of a trace is.
        self._text = self._tail = self._message = ""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        above = self._open[-1] if self._open else None
        if above is None:
            _refuse_other(name)
        if above in (None, "suite") and name in ("testsuite", "testsuites"):
            self._suites.append(_Suite(_short(attributes.get("name")), _claimed(attributes)))
            self._open.append("suite")
        elif name == "testcase":
            # A test in a test, such as a subtest, is one of its own.
            self._around.append((self._attributes, self._inside, self._text, self._tail, self._message))
            self._attributes, self._inside = attributes, set()
            self._text = self._tail = self._message = ""
            self._open.append("case")
        elif above == "suite" and name in ("failure", "error"):
            # Outside of any test: the suite could not be loaded, set up or torn down.
            self._attributes, self._text, self._tail = attributes, "", ""
            self._message = attributes.get("message") or ""
            self._open.append("outside")
        elif name in _FAILED and self._around and above != "failure":
            self._inside.add(name)
            self._message = self._message or attributes.get("message") or ""
            self._open.append("failure")
        else:
            if above == "case":
                self._inside.add(name)
            self._open.append("other")

    def text(self, text: str) -> None:
        if self._open and self._open[-1] in ("outside", "failure"):
            if len(self._text) < _LONGEST_TEXT:
                self._text += text
            self._tail = (self._tail + text)[-_LONGEST_TEXT:]

    def end(self) -> None:
        counts = self.counts
        match self._open.pop():
            case "case":
                counts.total += 1
                self._case()
                self._attributes, self._inside, self._text, self._tail, self._message = self._around.pop()
            case "outside":
                counts.total += 1
                self._fail(_outside(self._attributes, self._text, self._suites, self._file))
            case "suite":
                _claims(self._suites, self._file, counts)
                self._suites.pop()
            case "failure" | "other":
                pass

    def _case(self) -> None:
        case, inside, counts = self._attributes, self._inside, self.counts
        if not inside and _TELLING.isdisjoint(case):
            return
        states = {case[name].replace(" ", "").lower() for name in ("status", "result", "outcome") if name in case}
        said = {name: case.get(name, "").lower() for name in ("success", "executed", "skipped")}
        if inside.intersection(_FAILED) or states & _BROKEN:
            self._fail(_name(case, self._suites, self._file, counts.total))
        elif (
            "skipped" in inside
            or "disabled" in inside
            or states & _NOT_RUN
            or said["skipped"] == "true"
            or said["executed"] == "false"
        ):
            counts.skipped += 1
        elif said["success"] == "false":  # NUnit's converters: those that did not run have it, too
            self._fail(_name(case, self._suites, self._file, counts.total))
        elif inside.intersection(_FLAKY):
            _found(self._suites)  # some tools count the first try among the suite's failures

    def _fail(self, name: str) -> None:
        counts = self.counts
        counts.failed.append(name)
        if len(counts.failures) < _MOST_FAILURES:
            file, line = _place(self._attributes, self._tail)
            words = (self._message or self._text).strip()[:_LONGEST_TEXT]
            counts.failures.append(Failure(name, words, file, line))
        _found(self._suites)


def _refuse_other(kind: str) -> None:
    """A ValueError unless the root is one of a JUnit report."""
    if kind in ("testsuites", "testsuite", "testcase"):
        return
    if kind in _OTHER:
        tool, step = _OTHER[kind]
        raise ValueError(f"not a JUnit report but {tool}: {step}")
    raise ValueError(f"not a JUnit report: its root is <{_short(kind)}>; expected <testsuites> or <testsuite>")


def _name(case: Mapping[str, str], suites: Sequence[_Suite], file: str, position: int) -> str:
    name, of = _short(case.get("name")), _short(case.get("classname"))
    if name:
        return f"{of or file}.{name}"
    of = of or _named(suites) or _short(case.get("file"))
    return f"{of}{', ' if of else ''}test {position} in {file}"


def _outside(failure: Mapping[str, str], text: str, suites: Sequence[_Suite], file: str) -> str:
    words = failure.get("message") or text or failure.get("type") or ""
    first = next((line.strip() for line in words.splitlines() if line.strip()), "")[:200]
    return f"{_named(suites) or file} (outside of any test{': ' if first else ''}{first})"


def _place(case: Mapping[str, str], text: str) -> tuple[str, int]:
    """The file and line of a failure: of the trace's last line with a place, else the attributes of the test."""
    file, line = case.get("file", "").strip()[:300], case.get("line", "")
    found = [one for one in _PLACE.finditer(text) if not file or one[1].endswith(file) or file.endswith(one[1])]
    if found:
        return found[-1][1], int(found[-1][2])
    return file, int(line) if line.isdecimal() and len(line) < 8 else 0


def _claims(suites: Sequence[_Suite], file: str, counts: Counts) -> None:
    """Count a suite as failed if it claims failures and contains none: it was truncated, or has an unknown format."""
    suite = suites[-1]
    if suite.claimed and not suite.found:
        counts.total += 1
        counts.failed.append(f"{suite.name or file} (counts {suite.claimed} failures or errors, and shows none)")
        _found(suites)


def _found(suites: Sequence[_Suite]) -> None:
    for suite in suites:
        suite.found += 1


def _claimed(suite: Mapping[str, str]) -> int:
    """Failures and errors according to the suite; its number of tests is ignored (Catch2 counts assertions)."""
    total = 0
    for name in ("failures", "errors"):
        with contextlib.suppress(ValueError, OverflowError):
            total += max(0, int(float(suite.get(name) or 0)))
    return total


def _named(suites: Sequence[_Suite]) -> str:
    return next((suite.name.strip() for suite in reversed(suites) if suite.name.strip()), "")


def _short(text: str | None) -> str:
    """The beginning of a name."""
    return (text or "").strip()[:_LONGEST_NAME]
