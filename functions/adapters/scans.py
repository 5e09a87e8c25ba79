"""Reads reports of security scanners from a build's artifact: SARIF, pip-audit JSON and npm-audit JSON.

A report that is missing, too large, not UTF-8, of another format, or of a tool that did not finish is Unreadable with
file and reason, and fails its gate.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any
from zipfile import ZipFile

from functions.adapters.audits import npm_audit, other_tool, pip_audit
from functions.adapters.json_documents import object_of, parse_json, read_json, read_text, uncollected
from functions.adapters.sarif import sarif
from functions.adapters.zip_archives import find_members
from functions.domain.errors import BadInputError, SourceError
from functions.domain.findings import Scan, Scans
from functions.domain.gates import Unreadable
from functions.domain.limits import Budget


def read_scans(archive: ZipFile, declared: Scans) -> Iterator[Scan | Unreadable]:
    """All reports that the manifest declares; a glob stands for all files that match."""
    budget = Budget()
    yield from _each(archive, declared.sarif, read_sarif, budget)
    yield from _each(archive, declared.pip_audit, read_pip_audit, budget)
    yield from _each(archive, declared.npm_audit, read_npm_audit, budget)


def read_sarif(archive: ZipFile, path: str, budget: Budget | None = None) -> Scan | Unreadable:
    """A SARIF 2.1.0 log with all of its runs, and with the files to which it refers."""
    budget = budget or Budget()

    def read() -> Scan:
        log = object_of(read_json(archive, path, budget), "the document")
        if "version" not in log or "runs" not in log:
            _refuse(other_tool(log), "SARIF")
        return sarif(path, log, lambda name: read_json(archive, name, budget))

    return _read(path, read)


def read_pip_audit(archive: ZipFile, path: str, budget: Budget | None = None) -> Scan | Unreadable:
    """The report of `pip-audit --format json`, version 2 and newer."""
    return _read(path, lambda: pip_audit(path, _report(archive, path, "pip-audit 2 or newer", budget)))


def read_npm_audit(archive: ZipFile, path: str, budget: Budget | None = None) -> Scan | Unreadable:
    """The report of `npm audit --json`, as npm 7 and newer write it."""
    return _read(path, lambda: npm_audit(path, _report(archive, path, "npm 7 or newer", budget)))


def _each(
    archive: ZipFile, paths: Sequence[str], read: Callable[[ZipFile, str, Budget], Scan | Unreadable], budget: Budget
) -> Iterator[Scan | Unreadable]:
    for path in paths:
        try:
            yield from (read(archive, file, budget) for file in find_members(archive, path))
        except SourceError as error:
            yield Unreadable(str(error))


def _report(archive: ZipFile, path: str, wanted: str, budget: Budget | None) -> Any:
    """The JSON of an audit; a ValueError if it is known to be the report of another tool."""
    text = read_text(archive, path)
    try:
        document = parse_json(text, budget=budget)
    except ValueError:
        # yarn writes one JSON document per line
        _refuse(other_tool(_lines(text)), wanted)
        raise
    _refuse(other_tool(document), wanted)
    return object_of(document, "the document")


def _lines(text: str) -> list[Any]:
    try:
        return [parse_json(line) for line in text.splitlines()[:100] if line.strip()]
    except ValueError:
        return []


def _refuse(tool: str, wanted: str) -> None:
    if tool:
        raise ValueError(f"not a report of {wanted}: {tool}")


def _read(path: str, reader: Callable[[], Scan]) -> Scan | Unreadable:
    try:
        with uncollected():
            return reader()
    except (SourceError, BadInputError, ValueError) as error:
        text = str(error)
        return Unreadable(text if text.startswith(path) else f"{path}: {text}")
