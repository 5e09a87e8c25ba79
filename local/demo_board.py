"""Three cards on the demo's board: one becomes a pull request, one fails its tests, one has no spec."""

import time
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from local.author import Author
from local.executions import Executions, Progress
from local.github.boards import Card
from local.github.records import Issue
from local.platform import Platform
from local.progress import shown
from local.settings import REPOSITORY
from local.specs import failing_spec, good_spec

_PATIENCE_SECONDS = 90.0
_GOOD, _FAILING = "kiro/greet-by-hour", "kiro/greet-in-the-evening"
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

    def __init__(self, platform: Platform, console: Console, author: Author) -> None:
        self._platform = platform
        self._console = console
        self._author = author
        self._executions = Executions(platform.clients, platform.outputs)
        self._repository = platform.github.repository(REPOSITORY)
        self._expected: list[Expected] = []
        self.problems: list[str] = []

    def begin(self, start: str) -> None:
        """Push a branch from this commit for each card, and add the cards."""
        for title, branch, files, column, reason in (
            ("Greet by the hour", _GOOD, good_spec(_GOOD), "In Review", ""),
            ("Greet in the evening", _FAILING, failing_spec(_FAILING), "Failed", "tests failed"),
            ("Greet in colour", "kiro/greet-in-colour", {}, "Todo", "tasks.md` is missing"),
        ):
            self._author.push_branch(branch, start, files)
            card = self._platform.board.add_issue(self._repository, title, branch)
            self._expected.append(Expected(card, branch, column, reason))

    def executions(self) -> list[Progress]:
        """The work on the items."""
        return self._executions.of_work_items()

    def await_end(self) -> None:
        """Wait until each card is where it is expected."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        with shown(self._console) as show:
            while not self._ended() and time.monotonic() < deadline:
                show(self.executions())
                time.sleep(0.3)
        for one in self._expected:
            self._compare(one)

    def closing_table(self) -> None:
        """Print where each card ended, and every difference from what was expected."""
        table = Table(title="Board items", title_justify="left")
        for column in ("item", "column", "pull request", "reason"):
            table.add_column(column)
        for one in self._expected:
            pull = self._pull(one.branch)
            opened = f"#{pull.number} {'draft' if pull.pull and pull.pull.draft else 'ready'}" if pull else "none"
            table.add_row(one.card.title, self._column(one), opened, _short(self._reason(one)))
        self._console.print(table)
        for problem in self.problems:
            self._console.print(f"[red]{problem}[/red]")

    def _ended(self) -> bool:
        met = all(self._column(one) == one.column and one.reason in self._reason(one) for one in self._expected)
        return met and all(execution.status in _ENDS for execution in self.executions())

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
