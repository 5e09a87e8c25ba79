"""Reads JUnit XML and Cobertura XML reports from a build's artifact."""

from collections.abc import Callable, Sequence
from io import BytesIO
from typing import BinaryIO, TypeVar
from zipfile import ZipFile

from functions.adapters.zip_archives import find_member, find_members, read_member
from functions.buildspecs.work_item.cobertura import read_rates
from functions.buildspecs.work_item.junit import count_tests
from functions.buildspecs.work_item.xml_stream import XmlError
from functions.domain.errors import SourceError
from functions.domain.gates import Coverage, Note, TestRun, Unreadable
from functions.domain.limits import XML, Budget

T = TypeVar("T")


def read_tests(archive: ZipFile, paths: Sequence[str]) -> TestRun | Unreadable:
    """The totals of all JUnit reports that the paths or globs match; a missing or invalid one is Unreadable."""
    total, skipped, failed, budget = 0, 0, list[str](), Budget()
    try:
        files = dict.fromkeys(file for path in paths for file in find_members(archive, path))
    except SourceError as error:
        return Unreadable(str(error))
    for file in files:
        counts = _read(archive, file, lambda report, file=file: count_tests(report, file))  # type: ignore[misc]
        if isinstance(counts, Unreadable):
            return counts
        try:
            budget.take(counts.elements)
        except ValueError as error:
            return Unreadable(f"{file}: {error}")
        total += counts.total
        skipped += counts.skipped
        failed += counts.failed
    return TestRun(total, tuple(failed), skipped)


def read_failures(archive: ZipFile, paths: Sequence[str]) -> list[Note]:
    """The failed tests of these reports, each with the place that its report names; unreadable reports are left out."""
    found, budget = list[Note](), Budget()
    try:
        files = dict.fromkeys(file for path in paths for file in find_members(archive, path))
        for file in files:
            counts = _read(archive, file, lambda report, file=file: count_tests(report, file))  # type: ignore[misc]
            if not isinstance(counts, Unreadable):
                budget.take(counts.elements)
                found += [Note("failure", one.name, one.message, one.file, one.line) for one in counts.failures]
    except (SourceError, ValueError):
        return found
    return found


def read_coverage(archive: ZipFile, path: str) -> Coverage | Unreadable:
    """The rates of a Cobertura report, in percent."""
    try:
        file = find_member(archive, path)
    except SourceError as error:
        return Unreadable(str(error))
    rates = _read(archive, file, read_rates)
    return rates if isinstance(rates, Unreadable) else Coverage(*rates)


def _read(archive: ZipFile, file: str, reader: Callable[[BinaryIO], T]) -> T | Unreadable:
    try:
        raw = read_member(archive, file, XML.size) or b""
        return reader(BytesIO(raw))
    except SourceError as error:
        return Unreadable(str(error))
    except XmlError as error:
        if raw.startswith((b"TN:", b"SF:")):
            return Unreadable(f"{file}: not XML but an LCOV report: write a Cobertura report instead")
        return Unreadable(f"{file}:{error.line}: {error}")
    except ValueError as error:
        return Unreadable(f"{file}: {error}")
