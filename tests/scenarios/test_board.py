"""Board items on the real platform: GraphQL, webhooks, workflow, build, git and pull requests (W1–W8)."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from local.github.boards import Board, Card
from local.github.records import Issue, Repository, now
from local.settings import REPOSITORY
from local.specs import failing_spec, good_spec, spec
from local.watching import Progress
from tests.scenarios.world import World

ONE_TASK = """# Design

## Task 1

```text wait={seconds}
```

```python append=src/hello.py


def shout(name: str) -> str:
    return greet(name).upper()
```

## Task 2

```text wait={seconds}
```

```python append=tests/test_hello.py


def test_shouts():
    assert hello.shout("Ada") == "HELLO, ADA!"
```
"""


def eventually(found: Callable[[], Any], seconds: float = 60) -> Any:
    """The first truthy answer."""
    deadline = time.monotonic() + seconds
    while not (answer := found()):
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.2)
    return answer


class Desk:
    """What a person does with the board, and sees there."""

    def __init__(self, world: World, start: str) -> None:
        self._world = world
        self._start = start
        self.board: Board = world.platform.board
        self.repository: Repository = world.platform.github.repository(REPOSITORY)

    def put_up(self, branch: str, files: dict[str, str], column: str = "Todo") -> Card:
        """Push a branch and put up its card."""
        self.push(branch, files)
        return self.board.add_issue(self.repository, f"Work on {branch}", branch, column)

    def push(self, branch: str, files: dict[str, str]) -> None:
        """Push a branch."""
        self._world.author.push_branch(branch, self._start, files)

    def stands(self, card: Card, column: str, seconds: float = 60) -> None:
        """Wait until a card stands in a column and its attempts have ended."""
        eventually(lambda: self.board.column_of(card) == column, seconds)
        eventually(lambda: all(one.status != "RUNNING" for one in self.attempts(card)))

    def attempts(self, card: Card) -> list[Progress]:
        """The executions of a card."""
        number = card.issue.number if card.issue else 0
        return [one for one in self._world.executions.of_work_items() if one.name.startswith(f"{number}-")]

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


@pytest.fixture(scope="module")
def desk(world: World) -> Desk:
    """A main branch that is not deployed, and the board."""
    return Desk(world, world.push("feat: begin [skip ci]"))


def test_an_item_becomes_a_pull_request(world: World, desk: Desk) -> None:
    """Real code, green tests, coverage; ready for review; nothing is left behind."""
    card = desk.put_up("kiro/by-hour", good_spec("kiro/by-hour"))
    desk.stands(card, "In Review")
    (pull,) = desk.pulls("kiro/by-hour")
    assert pull.pull
    assert not pull.pull.draft
    assert "9 passed, 0 failed" in (pull.body or "")
    assert "Good evening" in desk.file("kiro/by-hour", "src/hours.py")
    assert desk.comments(card) == []
    assert world.left_behind() == {"locks": [], "waits": []}
    keys = [
        one["Key"]
        for one in world.platform.clients.client("s3").list_objects_v2(
            Bucket=world.platform.outputs["artifactsBucket"], Prefix=f"test/{desk.attempts(card)[0].name}/"
        )["Contents"]
    ]
    assert {key.split("/")[2] for key in keys} == {"logs", "reports", "diffs", "metadata.json", "results.json"}


def test_failing_tests_end_in_quarantine_until_a_person_moves_the_card(desk: Desk) -> None:
    """Two attempts, a draft, the reasons on the card; moved back, it is worked on anew."""
    card = desk.put_up("kiro/evening", failing_spec("kiro/evening"))
    desk.stands(card, "Failed")
    assert len(desk.attempts(card)) == 2
    assert "1 of 9 tests failed" in desk.board.text_of(card, "Reason")
    (pull,) = desk.pulls("kiro/evening")
    assert pull.pull
    assert pull.pull.draft
    time.sleep(1.1)  # the board's times are whole seconds
    desk.board.move(card, "Todo")
    eventually(lambda: len(desk.attempts(card)) == 3)
    desk.stands(card, "Failed")
    assert len(desk.pulls("kiro/evening")) == 1


def test_an_item_without_a_spec_gets_one_comment_until_it_has_one(desk: Desk) -> None:
    """It is not commented on again by other polls; with its spec it becomes a pull request."""
    card = desk.put_up("kiro/late", {})
    eventually(lambda: desk.comments(card))
    other = desk.board.add("Something else", "", "In Review")
    desk.board.move(other, "Todo")
    time.sleep(3)
    assert len(desk.comments(card)) == 1
    assert "tasks.md` is missing" in desk.comments(card)[0]
    desk.board.move(other, "In Review")
    desk.push("kiro/late", good_spec("kiro/late"))
    desk.board.write(card, "Note", "the spec is there")  # any event of the board hurries the poll
    desk.stands(card, "In Review")
    assert len(desk.comments(card)) == 1


def test_a_build_killed_in_a_task_goes_on_in_the_next_attempt(world: World, desk: Desk) -> None:
    """The task that was done is not done again; one pull request, one comment of the attempt that was killed."""
    branch = "kiro/shout"
    card = desk.put_up(branch, spec(branch, ONE_TASK.format(seconds=4), "Shout", "Test it"))
    eventually(lambda: "feat: Shout" in desk.subjects(branch))
    builds = world.platform.clients.client("codebuild")
    project = world.platform.outputs["projects"]["worker"]
    running = builds.list_builds_for_project(projectName=project)["ids"][0]
    builds.stop_build(id=running)
    desk.stands(card, "In Review")
    assert desk.subjects(branch).count("feat: Shout") == 1
    assert desk.file(branch, "src/hello.py").count("def shout") == 1
    assert len(desk.pulls(branch)) == 1
    assert len(desk.comments(card)) == 1


def test_a_stopped_execution_is_settled_and_tried_again(world: World, desk: Desk) -> None:
    """Its build is stopped, its lock freed, its card told; the next attempt finishes the work."""
    branch = "kiro/stopped"
    card = desk.put_up(branch, spec(branch, ONE_TASK.format(seconds=3), "Shout", "Test it"))
    (attempt,) = eventually(lambda: [one for one in desk.attempts(card) if one.state == "AwaitBuild"])
    world.platform.clients.client("stepfunctions").stop_execution(executionArn=attempt.arn)
    desk.stands(card, "In Review", 90)
    assert "stopped" in desk.comments(card)[0]
    assert world.left_behind() == {"locks": [], "waits": []}


def test_five_items_two_at_a_time_oldest_first(world: World, desk: Desk) -> None:
    """Never more than two builds at once, each item exactly one pull request."""
    names = [f"kiro/queue-{number}" for number in range(5)]
    cards = [desk.put_up(name, spec(name, ONE_TASK.format(seconds=0), "Shout", "Test it"), "Backlog") for name in names]
    began = now()
    for card in cards:
        desk.board.move(card, "Todo")
    for card in cards:
        desk.stands(card, "In Review", 120)
    assert [len(desk.pulls(name)) for name in names] == [1] * 5
    client = world.platform.clients.client("codebuild")
    ids = client.list_builds_for_project(projectName=world.platform.outputs["projects"]["worker"])["ids"]
    mine = [one for one in client.batch_get_builds(ids=ids[:50])["builds"] if one["startTime"] >= began]
    at_once = [sum(b["startTime"] <= a["startTime"] < b["endTime"] for b in mine) for a in mine]
    assert max(at_once) <= 2
    started = sorted((min(one.started for one in desk.attempts(card)), place) for place, card in enumerate(cards))
    assert [place for _, place in started][2:] == [2, 3, 4]


def test_a_hostile_branch_gets_a_comment_and_nothing_else(desk: Desk) -> None:
    """Its name is shown, shortened and harmless; no build is started."""
    name = "kiro/$(touch /tmp/owned)`x`"
    card = desk.board.add_issue(desk.repository, "Hostile", name)
    (said,) = eventually(lambda: desk.comments(card))
    assert "is refused" in said
    assert "StartBuild" not in desk.attempts(card)[0].states
    desk.board.move(card, "In Review")
