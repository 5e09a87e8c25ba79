"""Reads the rates of a Cobertura report, for the worker's build and for the gates.

It reads reports of coverage.py, gcovr, coverlet, istanbul, altcover, VectorCAST and Cobertura. Source: coverage-04.dtd
(cobertura.sourceforge.net/xml/coverage-04.dtd). Older reports have no counts of lines and branches.
"""

import re
from collections.abc import Mapping
from typing import BinaryIO

from .xml_stream import read_xml

_LONGEST_CONDITION = 200

_TAKEN = re.compile(r"\(\s*(\d+)\s*/\s*(\d+)\s*\)")
_NEXT = "write a Cobertura report instead"
_OTHER = {
    "report": f"a JaCoCo report: {_NEXT}, or convert it (JaCoCo's own XML is not read)",
    "CoverageSession": f"an OpenCover report: {_NEXT} (ReportGenerator, -reporttypes:Cobertura)",
    "results": f"a report of Visual Studio: {_NEXT} (`dotnet-coverage merge -f cobertura`)",
    "Root": f"a dotCover report: {_NEXT} (ReportGenerator, -reporttypes:Cobertura)",
    "testsuites": "a JUnit report: name it under junit",
    "testsuite": "a JUnit report: name it under junit",
}


class _Report:
    """What is kept of a report: the root, whether it is Clover's, and the branches of its lines: taken, and all.

    Branches are those of the lines of all classes; methods repeat the lines and are skipped.
    """

    def __init__(self) -> None:
        self.root: Mapping[str, str] = {}
        self.clover = False
        self.taken = self.branches = 0
        self._above: list[str] = []

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        above = self._above
        if not above:
            _refuse_other(name)
            self.root = attributes
        elif name == "metrics":
            self.clover = True
        elif above[-1] == "lines" and above[-2:] == ["class", "lines"] and "condition-coverage" in attributes:
            self._count(attributes["condition-coverage"])
        above.append(name)

    def text(self, text: str) -> None:
        pass

    def end(self) -> None:
        self._above.pop()

    def _count(self, coverage: str) -> None:
        for found in _TAKEN.finditer(coverage[:_LONGEST_CONDITION]):
            self.taken += int(found[1])
            self.branches += int(found[2])


def read_rates(file: BinaryIO) -> tuple[float, float | None]:
    """The covered lines and branches in percent; branches are None if none were measured. Raises ValueError.

    Counts only show whether anything was measured, because Xcode's converters write them as "20.0". Without a count
    of branches, the conditions of the lines are counted; without conditions, the rate is used.
    """
    report = _Report()
    read_xml(file, report)
    root = report.root
    if "line-rate" not in root and report.clover:
        raise ValueError(f"not a Cobertura report but a Clover report: {_NEXT}")
    measured, counted = _number(root, "lines-valid"), _number(root, "branches-valid")
    if measured is not None and not measured >= 1:
        raise ValueError("not one line was measured")
    lines = _rate(root, "line-rate")
    if counted is not None and counted < 0:
        raise ValueError(f"branches-valid is {root['branches-valid'][:40]}: expected a count")
    if counted:
        return lines, _rate(root, "branch-rate")
    if report.branches:
        return lines, 100 * report.taken / report.branches
    if counted is None and "branch-rate" in root:
        return lines, _rate(root, "branch-rate") or None  # tools that measure no branches write 0
    return lines, None


def _refuse_other(kind: str) -> None:
    """A ValueError unless the root is that of a Cobertura report."""
    if kind != "coverage":
        known = f", {_OTHER[kind]}" if kind in _OTHER else ""
        raise ValueError(f"not a Cobertura report: its root is <{kind[:40]}>{known}")


def _rate(root: Mapping[str, str], name: str) -> float:
    """A rate in percent; raises ValueError unless it is a number from 0 to 1."""
    value = _number(root, name)
    if value is None:
        raise ValueError(f"<coverage> needs line-rate and branch-rate as numbers: {name} is missing")
    if not 0 <= value <= 1:
        percent = "; this report seems to be in percent" if 1 < value <= 100 else ""
        raise ValueError(f"{name} is {root[name][:40]}: rates must lie between 0 and 1{percent}")
    return value * 100


def _number(root: Mapping[str, str], name: str) -> float | None:
    text = root.get(name)
    if text is None:
        return None
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"<coverage> needs rates and counts as numbers: {name} is {text[:40]!r}") from None
