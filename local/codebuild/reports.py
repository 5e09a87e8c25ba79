"""Turns a build's JUnit and Cobertura files into CodeBuild reports, their test cases and coverages."""

from __future__ import annotations

import re
import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import junitparser
from defusedxml import DefusedXmlException
from defusedxml import ElementTree as SafeElementTree

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Record = dict[str, Any]
FORMATS = {"JUNITXML": "TEST", "COBERTURAXML": "CODE_COVERAGE"}
KEPT = timedelta(days=30)
NANOSECONDS = 1_000_000_000
MESSAGE_CHARACTERS = 5000
UNREADABLE = (SafeElementTree.ParseError, DefusedXmlException, junitparser.JUnitXmlError, ValueError)
CONDITIONS = re.compile(r"\((\d+)/(\d+)\)")


@dataclass
class Report:
    """One report as the API returns it, with its test cases or coverages."""

    record: Record
    test_cases: list[Record] = field(default_factory=list)
    coverages: list[Record] = field(default_factory=list)


def read(group: Record, build_arn: str, file_format: str, files: Mapping[str, Path]) -> Report:
    """Return the report of these files; a file that can't be read makes it FAILED and adds no content."""
    now = datetime.now(UTC)
    arn = f"{group['arn'].replace(':report-group/', ':report/')}:{uuid.uuid4()}"
    report = Report(
        {
            "arn": arn,
            "type": group["type"],
            "name": arn.rpartition("/")[2],
            "reportGroupArn": group["arn"],
            "executionId": build_arn,
            "status": "SUCCEEDED",
            "created": now,
            "expired": now + KEPT,
            "exportConfig": group["exportConfig"],
            "truncated": False,
        }
    )
    for relative, path in sorted(files.items()):
        try:
            text = path.read_text(errors="replace")
            if FORMATS[file_format] == "TEST":
                report.test_cases += _test_cases(text, relative, report.record)
            else:
                report.coverages += _coverages(text, report.record)
        except UNREADABLE:
            report.record["status"] = "FAILED"
    _summarise(report)
    return report


def _test_cases(text: str, relative: str, report: Record) -> list[Record]:
    # the library's own parser expands entities; this parser refuses them first
    SafeElementTree.fromstring(text)
    parsed = junitparser.JUnitXml.fromstring(text.encode())
    suites = [parsed] if isinstance(parsed, junitparser.TestSuite) else list(parsed)
    return [
        {
            "reportArn": report["arn"],
            "testRawDataPath": relative,
            "prefix": case.classname or "",
            "name": case.name or "",
            "status": _status(case),
            "durationInNanoSeconds": int((case.time or 0) * NANOSECONDS),
            "message": _message(case),
            "expired": report["expired"],
            "testSuiteName": suite.name or "",
        }
        for suite in suites
        for case in suite
    ]


def _status(case: junitparser.TestCase) -> str:
    if case.is_error:
        return "ERROR"
    if case.is_failure:
        return "FAILED"
    return "SKIPPED" if case.is_skipped else "SUCCEEDED"


def _message(case: junitparser.TestCase) -> str:
    return "\n".join(result.message or result.text or "" for result in case.result)[:MESSAGE_CHARACTERS]


def _coverages(text: str, report: Record) -> list[Record]:
    return [
        _coverage(str(element.get("filename")), list(element.iterfind("./lines/line")), report)
        for element in SafeElementTree.fromstring(text).iter("class")
    ]


def _coverage(path: str, lines: list[Any], report: Record) -> Record:
    covered = sum(int(line.get("hits", "0")) > 0 for line in lines)
    conditions = [CONDITIONS.search(line.get("condition-coverage") or "") for line in lines]
    taken = sum(int(found[1]) for found in conditions if found)
    branches = sum(int(found[2]) for found in conditions if found)
    counts = _counts(covered, len(lines) - covered, taken, branches - taken)
    return {
        "id": str(uuid.uuid4()),
        "reportARN": report["arn"],
        "filePath": path,
        "expired": report["expired"],
        **counts,
    }


def _counts(lines_covered: int, lines_missed: int, branches_covered: int, branches_missed: int) -> Record:
    return {
        "lineCoveragePercentage": _percentage(lines_covered, lines_missed),
        "linesCovered": lines_covered,
        "linesMissed": lines_missed,
        "branchCoveragePercentage": _percentage(branches_covered, branches_missed),
        "branchesCovered": branches_covered,
        "branchesMissed": branches_missed,
    }


def _percentage(covered: int, missed: int) -> float:
    return round(100 * covered / (covered + missed), 2) if covered + missed else 0.0


def _summarise(report: Report) -> None:
    record = report.record
    if record["type"] == "CODE_COVERAGE":
        record["codeCoverageSummary"] = _counts(
            *(
                sum(coverage[name] for coverage in report.coverages)
                for name in ("linesCovered", "linesMissed", "branchesCovered", "branchesMissed")
            )
        )
        return
    statuses = Counter(case["status"] for case in report.test_cases)
    record["testSummary"] = {
        "total": len(report.test_cases),
        "statusCounts": dict(statuses),
        "durationInNanoSeconds": sum(case["durationInNanoSeconds"] for case in report.test_cases),
    }
    if statuses["FAILED"] or statuses["ERROR"]:
        record["status"] = "FAILED"
