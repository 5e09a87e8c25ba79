"""Counts the tests of a JUnit report, for the worker's build and for the gates.

The format has no standard. This module reads reports of Surefire, Gradle, pytest, Jest, Node, GoogleTest, CTest,
PHPUnit, go-junit-report and the converters of .NET. Every failure or error counts, wherever the report has it.
"""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

# Surefire writes <rerunFailure> for a test that failed in all reruns, and <flakyFailure> for one that finally passed.
# https://maven.apache.org/surefire/maven-surefire-plugin/examples/rerun-failing-tests.html
_FAILED = ("failure", "error", "rerunFailure", "rerunError")
_FLAKY = ("flakyFailure", "flakyError")
# GoogleTest writes status="notrun" result="suppressed" (google.github.io/googletest/advanced.html, "Generating an XML
# Report"), CTest status="disabled" and "fail" (cmake.org, ctest --output-junit), behave "untested" and "undefined".
_NOT_RUN = frozenset(
    ("notrun", "not_run", "not-run", "disabled", "suppressed", "skipped", "ignored", "pending", "untested")
)
_BROKEN = frozenset(
    ("fail", "failed", "failure", "error", "errored", "broken", "undefined", "timeout", "timedout", "crashed")
)
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


@dataclass
class Counts:
    """The tests of one report; `failed` names failed tests, and failures outside of any test."""

    total: int = 0
    failed: list[str] = field(default_factory=list)
    skipped: int = 0


@dataclass
class _Suite:
    """A suite while it is read: the number of failures that it claims, and the number found in and below it."""

    name: str
    claimed: int
    found: int = 0


def count_tests(root: Element, file: str) -> Counts:
    """The tests of a report; `file` is its name. Raises ValueError if it is another kind of report, and names it."""
    kind = local(root.tag)
    if kind not in ("testsuites", "testsuite", "testcase"):
        if kind in _OTHER:
            tool, step = _OTHER[kind]
            raise ValueError(f"not a JUnit report but {tool}: {step}")
        raise ValueError(f"not a JUnit report: its root is <{kind}>; expected <testsuites> or <testsuite>")
    counts = Counts()
    for element, suites in _walk(root):
        kind = local(element.tag)
        if kind == "testcase":
            counts.total += 1
            _case(element, suites, file, counts)
        elif kind in ("failure", "error"):
            # Outside of any test: the suite could not be loaded, set up or torn down.
            counts.total += 1
            counts.failed.append(_outside(element, suites, file))
            _found(suites)
        else:
            _claims(suites, file, counts)
    return counts


def _walk(root: Element) -> Iterator[tuple[Element, Sequence[_Suite]]]:
    """Tests, failures outside of tests, and each suite after its content; iterative, so that depth has no limit."""
    if local(root.tag) == "testcase":
        yield root, ()
        return
    above = (_Suite(root.get("name") or "", _claimed(root)),)
    left: list[tuple[Element, tuple[_Suite, ...], bool]] = [(root, above, False)]
    while left:
        element, suites, visited = left.pop()
        if visited or local(element.tag) not in ("testsuites", "testsuite"):
            yield element, suites
            continue
        left.append((element, suites, True))
        for child in reversed(element):
            kind = local(child.tag)
            if kind == "testsuite":
                left.append((child, (*suites, _Suite(child.get("name") or "", _claimed(child))), False))
            elif kind in ("testcase", "failure", "error"):
                left.append((child, suites, False))


def _case(case: Element, suites: Sequence[_Suite], file: str, counts: Counts) -> None:
    inside = {local(child.tag) for child in case}
    states = {(case.get(name) or "").replace(" ", "").lower() for name in ("status", "result")}
    if inside.intersection(_FAILED) or states & _BROKEN:
        counts.failed.append(_name(case, suites, file, counts.total))
        _found(suites)
    elif "skipped" in inside or "disabled" in inside or states & _NOT_RUN or case.get("skipped") == "true":
        counts.skipped += 1
    elif inside.intersection(_FLAKY):
        _found(suites)  # some tools count the first try among the suite's failures


def _name(case: Element, suites: Sequence[_Suite], file: str, position: int) -> str:
    name, of = (case.get("name") or "").strip(), (case.get("classname") or "").strip()
    if name:
        return f"{of or file}.{name}"
    of = of or _named(suites) or case.get("file") or ""
    return f"{of}{', ' if of else ''}test {position} in {file}"


def _outside(element: Element, suites: Sequence[_Suite], file: str) -> str:
    words = element.get("message") or element.text or element.get("type") or ""
    first = next((line.strip() for line in words.splitlines() if line.strip()), "")[:200]
    return f"{_named(suites) or file} (outside of any test{': ' if first else ''}{first})"


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


def _claimed(suite: Element) -> int:
    """Failures and errors according to the suite; its number of tests is ignored (Catch2 counts assertions)."""
    total = 0
    for name in ("failures", "errors"):
        with contextlib.suppress(ValueError, OverflowError):
            total += max(0, int(float(suite.get(name) or 0)))
    return total


def _named(suites: Sequence[_Suite]) -> str:
    return next((suite.name.strip() for suite in reversed(suites) if suite.name.strip()), "")


def local(tag: object) -> str:
    """An element's name without its namespace; "" for a comment."""
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""
