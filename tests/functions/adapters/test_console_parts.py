"""Pieces of the console's pages."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from functions.adapters import console_parts as parts
from functions.domain import waiting
from functions.domain.console import Lane, Shown
from functions.domain.records import DeploymentRecord
from tests.functions.samples import COMMIT, DEPLOYMENT, NOW, version

AT = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
RECORD = DeploymentRecord(DEPLOYMENT, status="running")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-5, "0 s"), (59.4, "59 s"), (150, "2 min"), (5400, "1 h 30 min"), (172_800, "2 d"), (864_000, "10 d")],
)
def test_a_span_is_said_shortly(seconds: float, words: str) -> None:
    """As the page's script says it."""
    assert parts.span(seconds) == words


def test_a_clock_has_the_time_for_the_script_and_words_without_it() -> None:
    """What is no time has no clock."""
    assert parts.clock(NOW, AT) == (
        f'<time datetime="{NOW}" data-clock="since" title="2026-01-31 08:00 UTC">1 h 30 min</time>'
    )
    assert ">30 min</time>" in parts.clock("2026-01-31T10:00:00Z", AT, "until")
    assert parts.clock("soon", AT) == parts.clock("", AT) == parts.clock("2026-01-31T10:00:00", AT) == ""


def test_the_sentence_has_its_facts_and_escapes_foreign_text() -> None:
    """What goes on by itself is for nobody."""
    said = parts.says(waiting.for_window("<prod>", "closed", "2026-01-31T10:00:00Z"), AT)
    assert "waits for a window of &lt;prod&gt;" in said
    assert "<span>it goes on by itself</span>" in said
    assert '<span class="code">kiro-worker deploy … --emergency --reason …</span>' in said
    assert "facts" not in parts.says(waiting.in_step("Verify"), AT)


def test_a_tone_is_only_a_colour() -> None:
    """The words say the same."""
    wait = waiting.for_soak("test", "", NOW)
    for record, waits, tone in (
        (RECORD, waiting.in_step("Verify"), "move"),
        (RECORD, wait, "wait"),
        (RECORD, waiting.of_death(), "bad"),
        (replace(RECORD, status="rolling back"), wait, "bad"),
        (replace(RECORD, outcome="deployed"), wait, "good"),
        (replace(RECORD, outcome="superseded"), wait, ""),
        (replace(RECORD, outcome="restored"), wait, "bad"),
    ):
        assert parts.tone_of(Shown(record, waits)) == tone


def test_a_lane_is_a_bar_with_words() -> None:
    """The bar is for the eyes only."""
    drawn = parts.lanes((Lane("test", "waits", "alarm", 4), Lane("production", "ahead", "to come")))
    assert '<b>test</b> <span>alarm</span></span><span class="track" aria-hidden="true">' in drawn
    assert drawn.count('<i class="good">') == 4
    assert drawn.count('<i class="wait">') == 1
    assert drawn.count("<i></i>") == 7


def test_a_version_is_linked_to_its_commit() -> None:
    """If the repository is known."""
    github = "https://github.example.com"
    address = f'href="{github}/acme/hello-service/commit/{COMMIT}"'
    assert address in parts.version(version(COMMIT), github)
    assert "href" not in parts.version(version(COMMIT, source=""), github)
    assert "nothing" in parts.version(None, github)
