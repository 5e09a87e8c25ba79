"""Workflows as SVG, with what an execution has passed."""

import re

import pytest

from functions.adapters.drawings import phase_of, svg
from functions.domain.console import PHASES, Passed
from tests.functions.consoles import ASKED
from tests.functions.samples import NOW

STATES = tuple(Passed(name, NOW) for name in ASKED)
WORKFLOWS = ("deployment", "stage", "rollback", "enhanced_watch", "work_item")


def marked(drawn: str, mark: str) -> list[str]:
    """The names of the states with a mark."""
    return re.findall(rf'class="state \w+ {mark}">.*?>(\w+)</text>', drawn)


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_every_workflow_is_drawn_without_style_or_script(workflow: str) -> None:
    """The page's policy allows no style attributes; without an execution no state is marked."""
    drawn = svg(workflow, (), running=False)
    assert drawn.startswith("<svg")
    assert "style=" not in drawn
    assert marked(drawn, "seen") + marked(drawn, "now") == []


def test_passed_states_and_the_current_one_are_marked() -> None:
    """In the drawing and in its name for those who don't see it; of an ended execution none is the current one."""
    drawn = svg("stage", STATES, running=True)
    assert marked(drawn, "now") == ["AwaitApproval"]
    assert set(marked(drawn, "seen")) == set(ASKED) - {"AwaitApproval"}
    assert f"{len(ASKED)} of 62 states passed, now AwaitApproval" in drawn
    assert drawn.count("arrow seen") == len(ASKED) - 1
    assert marked(svg("stage", STATES, running=False), "now") == []


def test_what_has_no_drawing_is_not_drawn() -> None:
    """Nor is a part of the file that is none."""
    assert svg("unknown", STATES, running=True) == svg("phases", STATES, running=True) == ""


def test_states_of_a_stage_have_a_phase() -> None:
    """Those of other workflows have none."""
    assert [phase_of(one) for one in ("CheckWindow", "AwaitLock", "ApplyService", "Watch")] == [
        *("entry", "lock", "apply", "watch")
    ]
    assert (phase_of("RollBack"), phase_of("Conclude"), phase_of("FetchSource")) == ("back", "record", "")
    assert {phase_of(one) for one in ASKED} <= set(PHASES)
