"""The demo's third scenario, three cards: one becomes a pull request, one fails its tests, one has no spec."""

import time
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from local.author import Author
from local.executions import Executions, Progress
from local.github.boards import Card
from local.github.records import Issue
from local.platform import Platform
from local.settings import REPOSITORY
from local.specs import failing_spec, good_spec

_PATIENCE_SECONDS = 90.0
_ENDS = ("SUCCEEDED", "FAILED", "ABORTED", "TIMED_OUT")


@dataclass(frozen=True, slots=True)
class Expected:
    """A card, the column it must end in, and a part of the text that its field `Reason` must hold."""

    card: Card
    branch: str
    column: str
    reason: str


class BoardScenario:
    """Adds the cards, follows the work on them, and compares the end of each with its expectation."""

    def __init__(self, platform: Platform, console: Console, author: Author, start: str) -> None:
        self._platform = platform
        self._console = console
        self._author = author
        self._start = start
        self._executions = Executions(platform.clients, platform.outputs)
        self._repository = platform.github.repository(REPOSITORY)
        self._expected: list[Expected] = []
        self._seconds = 0.0
        self.problems: list[str] = []

    def run_case(self) -> None:
        """Push the branches, add the cards, and wait until each card is where it is expected."""
        self._console.rule("3. Board items become pull requests")
        self._add_card("Greet by the hour", "kiro/greet-by-hour", good_spec("kiro/greet-by-hour"), "In Review", "")
        failing = failing_spec("kiro/greet-in-the-evening")
        self._add_card("Greet in the evening", "kiro/greet-in-the-evening", failing, "Failed", "tests failed")
        self._add_card("Greet in colour", "kiro/greet-in-colour", {}, "Todo", "tasks.md` is missing")
        began, printed = time.monotonic(), dict[str, str]()
        while not self._ended() and time.monotonic() - began < _PATIENCE_SECONDS:
            for execution in self._executions.of_work_items():
                self._print(execution, printed)
            time.sleep(0.3)
        self._seconds = time.monotonic() - began
        for one in self._expected:
            self._compare(one)

    def closing_table(self) -> None:
        """Print where each card ended, and every difference from what was expected."""
        table = Table(title=f"Board items ({self._seconds:.1f} s)", title_justify="left")
        for column in ("item", "column", "pull request", "reason"):
            table.add_column(column)
        for one in self._expected:
            pull = self._pull(one.branch)
            shown = f"#{pull.number} {'draft' if pull.pull and pull.pull.draft else 'ready'}" if pull else "none"
            table.add_row(one.card.title, self._column(one), shown, _short(self._reason(one)))
        self._console.print(table)
        for problem in self.problems:
            self._console.print(f"[red]{problem}[/red]")

    def _add_card(self, title: str, branch: str, files: dict[str, str], column: str, reason: str) -> None:
        self._author.push_branch(branch, self._start, files)
        card = self._platform.board.add_issue(self._repository, title, branch)
        self._expected.append(Expected(card, branch, column, reason))

    def _print(self, execution: Progress, printed: dict[str, str]) -> None:
        progress = f"{execution.status.lower()} {execution.state}"
        if printed.get(execution.name) != progress:
            printed[execution.name] = progress
            self._console.print(f"  {execution.name}: {progress}")

    def _ended(self) -> bool:
        met = all(self._column(one) == one.column and one.reason in self._reason(one) for one in self._expected)
        return met and all(execution.status in _ENDS for execution in self._executions.of_work_items())

    def _compare(self, one: Expected) -> None:
        if self._column(one) != one.column:
            self.problems.append(f"{one.card.title} is in column {self._column(one)}, expected {one.column}")
        if one.reason not in self._reason(one):
            self.problems.append(f"{one.card.title} has the reason {self._reason(one)!r}, expected {one.reason!r}")
        pull = self._pull(one.branch)
        if one.column == "In Review" and (pull is None or not pull.pull or pull.pull.draft):
            self.problems.append(f"{one.card.title} has no pull request that is ready for review")
        if one.column == "In Review" and "src/hours.py" not in self._files(one.branch):
            self.problems.append(f"branch {one.branch} has no src/hours.py")

    def _column(self, one: Expected) -> str:
        return self._platform.board.column_of(one.card)

    def _reason(self, one: Expected) -> str:
        return self._platform.board.text_of(one.card, "Reason")

    def _pull(self, branch: str) -> Issue | None:
        return next((issue for issue in self._repository.issues if issue.pull and issue.pull.head == branch), None)

    def _files(self, branch: str) -> str:
        return self._repository.git.text("ls-tree", "-r", "--name-only", f"refs/heads/{branch}")


def _short(reason: str) -> str:
    """The first line of a list of reasons and the number of the others; a text without a list as it is."""
    reasons = [line.removeprefix("- ") for line in reason.splitlines() if line.startswith("- ")]
    return "; and ".join([reasons[0], f"{len(reasons) - 1} more"][: len(reasons)]) if reasons else reason
