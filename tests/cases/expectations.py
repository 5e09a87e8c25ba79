"""Recorded inputs with their expected answers, and the readers that answer; a row of `expected.json` is one input.

`as` names the reader (below `corpus` the folder does), `file` the input, `outcome` the expected outcome and `says` a
part of the expected reason. `tool` is the producer of such files.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

from functions.adapters.allow_list import read_allow_list
from functions.adapters.load_runs import read_performance
from functions.adapters.manifest_file import read_manifest
from functions.adapters.reports import read_coverage, read_tests
from functions.adapters.scans import read_npm_audit, read_pip_audit, read_sarif
from functions.buildspecs.work_item.task_list import read_tasks
from functions.domain.errors import ManifestError
from functions.domain.findings import Scan, judge_findings
from functions.domain.gates import Unreadable, Verdict, judge_coverage, judge_tests
from functions.domain.performance import judge_performance
from functions.domain.work_items import Findings, Item, missing
from tests.functions.samples import archive

RECORDED = Path(__file__).parents[1] / "recorded"
COVERAGE_PERCENT = 80.0
TODAY = date(2026, 1, 31)


@dataclass(frozen=True, slots=True)
class Expectation:
    """One input with its expected answer."""

    reader: str
    file: Path
    outcome: str
    says: str

    def __str__(self) -> str:
        return f"{self.file.parent.name}/{self.file.name}"


def expectations(folder: str) -> list[Expectation]:
    """All expectations of `cases` or `corpus`."""
    found = []
    for listed in sorted((RECORDED / folder).glob("*/expected.json")):
        for row in json.loads(listed.read_text("utf-8")):
            reader = row.get("as", listed.parent.name)
            found.append(Expectation(reader, listed.parent / row["file"], row["outcome"], row["says"]))
    return found


def packed(file: Path) -> ZipFile:
    """A file in an archive, as builds leave it."""
    return ZipFile(BytesIO(archive({file.name: file.read_bytes()})))


def junit(file: Path) -> Verdict:
    """The verdict of the gate of tests."""
    with packed(file) as opened:
        return judge_tests(read_tests(opened, [file.name]))


def cobertura(file: Path) -> Verdict:
    """The verdict of the gate of coverage."""
    with packed(file) as opened:
        return judge_coverage(read_coverage(opened, file.name), COVERAGE_PERCENT)


def scanned(reader: Callable[[ZipFile, str], Scan | Unreadable]) -> Callable[[Path], Verdict]:
    """The verdict of the gate of security for one report, as a function of its file."""

    def judged(file: Path) -> Verdict:
        with packed(file) as opened:
            return judge_findings([reader(opened, file.name)], (), TODAY)

    return judged


def performance(file: Path) -> Verdict:
    """The verdict of the gate of performance, without an earlier run."""
    with packed(file) as opened:
        return judge_performance(read_performance(opened, file.name), None)


def tasks(file: Path) -> Verdict:
    """The tasks of a list, or the reason that they can't be worked on."""
    listed = read_tasks(file.read_bytes(), file.name)
    if listed.problems:
        return Verdict("tasks", "failed", "; ".join(listed.problems))
    to_do, done = ([task.id for task in listed.work() if task.done is wanted] for wanted in (False, True))
    return Verdict("tasks", "passed", f"to do: {', '.join(to_do) or 'none'}; done: {', '.join(done) or 'none'}")


def spec(file: Path) -> Verdict:
    """Whether an item is eligible whose branch has the files of this folder."""
    item = Item("PVTI_1", "issue", "Mend it", "kiro/mend", "", "", "acme/shop", 7)
    files = tuple(one.name for one in file.parent.glob("*.md"))
    lacks = missing(item, Findings("c" * 40, files, 7), "", ["acme/shop"])
    return Verdict("spec", "failed" if lacks else "passed", "; ".join(lacks) or "nothing is missing")


def allow_list(file: Path) -> Verdict:
    """The verdict of the gate of security for an allow-list and a report without findings."""
    return judge_findings([Scan("scan.sarif", ())], read_allow_list(file.read_bytes(), file.name), TODAY)


def manifest(file: Path) -> Verdict:
    """Whether a manifest is valid, and the paths of its test reports."""
    try:
        return Verdict("manifest", "passed", ", ".join(read_manifest(file.read_bytes()).gates["tests"]["junit"]))
    except ManifestError as error:
        return Verdict("manifest", "failed", str(error))


READERS: dict[str, Callable[[Path], Verdict]] = {
    "junit": junit,
    "cobertura": cobertura,
    "sarif": scanned(read_sarif),
    "pipAudit": scanned(read_pip_audit),
    "npmAudit": scanned(read_npm_audit),
    "performance": performance,
    "allowList": allow_list,
    "manifest": manifest,
    "tasks": tasks,
    "spec": spec,
}
