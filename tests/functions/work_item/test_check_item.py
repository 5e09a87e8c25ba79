"""CheckItem: the item has everything that the agent needs, or the reason names what is missing (W3)."""

from collections.abc import Callable

import pytest

from functions.domain.work_items import SPEC_FILES
from functions.handler import encode
from local.github import LocalGitHub
from local.github.boards import Board, Card
from tests.cases.expectations import RECORDED
from tests.functions.stack import Stack
from tests.functions.work_item.conftest import SpecBranch, item_of


def check(stack: Stack, card: Card, board: Board) -> dict[str, str]:
    """Run the handler on a card."""
    answer: dict[str, str] = stack.run("work_item.check_item", {"workId": "w", "item": encode(item_of(card, board))})
    return answer


def test_a_branch_with_its_spec_is_eligible(
    stack: Stack, board: Board, spec_branch: SpecBranch, put_up: Callable[..., Card]
) -> None:
    """The output has the commit, the folder of the spec and the key of the lock."""
    commit = spec_branch("kiro/greet")
    answer = check(stack, put_up(), board)
    assert (answer["outcome"], answer["head"], answer["reason"]) == ("eligible", commit, "")
    assert answer["spec"] == ".kiro/specs/kiro/greet"
    assert answer["lock"] == "branch/acme/hello-service/kiro/greet"


@pytest.mark.parametrize("lost", SPEC_FILES)
def test_a_missing_file_is_named(
    stack: Stack, board: Board, spec_branch: SpecBranch, put_up: Callable[..., Card], lost: str
) -> None:
    """And no other file."""
    spec_branch("kiro/greet", tuple(name for name in SPEC_FILES if name != lost))
    answer = check(stack, put_up(), board)
    assert answer["outcome"] == "ineligible"
    assert [name in answer["reason"] for name in SPEC_FILES] == [name == lost for name in SPEC_FILES]


def test_a_bugfix_spec_is_eligible(
    stack: Stack, board: Board, spec_branch: SpecBranch, put_up: Callable[..., Card]
) -> None:
    """It has `bugfix.md` instead of `requirements.md`, with the files of the recorded case."""
    case = RECORDED / "cases" / "spec-bugfix"
    names = tuple(file.name for file in case.iterdir() if file.suffix == ".md")
    spec_branch("kiro/greet", names, (case / "tasks.md").read_text("utf-8"))
    answer = check(stack, put_up(), board)
    assert (answer["outcome"], answer["reason"]) == ("eligible", "")


@pytest.mark.parametrize(
    ("tasks", "said"),
    [
        ("# Tasks\n\n## 1. Greet\n", "tasks.md: no task was found: write each as `- [ ] 1. What to do`"),
        ("- [ ]* 1. Greet\n", "tasks.md: every task is optional"),
        ("- [ ] 1. Greet\n-[ ] 2. Ask @ada\n", "tasks.md:2: `-[ ] 2. Ask @\u200bada` looks like a task"),
    ],
)
def test_an_unreadable_list_is_reported_on_the_card(
    stack: Stack, board: Board, spec_branch: SpecBranch, put_up: Callable[..., Card], tasks: str, said: str
) -> None:
    """Before a build starts, with the line and what to write; it mentions nobody."""
    spec_branch("kiro/greet", tasks=tasks)
    answer = check(stack, put_up(), board)
    assert answer["outcome"] == "ineligible"
    assert said in answer["reason"]


def test_a_missing_branch_is_reported(
    stack: Stack, board: Board, spec_branch: SpecBranch, put_up: Callable[..., Card]
) -> None:
    """Nobody has pushed it."""
    answer = check(stack, put_up(branch="kiro/nowhere"), board)
    assert "does not exist" in answer["reason"]


@pytest.mark.parametrize(
    "branch",
    [
        "kiro/a b",
        "kiro/'; rm -rf /",
        'kiro/"x"',
        "kiro/../main",
        "-kiro/x",
        "kiro/" + "x" * 300,
        "kiro/ä",
        "main",
        "other/x",
    ],
)
def test_a_hostile_branch_is_refused_without_asking_github(
    stack: Stack, hub: LocalGitHub, board: Board, put_up: Callable[..., Card], branch: str
) -> None:
    """The comment has the reason; the name is sent nowhere."""
    card = put_up(branch=branch)
    before = len(hub.requests)
    answer = check(stack, card, board)
    assert answer["outcome"] == "ineligible"
    assert len(hub.requests) == before


def test_a_draft_must_become_an_issue(stack: Stack, hub: LocalGitHub, board: Board) -> None:
    """A draft belongs to no repository."""
    card = board.add("Greet", "kiro/greet", "Todo")
    item = item_of(card, board, kind="draft")
    answer = stack.run("work_item.check_item", {"workId": "w", "item": encode(item)})
    assert "convert it to an issue" in answer["reason"]
