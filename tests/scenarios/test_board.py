"""Board items on the real platform: GraphQL, webhooks, workflow, build, git and pull requests (W1–W8)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from functions.adapters.poll_lease import PollLease
from functions.domain.progress import MARKER
from local.executions import Progress
from local.github.boards import Board, Card
from local.github.records import Issue, Repository, now
from local.mailbox import Mail
from local.settings import REPOSITORY
from local.specs import failing_spec, good_spec, spec
from tests.scenarios.driver import PlatformDriver, eventually

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


class BoardUser:
    """A person who uses the board."""

    def __init__(self, driver: PlatformDriver, start: str) -> None:
        self._driver = driver
        self._start = start
        self.board: Board = driver.platform.board
        self.repository: Repository = driver.platform.github.repository(REPOSITORY)
        self.note = self.board.add("Notes", column="In Review")

    def add_card(self, branch: str, files: dict[str, str], column: str = "Todo", age_minutes: int = 0) -> Card:
        """Push a branch and add its card."""
        self.push(branch, files)
        card = self.board.add_issue(self.repository, f"Work on {branch}", branch, "Backlog")
        card.created -= timedelta(minutes=age_minutes)
        self.board.move(card, column)
        return card

    def push(self, branch: str, files: dict[str, str]) -> None:
        """Push a branch."""
        self._driver.author.push_branch(branch, self._start, files)

    def await_column(self, card: Card, column: str, seconds: float = 120) -> None:
        """Wait until a card is in a column and its attempts have ended."""
        eventually(lambda: self.board.column_of(card) == column, seconds)
        eventually(lambda: all(one.status != "RUNNING" for one in self.attempts(card)))

    def await_poll(self) -> None:
        """Wait until a whole poll has begun and ended after now: two polls, because the first may have begun before."""
        self._poll()
        self._poll()

    def _poll(self) -> None:
        before = self._polls()
        self.board.write(self.note, "Note", f"{before} polls")  # any event of the board starts a poll
        eventually(lambda: self._polls() > before)

    def _polls(self) -> int:
        return self._driver.platform.github.store.graphql.documents.count("BoardItemsFiltered")

    def attempts(self, card: Card) -> list[Progress]:
        """The executions of a card."""
        return self._driver.executions.of_work_items(card.issue.number if card.issue else 0)

    def locks(self) -> list[str]:
        """The locked branches."""
        return [lock.rpartition("kiro/")[2] for lock in self._driver.left_behind()["locks"]]

    def pulls(self, branch: str) -> list[Issue]:
        """The pull requests of a branch."""
        return [one for one in self.repository.issues if one.pull and one.pull.head == branch]

    def comments(self, card: Card) -> list[str]:
        """The comments on a card's issue, but for that on the progress."""
        return [one for one in self._bodies(card) if not one.startswith(MARKER)]

    def progress(self, card: Card) -> str:
        """The one comment on the progress, without its marker; "" without one."""
        (found,) = [one for one in self._bodies(card) if one.startswith(MARKER)] or [""]
        return found.removeprefix(f"{MARKER}\n")

    def _bodies(self, card: Card) -> list[str]:
        return [one.body for one in card.issue.comments] if card.issue else []

    def file(self, branch: str, path: str) -> str:
        """A file of a branch, as GitHub has it."""
        return self.repository.git.text("show", f"refs/heads/{branch}:{path}")

    def subjects(self, branch: str) -> list[str]:
        """The subjects of a branch's commits since its start."""
        return self.repository.git.text("log", "--format=%s", f"{self._start}..refs/heads/{branch}").splitlines()


class Steerer:
    """Grace, who may push to the repository and comments on issues."""

    def __init__(self, driver: PlatformDriver) -> None:
        self._github, token = driver.platform.github, "ghp_" + "e" * 36
        self._github.add_token(token, "grace")
        self._github.repository(REPOSITORY).collaborators["grace"] = "write"
        self._headers = {"Authorization": f"Bearer {token}"}

    def say(self, number: int, body: str) -> None:
        """Comment on an issue."""
        url = f"{self._github.api_url}/repos/{REPOSITORY}/issues/{number}/comments"
        requests.post(url, json={"body": body}, headers=self._headers, timeout=10).raise_for_status()


@dataclass(frozen=True)
class Pair:
    """Two cards that are added together: a hostile one, which is the older, and a good one."""

    hostile: Card
    good: Card


@dataclass(frozen=True)
class Cards:
    """Cards that are added together, oldest first, for work in parallel; two of them wait for a file in `go`."""

    late: Card
    killed: Card
    stopped: Card
    failing: Card
    go: Path


@pytest.fixture(scope="module")
def user(driver: PlatformDriver) -> BoardUser:
    """A user of the board, with a main branch that is not deployed."""
    return BoardUser(driver, driver.push("feat: begin [skip ci]"))


@pytest.fixture(scope="module")
def steerer(driver: PlatformDriver) -> Steerer:
    """A person who steers."""
    return Steerer(driver)


@pytest.fixture(scope="module")
def pair(user: BoardUser) -> Pair:
    """The two cards, added once for the module."""
    hostile = user.board.add_issue(user.repository, "Hostile", HOSTILE)
    hostile.created -= timedelta(minutes=11)
    return Pair(hostile, user.add_card("kiro/by-hour", good_spec("kiro/by-hour"), age_minutes=7))


@pytest.fixture(scope="module")
def cards(user: BoardUser, tmp_path_factory: pytest.TempPathFactory) -> Cards:
    """The cards, added once for the module."""
    go = tmp_path_factory.mktemp("go")
    held = {name: SHOUT.format(go=go / name) for name in ("killed", "stopped")}
    return Cards(
        user.add_card("kiro/late", {}, age_minutes=10),
        user.add_card("kiro/killed", spec("kiro/killed", held["killed"], "Shout", "Test it"), age_minutes=9),
        user.add_card("kiro/stopped", spec("kiro/stopped", held["stopped"], "Shout", "Test it"), age_minutes=8),
        user.add_card("kiro/evening", failing_spec("kiro/evening"), age_minutes=6),
        go,
    )


@pytest.mark.long
def test_a_hostile_branch_gets_a_comment_and_nothing_else(user: BoardUser, pair: Pair) -> None:
    """The comment shows the name shortened and escaped; no build is started."""
    (said,) = eventually(lambda: user.comments(pair.hostile))
    assert "is refused" in said
    assert "StartBuild" not in user.attempts(pair.hostile)[0].states
    user.board.move(pair.hostile, "In Review")


@pytest.mark.long
def test_a_killed_build_continues_in_the_next_attempt(driver: PlatformDriver, user: BoardUser, cards: Cards) -> None:
    """The finished task is not repeated; there is one pull request, and one comment for the killed attempt."""
    card, branch = cards.killed, "kiro/killed"
    eventually(lambda: "feat: Shout" in user.subjects(branch))
    (attempt,) = user.attempts(card)
    eventually(lambda: user.progress(card).startswith("**Task 2 of 2: Test it**"))  # W10: by the webhook of the push
    builds = driver.platform.clients.client("codebuild")
    project = driver.platform.outputs["projects"][f"{REPOSITORY}/worker"]
    ids = builds.list_builds_for_project(projectName=project)["ids"]
    (running,) = [one for one in builds.batch_get_builds(ids=ids)["builds"] if _work_of(one) == attempt.name]
    builds.stop_build(id=running["id"])
    (cards.go / "killed").touch()
    user.await_column(card, "In Review")
    assert len(user.attempts(card)) == 2
    assert user.subjects(branch).count("feat: Shout") == 1
    assert user.file(branch, "src/hello.py").count("def shout") == 1
    assert len(user.pulls(branch)) == 1
    assert len(user.comments(card)) == 1
    assert "has ended: the item is done" in user.progress(card)


def _work_of(build: dict[str, Any]) -> str:
    variables = {one["name"]: one["value"] for one in build["environment"]["environmentVariables"]}
    return str(variables["KIRO_DEPLOYMENT"])


@pytest.mark.long
def test_a_stopped_execution_is_cleaned_up_and_repeated(driver: PlatformDriver, user: BoardUser, cards: Cards) -> None:
    """Its build is stopped, its lock released, its card updated; the next attempt finishes the work."""
    (attempt,) = eventually(lambda: [one for one in user.attempts(cards.stopped) if one.state == "AwaitBuild"])
    driver.platform.clients.client("stepfunctions").stop_execution(executionArn=attempt.arn)
    (cards.go / "stopped").touch()
    user.await_column(cards.stopped, "In Review")
    assert "stopped" in user.comments(cards.stopped)[0]
    assert "stopped" not in user.locks()


def test_an_item_becomes_a_pull_request(driver: PlatformDriver, user: BoardUser, pair: Pair) -> None:
    """With real code, passed tests and coverage it is ready for review, and the build's artifact is kept."""
    user.await_column(pair.good, "In Review")
    (pull,) = user.pulls("kiro/by-hour")
    assert pull.pull
    assert not pull.pull.draft
    assert "9 passed, 0 failed" in (pull.body or "")
    assert "Good evening" in user.file("kiro/by-hour", "src/hours.py")
    assert user.comments(pair.good) == []
    assert "by-hour" not in user.locks()
    keys = [
        one["Key"]
        for one in driver.platform.clients.client("s3").list_objects_v2(
            Bucket=driver.platform.outputs["artifactsBucket"],
            Prefix=f"test/{REPOSITORY}/{user.attempts(pair.good)[0].name}/",
        )["Contents"]
    ]
    assert {key.split("/")[4] for key in keys} == {"logs", "reports", "diffs", "metadata.json", "results.json"}


@pytest.mark.long
def test_failing_tests_end_in_quarantine_until_a_person_moves_the_card(
    driver: PlatformDriver, user: BoardUser, cards: Cards
) -> None:
    """After two attempts there are a draft, and reasons on card and mail; moved back with a good spec, it succeeds."""
    card, branch = cards.failing, "kiro/evening"
    user.await_column(card, "Failed")
    assert len(user.attempts(card)) == 2
    assert "1 of 9 tests failed" in user.board.text_of(card, "Reason")
    (pull,) = user.pulls(branch)
    assert pull.pull
    assert pull.pull.draft
    (mail,) = eventually(lambda: _mails(driver, "waits for a person"))
    assert (mail.topic, "1 of 9 tests failed" in mail.text) == ("deployments", True)
    user.push(branch, good_spec(branch))
    eventually(lambda: now() > card.values["Status"].since)  # the board's times are whole seconds
    user.board.move(card, "Todo")
    user.await_column(card, "In Review")
    assert len(user.attempts(card)) == 3
    assert len(user.pulls(branch)) == 1
    assert not pull.pull.draft


def _mails(driver: PlatformDriver, subject: str) -> list[Mail]:
    driver.platform.mailbox.fetch()
    return [mail for mail in driver.platform.mailbox.mails if subject in mail.subject]


@pytest.mark.long
def test_an_item_without_a_spec_gets_one_comment_until_it_has_one(user: BoardUser, cards: Cards) -> None:
    """Later polls add no comment; with its spec the item becomes a pull request."""
    eventually(lambda: user.comments(cards.late))
    user.await_poll()
    assert len(user.attempts(cards.late)) == 1
    assert len(user.comments(cards.late)) == 1
    assert "tasks.md` is missing" in user.comments(cards.late)[0]
    user.push("kiro/late", good_spec("kiro/late"))
    user.await_poll()
    user.await_column(cards.late, "In Review")
    assert len(user.comments(cards.late)) == 1


@pytest.mark.long
def test_three_items_two_at_a_time_oldest_first(driver: PlatformDriver, user: BoardUser, cards: Cards) -> None:
    """There are never more than two builds at once, one pull request for each item, and no orphans."""
    names = [f"kiro/queue-{number}" for number in range(3)]
    specs = {name: spec(name, SHOUT.format(go="/"), "Shout", "Test it") for name in names}
    queue = [user.add_card(name, specs[name], "Backlog", 3 - place) for place, name in enumerate(names)]
    began = now()
    # Only one poll runs at a time, so the next poll reads all three cards, although the youngest was added first.
    lease = PollLease(driver.table("locksTable"))
    running = eventually(lambda: [taken for taken in [lease.take("test", datetime.now(UTC), 60)] if taken is not None])
    for card in reversed(queue):
        user.board.move(card, "Todo")
    while not lease.give_back("test", running[0]):
        pass
    user.board.write(user.note, "Note", "three items")
    for card in queue:
        user.await_column(card, "In Review")
    assert [len(user.pulls(name)) for name in names] == [1] * 3
    client = driver.platform.clients.client("codebuild")
    project = driver.platform.outputs["projects"][f"{REPOSITORY}/worker"]
    ids = client.list_builds_for_project(projectName=project)["ids"]
    mine = [one for one in client.batch_get_builds(ids=ids[:50])["builds"] if one["startTime"] >= began]
    at_once = [sum(b["startTime"] <= a["startTime"] < b["endTime"] for b in mine) for a in mine]
    assert max(at_once) == 2
    started = sorted((attempt.started, place) for place, card in enumerate(queue) for attempt in user.attempts(card))
    assert [place for _, place in started] == [0, 1, 2]
    assert driver.left_behind() == {"locks": [], "waits": []}


@pytest.mark.long
def test_a_person_stops_retries_and_moves_a_card(user: BoardUser, tmp_path: Path, steerer: Steerer) -> None:
    """W10: two comments and two moves; each ends or starts an attempt, and the work goes on where it stood."""
    branch, go = "kiro/steered", tmp_path / "go"
    card = user.add_card(branch, spec(branch, SHOUT.format(go=go), "Shout", "Test it"))
    assert card.issue

    def await_work(attempts: int) -> None:
        eventually(lambda: len(user.attempts(card)) == attempts and user.attempts(card)[-1].state == "AwaitBuild", 120)

    await_work(1)
    steerer.say(card.issue.number, "/kiro stop\nThe design is wrong.")
    user.await_column(card, "Failed")
    assert "is stopped" in eventually(lambda: [one for one in user.comments(card) if "stopped" in one])[0]
    assert user.board.text_of(card, "Reason") == "stopped by grace"
    steerer.say(card.issue.number, "/kiro retry")
    await_work(2)
    user.board.move(card, "Backlog")
    eventually(lambda: user.attempts(card)[-1].status == "ABORTED")
    user.await_poll()
    assert user.board.column_of(card) == "Backlog"
    assert len(user.attempts(card)) == 2
    go.touch()
    user.board.move(card, "Todo")
    user.await_column(card, "In Review")
    assert len(user.attempts(card)) == 3
    assert user.subjects(branch).count("feat: Shout") == 1
    assert "steered" not in user.locks()


def test_the_event_of_a_failed_poll_is_a_dead_letter(driver: PlatformDriver, user: BoardUser) -> None:
    """If GitHub demands a longer wait than a poll has, the event is kept with an alarm, and the next poll succeeds."""
    name = driver.platform.outputs["functions"]["functions.events.poll_board"]
    sqs = driver.platform.clients.client("sqs")
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    assert "Messages" not in sqs.receive_message(QueueUrl=url), "a poll of another test failed"
    refusal = {"message": "You have exceeded a secondary rate limit"}
    # More than once, because other functions ask GraphQL, too.
    refused = driver.platform.github.respond_with(
        "POST", "/api/graphql", 403, {"Retry-After": "3000"}, refusal, times=100
    )
    # As the schedule invokes it: a webhook's delivery has ten seconds, and may be lost.
    driver.platform.clients.client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=b"{}")
    eventually(lambda: sqs.receive_message(QueueUrl=url).get("Messages"))
    refused.times = 0
    pages = driver.platform.clients.client("cloudwatch").get_paginator("describe_alarms").paginate()
    alarms = [alarm for page in pages for alarm in page["MetricAlarms"]]
    (alarm,) = [one for one in alarms if {"Name": "QueueName", "Value": name} in one["Dimensions"]]
    assert (alarm["MetricName"], alarm["Threshold"]) == ("ApproximateNumberOfMessagesVisible", 1)
    assert driver.platform.outputs["rollbacksTopic"] in alarm["AlarmActions"]
    user.await_poll()
