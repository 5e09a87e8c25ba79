"""Cards as runs: one item of the board, worked on until it is offered for review or has failed for good."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from functions.adapters.work_items_table import WorkItemsTable
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
class CardPlay(Run):
    """One card; `name` is what the names of its attempts begin with."""

    branch: str = ""
    card: Card = field(kw_only=True)

    @property
    def deployment(self) -> str:
        """Its first attempt."""
        return f"{self.name}-1"

    @property
    def outcome(self) -> str:
        """The column it stands in, and after how many attempts."""
        return f"{self._column} after {len(self._attempts())}"

    def take(self) -> None:
        """A person moves the card to where it is taken from; the times of a board are whole seconds."""
        since = self.card.values["Status"].since
        while int(time.time()) <= int(since.timestamp()):
            time.sleep(PAUSE)
        before = len(self._attempts())
        self.env.platform.board.move(self.card, "Todo")
        self.await_end(lambda: self._column in _ENDS and len(self._attempts()) > before)

    def wrong(self) -> list[str]:
        """Left behind, or not told as it should be."""
        key = branch_key(self.subject.repository, self.branch)
        return [*checks.left_behind(self, key), *self._misplaced(), *self._untold()]

    def again(self) -> list[str]:
        """The card once more: what is done is not done again, and it ends in review."""
        self.take()
        return settle(self, self.wrong)

    def mend(self) -> None:
        """A card of its own branch is in nobody's way once nothing runs for it."""
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

    def _misplaced(self) -> Iterator[str]:
        """One failed attempt is no reason to give up: the next one brings every card here to review."""
        if self._column != "In Review":
            yield f"the card stands in {self._column}"
        state = WorkItemsTable(self.env.tables["workItems"]).get(self.card.id).state
        if state != "done":
            yield f"the record says {state}"
        pulls = self._pulls()
        if len(pulls) != 1:
            yield f"{self.branch} has {len(pulls)} pull requests"
        yield from (f"#{one.number} is still a draft" for one in pulls if one.pull and one.pull.draft)

    def _untold(self) -> Iterator[str]:
        """One comment for an attempt that failed, and each attempt's end announced once at most."""
        comments = [one.body for one in self.card.issue.comments] if self.card.issue else []
        for attempt in (one.rpartition(":")[2] for one in self._attempts()):
            told = sum(f"kiro-worker:{attempt} " in comment for comment in comments)
            if told > 1:
                yield f"{attempt} was commented on {told} times"
            said = [d for kind, d in self.env.told[attempt] if kind == "WorkItemFinished"]
            hit = self.case and self.case.announces and attempt == self.deployment
            if len(said) > 1 and not hit:
                yield f"{attempt} was announced {len(said)} times"
        failed = sum("This was attempt" in comment for comment in comments)
        if failed != len(comments):
            yield f"{len(comments)} comments, {failed} of them about failed attempts"


def put_up(env: FaultEnvironment, subject: Subject, name: str, case: FaultCase | None) -> CardPlay:
    """Push a branch with its spec and put its card up, where nobody takes it yet."""
    branch = f"kiro/{name}"
    repository = env.platform.github.repository(subject.repository)
    files = spec(branch, _DESIGN, "Be done")
    commit = imported(f"refs/heads/{branch}", f"docs: spec of {name}", files, start="refs/heads/main^0")
    repository.git.run("fast-import", "--quiet", stdin=commit)
    card = env.platform.board.add_issue(repository, f"Work on {name}", branch, "Backlog")
    number = card.issue.number if card.issue else 0
    item = Item(card.id, "issue", card.title, branch, "", "", subject.repository, number)
    first = execution_name(item, 1).removesuffix("-1")
    return CardPlay(env, subject, first, case, branch, card=card)


def work(run: CardPlay) -> None:
    """The card is taken, and attempted until it is in review or has failed for good."""
    run.arm()
    run.take()
