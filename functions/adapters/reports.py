"""Reads JUnit XML and Cobertura XML reports from a build's artifact."""

from collections.abc import Sequence
from xml.etree.ElementTree import Element, ParseError
from zipfile import ZipFile

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from functions.adapters.artifacts import REPORT_LIMIT, find_member, find_members, read_member
from functions.buildspecs.work_item.cobertura import read_rates
from functions.buildspecs.work_item.junit import count_tests
from functions.domain.errors import SourceError
from functions.domain.gates import Coverage, TestRun, Unreadable

# Deeper than any test runner nests. A hostile report could exceed the recursion limit of the interpreter.
_DEEPEST = 100


def read_tests(archive: ZipFile, paths: Sequence[str]) -> TestRun | Unreadable:
    """The totals of all JUnit reports that the paths or globs match; a missing or invalid one is Unreadable."""
    total, skipped, failed = 0, 0, list[str]()
    try:
        files = dict.fromkeys(file for path in paths for file in find_members(archive, path))
    except SourceError as error:
        return Unreadable(str(error))
    for file in files:
        root = _parse(archive, file)
        if isinstance(root, Unreadable):
            return root
        if _is_deep(root):
            return Unreadable(f"{file}: not a JUnit report: elements are nested more than {_DEEPEST} deep")
        try:
            counts = count_tests(root, file)
        except ValueError as error:
            return Unreadable(f"{file}: {error}")
        total += counts.total
        skipped += counts.skipped
        failed += counts.failed
    return TestRun(total, tuple(failed), skipped)


def read_coverage(archive: ZipFile, path: str) -> Coverage | Unreadable:
    """The rates of a Cobertura report, in percent."""
    try:
        file = find_member(archive, path)
    except SourceError as error:
        return Unreadable(str(error))
    root = _parse(archive, file)
    if isinstance(root, Unreadable):
        return root
    try:
        return Coverage(*read_rates(root))
    except ValueError as error:
        return Unreadable(f"{file}: {error}")


def _parse(archive: ZipFile, file: str) -> Element | Unreadable:
    try:
        raw = read_member(archive, file, REPORT_LIMIT) or b""
    except SourceError as error:
        return Unreadable(str(error))
    try:
        root: Element = fromstring(raw)
    except ParseError as error:
        if raw.startswith((b"TN:", b"SF:")):
            return Unreadable(f"{file}: not XML but an LCOV report: write a Cobertura report instead")
        return Unreadable(f"{file}:{error.position[0]}: not XML: {error.msg}")
    except DefusedXmlException as error:
        return Unreadable(f"{file}: entities and external references are refused: {error}")
    except (LookupError, ValueError) as error:
        return Unreadable(f"{file}:1: not XML: {error}")
    return root


def _is_deep(root: Element) -> bool:
    """Whether elements are nested more than `_DEEPEST` deep."""
    level = [root]
    for _ in range(_DEEPEST):
        level = [child for element in level for child in element]
    return bool(level)
