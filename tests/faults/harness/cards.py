"""Runs of cards: one board item, worked on until it is in review or has failed in all attempts."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from functions.adapters.clock import Clock
from functions.adapters.work_items_table import WorkItemsTable
from functions.domain.progress import MARKER
from functions.domain.work_items import Item, branch_key, execution_name
from local.github.boards import Card
from local.github.records import Issue
from local.specs import spec
from tests.faults.harness import checks
from tests.faults.harness.environment import FaultEnvironment
from tests.faults.harness.plans import FaultCase
from tests.faults.harness.runs import PAUSE, Run, settle
from tests.faults.harness.subjects import Subject, imported

_ENDS = ("In Review", "Failed")
_DESIGN = """# Design

## Task 1

```text wait=1
```

```text write=done.txt
done
```
"""


@dataclass
class CardRun(Run):
    """One card; the names of its attempts begin with `name`."""

    branch: str = ""
    card: Card = field(kw_only=True)

    @property
    def deployment(self) -> str:
        """The first attempt of the card."""
        return f"{self.name}-1"

    @property
    def outcome(self) -> str:
        """The column of the card and the number of attempts."""
        return f"{self._column} after {len(self._attempts())}"

    def move_to_todo(self) -> None:
        """Move the card as a person does and wait until the attempts have ended; a board's times are whole seconds."""
        since = self.card.values["Status"].since
        while int(time.time()) <= int(since.timestamp()):
            time.sleep(PAUSE)
        before = len(self._attempts())
        self.env.platform.board.move(self.card, "Todo")
        self.await_end(lambda: self._column in _ENDS and len(self._attempts()) > before)

    def wrong(self) -> list[str]:
        """Orphans, wrong states, and missing or repeated announcements."""
        key = branch_key(self.subject.repository, self.branch)
        return [*checks.left_behind(self, key), *self._wrong_state(), *self._unannounced()]

    def rerun(self) -> list[str]:
        """Move the card again: it ends in review without repeating finished tasks."""
        self.move_to_todo()
        return settle(self, self.wrong)

    def recover(self) -> None:
        """Stop the card's executions; a card has a branch of its own, so it does not disturb later cases."""
        self.env.platform.board.move(self.card, "Backlog")
        for execution in self.env.running(self.name):
            self.env.stop(execution)

    @property
    def _column(self) -> str:
        return self.env.platform.board.column_of(self.card)

    def _attempts(self) -> list[str]:
        return self.env.of_workflow(self.name, "work_item")

    def _pulls(self) -> list[Issue]:
        found = self.env.platform.github.repository(self.subject.repository).issues
        return [one for one in found if one.pull and one.pull.head == self.branch]

    def _wrong_state(self) -> Iterator[str]:
        """After one failed attempt the next one brings the card to review, with one pull request."""
        if self._column != "In Review":
            yield f"the card is in column {self._column}"
        state = WorkItemsTable(self.env.tables["workItems"], Clock()).get(self.card.id).state
        if state != "done":
            yield f"the record has the state {state}"
        pulls = self._pulls()
        if len(pulls) != 1:
            yield f"{self.branch} has {len(pulls)} pull requests"
        yield from (f"#{one.number} is still a draft" for one in pulls if one.pull and one.pull.draft)

    def _unannounced(self) -> Iterator[str]:
        """Progress has one comment, a failed attempt another; the end of an attempt is announced at most once."""
        written = [one.body for one in self.card.issue.comments] if self.card.issue else []
        comments = [body for body in written if not body.startswith(MARKER)]
        if len(written) != len(comments) + 1:
            yield f"{len(written) - len(comments)} comments about the progress"
        for attempt in (one.rpartition(":")[2] for one in self._attempts()):
            times = sum(f"kiro-worker:{attempt} " in comment for comment in comments)
            if times > 1:
                yield f"{attempt} was commented on {times} times"
            announced = [d for kind, d in self.env.announced[attempt] if kind == "WorkItemFinished"]
            hit = self.case and self.case.announces and attempt == self.deployment
            if len(announced) > 1 and not hit:
                yield f"{attempt} was announced {len(announced)} times"
        failed = sum("This was attempt" in comment for comment in comments)
        if failed != len(comments):
            yield f"{len(comments)} comments, {failed} of them about failed attempts"


def add_card(env: FaultEnvironment, subject: Subject, name: str, case: FaultCase | None) -> CardRun:
    """Push a branch with its spec and add its card, in a column that the worker ignores."""
    branch = f"kiro/{name}"
    repository = env.platform.github.repository(subject.repository)
    files = spec(branch, _DESIGN, "Be done")
    commit = imported(f"refs/heads/{branch}", f"docs: spec of {name}", files, start="refs/heads/main^0")
    repository.git.run("fast-import", "--quiet", stdin=commit)
    card = env.platform.board.add_issue(repository, f"Work on {name}", branch, "Backlog")
    number = card.issue.number if card.issue else 0
    item = Item(card.id, "issue", card.title, branch, "", "", subject.repository, number)
    first = execution_name(item, 1).removesuffix("-1")
    return CardRun(env, subject, first, case, branch, card=card)


def work(run: CardRun) -> None:
    """Work on the card until it is in review or has failed in all attempts."""
    run.arm()
    run.move_to_todo()
