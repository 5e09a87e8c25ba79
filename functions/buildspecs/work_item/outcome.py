"""The files in `out`: logs, reports, diffs, `metadata.json` and `results.json`, without secrets (W7)."""

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .checks import Checked
from .redact import Redactor

_TAIL = 3000
_MOST_FILES = 500


@dataclass
class TaskDone:
    """The result of one task in this build."""

    task: str
    title: str
    outcome: str
    seconds: float = 0.0
    files: list[str] = field(default_factory=list)


@dataclass
class Outcome:
    """The results for the workflow."""

    head: str = ""
    tasks: list[TaskDone] = field(default_factory=list)
    done_before: int = 0
    problems: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    tail: str = ""
    checked: Checked | None = None
    steering: str = ""


class OutputWriter:
    """Writes files below `out`, with secrets removed."""

    def __init__(self, out: Path, redactor: Redactor) -> None:
        self._out = out
        self._redactor = redactor

    def write(self, name: str, text: str) -> None:
        """Write one file."""
        file = self._out / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(self._redactor.text(text), "utf-8")

    def conclude(self, work_id: str, repository: str, branch: str, outcome: Outcome) -> None:
        """Write the reports, the metadata and the results."""
        checked = outcome.checked
        if checked:
            self.write("logs/tests.log", checked.log)
            for report in checked.reports:
                self.write(f"reports/{report.name}", report.read_text("utf-8", errors="replace"))
        facts = {
            "workId": work_id,
            "repository": repository,
            "branch": branch,
            "head": outcome.head,
            "steering": outcome.steering,
            "finishedAt": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        self.write("metadata.json", json.dumps(self._redactor.each(facts), indent=2) + "\n")
        self.write("results.json", json.dumps(self._redactor.each(self._results(outcome)), indent=2) + "\n")

    def _results(self, outcome: Outcome) -> dict[str, Any]:
        checked = outcome.checked
        none = "the tests were not run"
        return {
            "head": outcome.head,
            "tasks": [asdict(task) | {"files": task.files[:_MOST_FILES]} for task in outcome.tasks],
            "doneBefore": outcome.done_before,
            "tests": checked.tests if checked else None,
            "testsProblem": checked.tests_problem if checked else none,
            "coverage": checked.coverage if checked else None,
            "coverageProblem": checked.coverage_problem if checked else none,
            "problems": outcome.problems,
            "files": outcome.files[:_MOST_FILES],
            "tail": outcome.tail[-_TAIL:],
        }
