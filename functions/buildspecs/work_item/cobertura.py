"""Reads the rates of a Cobertura report, for the worker's build and for the gates.

It reads reports of coverage.py, gcovr, coverlet, istanbul, altcover, VectorCAST and Cobertura. Source: coverage-04.dtd
(cobertura.sourceforge.net/xml/coverage-04.dtd). Older reports have no counts of lines and branches.
"""

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from .junit import local

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


def read_rates(root: Element) -> tuple[float, float | None]:
    """The covered lines and branches in percent; branches are None if none were measured. Raises ValueError.

    Counts only show whether anything was measured, because Xcode's converters write them as "20.0". Without a count
    of branches, the conditions of the lines are counted; without conditions, the rate is used.
    """
    kind = local(root.tag)
    if kind != "coverage":
        known = f", {_OTHER[kind]}" if kind in _OTHER else ""
        raise ValueError(f"not a Cobertura report: its root is <{kind}>{known}")
    if "line-rate" not in root.attrib and next(iter(root.iter("metrics")), None) is not None:
        raise ValueError(f"not a Cobertura report but a Clover report: {_NEXT}")
    measured, counted = _number(root, "lines-valid"), _number(root, "branches-valid")
    if measured is not None and not measured >= 1:
        raise ValueError("not one line was measured")
    lines = _rate(root, "line-rate")
    if counted is not None and counted < 0:
        raise ValueError(f"branches-valid is {root.attrib['branches-valid']}: expected a count")
    if counted:
        return lines, _rate(root, "branch-rate")
    taken, all_ = _conditions(root)
    if all_:
        return lines, 100 * taken / all_
    if counted is None and "branch-rate" in root.attrib:
        return lines, _rate(root, "branch-rate") or None  # tools that measure no branches write 0
    return lines, None


def _rate(root: Element, name: str) -> float:
    """A rate in percent; raises ValueError unless it is a number from 0 to 1."""
    value = _number(root, name)
    if value is None:
        raise ValueError(f"<coverage> needs line-rate and branch-rate as numbers: {name} is missing")
    if not 0 <= value <= 1:
        percent = "; this report seems to be in percent" if 1 < value <= 100 else ""
        raise ValueError(f"{name} is {root.attrib[name]}: rates must lie between 0 and 1{percent}")
    return value * 100


def _number(root: Element, name: str) -> float | None:
    text = root.get(name)
    if text is None:
        return None
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"<coverage> needs rates and counts as numbers: {name} is {text[:40]!r}") from None


def _conditions(root: Element) -> tuple[int, int]:
    """Taken branches and all branches, in the lines of all classes; methods repeat the lines and are skipped."""
    taken = all_ = 0
    for line in _lines(root):
        for found in _TAKEN.finditer(line.get("condition-coverage") or ""):
            taken += int(found[1])
            all_ += int(found[2])
    return taken, all_


def _lines(root: Element) -> Iterator[Element]:
    for class_ in (one for one in root.iter() if local(one.tag) == "class"):
        for lines in class_:
            if local(lines.tag) == "lines":
                yield from lines
