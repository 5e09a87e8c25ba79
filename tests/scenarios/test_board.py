"""Board items on the real platform: GraphQL, webhooks, workflow, build, git and pull requests (W1–W8)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from functions.adapters.poll_lease import PollLease
from local.executions import Progress
from local.github.boards import Board, Card
from local.github.records import Issue, Repository, now
from local.mailbox import Mail
from local.settings import REPOSITORY
from local.specs import failing_spec, good_spec, spec
from tests.scenarios.world import World, eventually

HOSTILE = "kiro/$(touch /tmp/owned)`x`"
SHOUT = """# Design

## Task 1

```python append=src/hello.py


def shout(name: str) -> str:
    return greet(name).upper()
```

## Task 2

```text until={go}
```

```python append=tests/test_hello.py


def test_shouts():
    assert hello.shout("Ada") == "HELLO, ADA!"
```
"""


class Desk:
    """What a person does with the board, and sees there."""

    def __init__(self, world: World, start: str) -> None:
        self._world = world
        self._start = start
        self.board: Board = world.platform.board
        self.repository: Repository = world.platform.github.repository(REPOSITORY)
        self.note = self.board.add("Notes", column="In Review")

    def put_up(self, branch: str, files: dict[str, str], column: str = "Todo", age_minutes: int = 0) -> Card:
        """Push a branch and put up its card."""
        self.push(branch, files)
        card = self.board.add_issue(self.repository, f"Work on {branch}", branch, "Backlog")
        card.created -= timedelta(minutes=age_minutes)
        self.board.move(card, column)
        return card

    def push(self, branch: str, files: dict[str, str]) -> None:
        """Push a branch."""
        self._world.author.push_branch(branch, self._start, files)

    def stands(self, card: Card, column: str, seconds: float = 120) -> None:
        """Wait until a card stands in a column and its attempts have ended."""
        eventually(lambda: self.board.column_of(card) == column, seconds)
        eventually(lambda: all(one.status != "RUNNING" for one in self.attempts(card)))

    def polled(self) -> None:
        """Wait until a poll that began after now has ended: the one after it looks at the board."""
        self._look()
        self._look()

    def _look(self) -> None:
        before = self._looks()
        self.board.write(self.note, "Note", f"{before} looks")  # any event of the board hurries the poll
        eventually(lambda: self._looks() > before)

    def _looks(self) -> int:
        return self._world.platform.github.store.graphql.documents.count("BoardItemsFiltered")

    def attempts(self, card: Card) -> list[Progress]:
        """The executions of a card."""
        return self._world.executions.of_work_items(card.issue.number if card.issue else 0)

    def locks(self) -> list[str]:
        """The branches that are held."""
        return [lock.rpartition("kiro/")[2] for lock in self._world.left_behind()["locks"]]

    def pulls(self, branch: str) -> list[Issue]:
        """The pull requests of a branch."""
        return [one for one in self.repository.issues if one.pull and one.pull.head == branch]

    def comments(self, card: Card) -> list[str]:
        """What was said on a card's issue."""
        return [one.body for one in card.issue.comments] if card.issue else []

    def file(self, branch: str, path: str) -> str:
        """A file of a branch, as GitHub has it."""
        return self.repository.git.text("show", f"refs/heads/{branch}:{path}")

    def subjects(self, branch: str) -> list[str]:
        """The subjects of a branch's commits since it began."""
        return self.repository.git.text("log", "--format=%s", f"{self._start}..refs/heads/{branch}").splitlines()


@dataclass(frozen=True)
class Cards:
    """What is put up at once, oldest first, so that items are worked on side by side; two wait for the test's word."""

    hostile: Card
    late: Card
    killed: Card
    stopped: Card
    good: Card
    failing: Card
    go: Path


@pytest.fixture(scope="module")
def desk(world: World) -> Desk:
    """A main branch that is not deployed, and the board."""
    return Desk(world, world.push("feat: begin [skip ci]"))


@pytest.fixture(scope="module")
def cards(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Cards:
    """The board in the morning."""
    go = tmp_path_factory.mktemp("go")
    held = {name: SHOUT.format(go=go / name) for name in ("killed", "stopped")}
    hostile = desk.board.add_issue(desk.repository, "Hostile", HOSTILE)
    hostile.created -= timedelta(minutes=11)
    return Cards(
        hostile,
        desk.put_up("kiro/late", {}, age_minutes=10),
        desk.put_up("kiro/killed", spec("kiro/killed", held["killed"], "Shout", "Test it"), age_minutes=9),
        desk.put_up("kiro/stopped", spec("kiro/stopped", held["stopped"], "Shout", "Test it"), age_minutes=8),
        desk.put_up("kiro/by-hour", good_spec("kiro/by-hour"), age_minutes=7),
        desk.put_up("kiro/evening", failing_spec("kiro/evening"), age_minutes=6),
        go,
    )


def test_a_hostile_branch_gets_a_comment_and_nothing_else(desk: Desk, cards: Cards) -> None:
    """Its name is shown, shortened and harmless; no build is started."""
    (said,) = eventually(lambda: desk.comments(cards.hostile))
    assert "is refused" in said
    assert "StartBuild" not in desk.attempts(cards.hostile)[0].states
    desk.board.move(cards.hostile, "In Review")


def test_a_build_killed_in_a_task_goes_on_in_the_next_attempt(world: World, desk: Desk, cards: Cards) -> None:
    """The task that was done is not done again; one pull request, one comment of the attempt that was killed."""
    card, branch = cards.killed, "kiro/killed"
    eventually(lambda: "feat: Shout" in desk.subjects(branch))
    (attempt,) = desk.attempts(card)
    builds = world.platform.clients.client("codebuild")
    ids = builds.list_builds_for_project(projectName=world.platform.outputs["projects"]["worker"])["ids"]
    (running,) = [one for one in builds.batch_get_builds(ids=ids)["builds"] if _work_of(one) == attempt.name]
    builds.stop_build(id=running["id"])
    (cards.go / "killed").touch()
    desk.stands(card, "In Review")
    assert len(desk.attempts(card)) == 2
    assert desk.subjects(branch).count("feat: Shout") == 1
    assert desk.file(branch, "src/hello.py").count("def shout") == 1
    assert len(desk.pulls(branch)) == 1
    assert len(desk.comments(card)) == 1


def _work_of(build: dict[str, Any]) -> str:
    variables = {one["name"]: one["value"] for one in build["environment"]["environmentVariables"]}
    return str(variables["KIRO_DEPLOYMENT"])


def test_a_stopped_execution_is_settled_and_tried_again(world: World, desk: Desk, cards: Cards) -> None:
    """Its build is stopped, its lock freed, its card told; the next attempt finishes the work."""
    (attempt,) = eventually(lambda: [one for one in desk.attempts(cards.stopped) if one.state == "AwaitBuild"])
    world.platform.clients.client("stepfunctions").stop_execution(executionArn=attempt.arn)
    (cards.go / "stopped").touch()
    desk.stands(cards.stopped, "In Review")
    assert "stopped" in desk.comments(cards.stopped)[0]
    assert "stopped" not in desk.locks()


def test_an_item_becomes_a_pull_request(world: World, desk: Desk, cards: Cards) -> None:
    """Real code, green tests, coverage; ready for review; what the build left is kept."""
    desk.stands(cards.good, "In Review")
    (pull,) = desk.pulls("kiro/by-hour")
    assert pull.pull
    assert not pull.pull.draft
    assert "9 passed, 0 failed" in (pull.body or "")
    assert "Good evening" in desk.file("kiro/by-hour", "src/hours.py")
    assert desk.comments(cards.good) == []
    assert "by-hour" not in desk.locks()
    keys = [
        one["Key"]
        for one in world.platform.clients.client("s3").list_objects_v2(
            Bucket=world.platform.outputs["artifactsBucket"], Prefix=f"test/{desk.attempts(cards.good)[0].name}/"
        )["Contents"]
    ]
    assert {key.split("/")[2] for key in keys} == {"logs", "reports", "diffs", "metadata.json", "results.json"}


def test_failing_tests_end_in_quarantine_until_a_person_moves_the_card(world: World, desk: Desk, cards: Cards) -> None:
    """Two attempts, a draft, the reasons on the card and in a mail; moved back with a better spec, it is done."""
    card, branch = cards.failing, "kiro/evening"
    desk.stands(card, "Failed")
    assert len(desk.attempts(card)) == 2
    assert "1 of 9 tests failed" in desk.board.text_of(card, "Reason")
    (pull,) = desk.pulls(branch)
    assert pull.pull
    assert pull.pull.draft
    (mail,) = eventually(lambda: _mails(world, "waits for a person"))
    assert (mail.topic, "1 of 9 tests failed" in mail.text) == ("deployments", True)
    desk.push(branch, good_spec(branch))
    eventually(lambda: now() > card.values["Status"].since)  # the board's times are whole seconds
    desk.board.move(card, "Todo")
    desk.stands(card, "In Review")
    assert len(desk.attempts(card)) == 3
    assert len(desk.pulls(branch)) == 1
    assert not pull.pull.draft


def _mails(world: World, subject: str) -> list[Mail]:
    world.platform.mailbox.fetch()
    return [mail for mail in world.platform.mailbox.mails if subject in mail.subject]


def test_an_item_without_a_spec_gets_one_comment_until_it_has_one(desk: Desk, cards: Cards) -> None:
    """It is not commented on again by other polls; with its spec it becomes a pull request."""
    eventually(lambda: desk.comments(cards.late))
    desk.polled()
    assert len(desk.attempts(cards.late)) == 1
    assert len(desk.comments(cards.late)) == 1
    assert "tasks.md` is missing" in desk.comments(cards.late)[0]
    desk.push("kiro/late", good_spec("kiro/late"))
    desk.polled()
    desk.stands(cards.late, "In Review")
    assert len(desk.comments(cards.late)) == 1


def test_five_items_two_at_a_time_oldest_first(world: World, desk: Desk, cards: Cards) -> None:
    """Never more than two builds at once, each item exactly one pull request; nothing is left behind."""
    names = [f"kiro/queue-{number}" for number in range(5)]
    specs = {name: spec(name, SHOUT.format(go="/"), "Shout", "Test it") for name in names}
    queue = [desk.put_up(name, specs[name], "Backlog", 5 - place) for place, name in enumerate(names)]
    began = now()
    # While a poll is under way nobody else looks: so the next look sees all five, though the youngest came first.
    lease = PollLease(world.table("locksTable"))
    running = eventually(lambda: [taken for taken in [lease.take("test", datetime.now(UTC), 60)] if taken is not None])
    for card in reversed(queue):
        desk.board.move(card, "Todo")
    while not lease.give_back("test", running[0]):
        pass
    desk.board.write(desk.note, "Note", "five items")
    for card in queue:
        desk.stands(card, "In Review")
    assert [len(desk.pulls(name)) for name in names] == [1] * 5
    client = world.platform.clients.client("codebuild")
    ids = client.list_builds_for_project(projectName=world.platform.outputs["projects"]["worker"])["ids"]
    mine = [one for one in client.batch_get_builds(ids=ids[:50])["builds"] if one["startTime"] >= began]
    at_once = [sum(b["startTime"] <= a["startTime"] < b["endTime"] for b in mine) for a in mine]
    assert max(at_once) == 2
    started = sorted((attempt.started, place) for place, card in enumerate(queue) for attempt in desk.attempts(card))
    assert [place for _, place in started] == [0, 1, 2, 3, 4]
    assert world.left_behind() == {"locks": [], "waits": []}


def test_a_poll_that_fails_lies_in_the_queue_that_rings(world: World, desk: Desk) -> None:
    """GitHub asks for more patience than a poll has: the event is kept, an alarm watches it; the next poll works."""
    name = world.platform.outputs["functions"]["functions.events.poll_board"]
    sqs = world.platform.clients.client("sqs")
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    assert "Messages" not in sqs.receive_message(QueueUrl=url), "a poll of another test failed"
    refusal = {"message": "You have exceeded a secondary rate limit"}
    world.platform.github.respond_with("POST", "/api/graphql", 403, {"Retry-After": "3000"}, refusal)
    desk.board.write(desk.note, "Note", "a poll that fails")
    eventually(lambda: sqs.receive_message(QueueUrl=url).get("Messages"))
    pages = world.platform.clients.client("cloudwatch").get_paginator("describe_alarms").paginate()
    alarms = [alarm for page in pages for alarm in page["MetricAlarms"]]
    (alarm,) = [one for one in alarms if {"Name": "QueueName", "Value": name} in one["Dimensions"]]
    assert (alarm["MetricName"], alarm["Threshold"]) == ("ApproximateNumberOfMessagesVisible", 1)
    assert world.platform.outputs["rollbacksTopic"] in alarm["AlarmActions"]
    desk.polled()
