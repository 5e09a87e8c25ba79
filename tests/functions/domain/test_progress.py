"""What the comment on an attempt's progress says (W10)."""

from typing import get_args

from msgspec.structs import replace

from functions.domain.progress import MARKER, Progress, ended, working
from functions.domain.work_items import State

PROGRESS = Progress("7-kiro-greet-1", 2, 5, "Greet", "https://console.example.com/log")


def test_the_current_task_the_build_and_what_can_be_said() -> None:
    """The title is data of the repository, and calls nobody."""
    text = working(replace(PROGRESS, current="Greet @acme <b>"))
    assert text.startswith(MARKER)
    assert "**Task 3 of 5: Greet @\u200bacme &lt;b>**" in text
    assert "[build](https://console.example.com/log) of attempt `7-kiro-greet-1`. Comment `/kiro stop`" in text


def test_without_a_link_or_an_open_task_the_text_says_so() -> None:
    """The build has not begun, or runs the checks."""
    text = working(replace(PROGRESS, done=5, current="", log="javascript:alert(1)"))
    assert "**All 5 tasks are done; the checks run**" in text
    assert "javascript" not in text


def test_each_change_that_people_see_is_another_digest() -> None:
    """The same progress is not written again."""
    changes = ({"done": 3}, {"total": 6}, {"current": "x"}, {"log": ""}, {"attempt": "7-kiro-greet-2"})
    digests = {PROGRESS.digest, *(replace(PROGRESS, **one).digest for one in changes)}
    assert len(digests) == 6
    assert replace(PROGRESS).digest == PROGRESS.digest


def test_the_end_says_what_follows_in_every_state() -> None:
    """`/kiro retry` where only a person starts the next attempt."""
    texts = {state: ended("a-1", state) for state in get_args(State)}
    assert [state for state, text in texts.items() if "/kiro retry" in text] == ["quarantined", "stopped"]
    assert (
        texts["done"] == f"{MARKER}\nAttempt `a-1` has ended: the item is done. The pull request is ready for review."
    )
