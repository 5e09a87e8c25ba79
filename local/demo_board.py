"""The demo's third scene: three cards on a board; one becomes a pull request, one fails, one lacks its spec."""

import time
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from local.author import Author
from local.github.boards import Card
from local.github.records import Issue
from local.platform import Platform
from local.settings import REPOSITORY
from local.specs import failing_spec, good_spec
from local.watching import Executions, Progress

_PATIENCE_SECONDS = 90.0
_ENDS = ("SUCCEEDED", "FAILED", "ABORTED", "TIMED_OUT")


@dataclass(frozen=True, slots=True)
class Expected:
    """A card and what must become of it."""

    card: Card
    branch: str
    column: str
    says: str


class BoardScene:
    """Puts the cards up, watches, and judges what became of them."""

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
        """Push the branches, put the cards up, and wait until each has come to its end."""
        self._console.rule("3. Board items become pull requests")
        self._put_up("Greet by the hour", "kiro/greet-by-hour", good_spec("kiro/greet-by-hour"), "In Review", "")
        failing = failing_spec("kiro/greet-in-the-evening")
        self._put_up("Greet in the evening", "kiro/greet-in-the-evening", failing, "Failed", "tests failed")
        self._put_up("Greet in colour", "kiro/greet-in-colour", {}, "Todo", "tasks.md` is missing")
        began, shown = time.monotonic(), dict[str, str]()
        while not self._ended() and time.monotonic() - began < _PATIENCE_SECONDS:
            for execution in self._executions.of_work_items():
                self._show(execution, shown)
            time.sleep(0.3)
        self._seconds = time.monotonic() - began
        for one in self._expected:
            self._judge(one)

    def closing_table(self) -> None:
        """What became of each card."""
        table = Table(title=f"What became of the board's items ({self._seconds:.1f} s)", title_justify="left")
        for column in ("item", "column", "pull request", "said"):
            table.add_column(column)
        for one in self._expected:
            pull = self._pull(one.branch)
            offered = f"#{pull.number} {'draft' if pull.pull and pull.pull.draft else 'ready'}" if pull else "none"
            table.add_row(one.card.title, self._column(one), offered, _short(self._said(one)))
        self._console.print(table)
        for problem in self.problems:
            self._console.print(f"[red]{problem}[/red]")

    def _put_up(self, title: str, branch: str, files: dict[str, str], column: str, says: str) -> None:
        self._author.push_branch(branch, self._start, files)
        card = self._platform.board.add_issue(self._repository, title, branch)
        self._expected.append(Expected(card, branch, column, says))

    def _show(self, execution: Progress, shown: dict[str, str]) -> None:
        stands = f"{execution.status.lower()} {execution.state}"
        if shown.get(execution.name) != stands:
            shown[execution.name] = stands
            self._console.print(f"  {execution.name}: {stands}")

    def _ended(self) -> bool:
        there = all(self._column(one) == one.column and one.says in self._said(one) for one in self._expected)
        return there and all(execution.status in _ENDS for execution in self._executions.of_work_items())

    def _judge(self, one: Expected) -> None:
        if self._column(one) != one.column:
            self.problems.append(f"{one.card.title} stands in {self._column(one)}, expected {one.column}")
        if one.says not in self._said(one):
            self.problems.append(f"{one.card.title} says {self._said(one)!r}, expected {one.says!r}")
        pull = self._pull(one.branch)
        if one.column == "In Review" and (pull is None or not pull.pull or pull.pull.draft):
            self.problems.append(f"{one.card.title} has no pull request that is ready for review")
        if one.column == "In Review" and "src/hours.py" not in self._files(one.branch):
            self.problems.append(f"{one.branch} holds no src/hours.py")

    def _column(self, one: Expected) -> str:
        return self._platform.board.column_of(one.card)

    def _said(self, one: Expected) -> str:
        return self._platform.board.text_of(one.card, "Reason")

    def _pull(self, branch: str) -> Issue | None:
        return next((issue for issue in self._repository.issues if issue.pull and issue.pull.head == branch), None)

    def _files(self, branch: str) -> str:
        return self._repository.git.text("ls-tree", "-r", "--name-only", f"refs/heads/{branch}")


def _short(said: str) -> str:
    """The first reason of a list, and how many there are besides."""
    reasons = [line.removeprefix("- ") for line in said.splitlines() if line.startswith("- ")]
    return "; and ".join([reasons[0], f"{len(reasons) - 1} more"][: len(reasons)]) if reasons else said
