"""Reading what a build reports: JUnit XML and Cobertura XML, from inside its artifact."""

from collections.abc import Sequence
from xml.etree.ElementTree import Element, ParseError
from zipfile import ZipFile

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring
from junitparser import Error, Failure, JUnitXml, JUnitXmlError, Skipped, TestCase, TestSuite

from functions.adapters.artifacts import REPORT_LIMIT, read_member
from functions.domain.errors import SourceError
from functions.domain.gates import Coverage, TestRun, Unreadable

# Deeper than any test runner nests; an attack could go as deep as the interpreter, and deeper.
_DEEPEST = 100


def read_tests(archive: ZipFile, paths: Sequence[str]) -> TestRun | Unreadable:
    """The sum of all JUnit reports; a missing or broken one makes the whole unreadable."""
    total, skipped, failed = 0, 0, list[str]()
    for path in paths:
        root = _parse(archive, path)
        if isinstance(root, Unreadable):
            return root
        if _is_deep(root):
            return Unreadable(f"{path}: not a JUnit report: elements are nested more than {_DEEPEST} deep")
        try:
            cases = _cases(JUnitXml.fromroot(root))  # type: ignore[arg-type]
        except (JUnitXmlError, ValueError, TypeError) as error:
            return Unreadable(f"{path}: not a JUnit report: {error}")
        total += len(cases)
        for case in cases:
            results = case.result
            if any(isinstance(result, (Failure, Error)) for result in results):
                failed.append(f"{case.classname or path}.{case.name}")
            elif any(isinstance(result, Skipped) for result in results):
                skipped += 1
    return TestRun(total, tuple(failed), skipped)


def read_coverage(archive: ZipFile, path: str) -> Coverage | Unreadable:
    """The rates of a Cobertura report, in percent."""
    root = _parse(archive, path)
    if isinstance(root, Unreadable):
        return root
    if root.tag != "coverage":
        return Unreadable(f"{path}: not a Cobertura report: its root is <{root.tag}>")
    try:
        if int(root.attrib.get("lines-valid", "1")) < 1:
            return Unreadable(f"{path}: not one line was measured")
        lines = float(root.attrib["line-rate"]) * 100
        branches_valid = int(root.attrib.get("branches-valid", "0"))
        if branches_valid < 0:
            return Unreadable(f"{path}: branches-valid is {branches_valid}: expected a count")
        measured = branches_valid > 0
        branches = float(root.attrib["branch-rate"]) * 100 if measured else None
    except (KeyError, ValueError) as error:
        return Unreadable(f"{path}: <coverage> needs line-rate and branch-rate as numbers: {error}")
    if not all(0 <= rate <= 100 for rate in (lines, branches) if rate is not None):
        return Unreadable(f"{path}: rates must lie between 0 and 1")
    return Coverage(lines, branches)


def _parse(archive: ZipFile, path: str) -> Element | Unreadable:
    try:
        raw = read_member(archive, path, REPORT_LIMIT)
    except SourceError as error:
        return Unreadable(str(error))
    if raw is None:
        return Unreadable(f"{path}: the build left no such report; is it in the buildspec's artifacts?")
    try:
        root: Element = fromstring(raw)
    except ParseError as error:
        return Unreadable(f"{path}:{error.position[0]}: not XML: {error.msg}")
    except DefusedXmlException as error:
        return Unreadable(f"{path}: entities and external references are refused: {error}")
    except (LookupError, ValueError) as error:
        return Unreadable(f"{path}:1: not XML: {error}")
    return root


def _is_deep(root: Element) -> bool:
    """Whether elements are nested deeper than the parser's own recursion should be trusted with."""
    level = [root]
    for _ in range(_DEEPEST):
        level = [child for element in level for child in element]
    return bool(level)


def _cases(report: JUnitXml | TestSuite) -> list[TestCase]:
    """Every test case, whether the root is one suite or a list of them, nested or not."""
    found: list[TestCase] = []
    for item in report:
        if isinstance(item, TestCase):
            found.append(item)
        else:
            found.extend(_cases(item))
    return found
