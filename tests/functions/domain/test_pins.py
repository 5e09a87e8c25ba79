"""Pins: which releases they keep out of which environments, and what a second pin changes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from functions.domain.pins import Pin, keeps_out, left_out, pinned_again
from tests.functions.samples import COMMIT, NOW, OLDER

WHERE = ("test", "staging", "production")
PIN = Pin("production", "hello", "errors after main-1", "ada", NOW)
UNTIL = replace(PIN, newer_than=OLDER)


def test_a_pin_says_all_there_is_to_know() -> None:
    """R14: which part, since when, by whom, until what, and why."""
    words = f"hello is pinned in production since {NOW} by ada until"
    assert PIN.describe() == f"{words} `kiro-worker unpin`: errors after main-1"
    assert UNTIL.describe() == f"{words} a commit newer than {OLDER[:12]}, or `kiro-worker unpin`: errors after main-1"


@pytest.mark.parametrize(
    ("pin", "descends_from", "out"),
    [(PIN, (OLDER,), True), (UNTIL, (), True), (UNTIL, (COMMIT,), True), (UNTIL, (COMMIT, OLDER), False)],
    ids=["person", "unknown", "another", "newer"],
)
def test_only_a_descendant_of_the_named_commit_passes(pin: Pin, descends_from: tuple[str, ...], *, out: bool) -> None:
    """P14: what a release is not known to descend from keeps it out; without a commit only a person ends the pin."""
    assert keeps_out(pin, descends_from) is out


def test_what_is_left_out_stays_out_of_the_environments_after_it() -> None:
    """Q1: no environment gets what the one before did not pass; each names the pin that began it."""
    pins = {"staging": {"hello": replace(PIN, environment="staging")}, "production": {"hello": PIN, "api": UNTIL}}
    found = left_out(WHERE, pins, (OLDER,))
    words = pins["staging"]["hello"].describe()
    assert found == {"test": {}, "staging": {"hello": words}, "production": {"hello": words}}


_PINS = st.dictionaries(
    st.sampled_from(WHERE), st.dictionaries(st.sampled_from("ab"), st.sampled_from([PIN, UNTIL]), max_size=2)
)


@given(_PINS, st.sampled_from([(), (OLDER,)]))
def test_in_every_world_a_part_that_was_left_out_does_not_come_back(
    pins: dict[str, dict[str, Pin]], descends_from: tuple[str, ...]
) -> None:
    """Q1: over generated pins; and a part is left out only where it, or an environment before, is pinned against it."""
    found = left_out(WHERE, pins, descends_from)
    for number, name in enumerate(WHERE):
        against = {
            part
            for before in WHERE[: number + 1]
            for part, pin in pins.get(before, {}).items()
            if keeps_out(pin, descends_from)
        }
        assert found[name].keys() == against


@pytest.mark.parametrize(
    ("again", "kept"),
    [
        (replace(PIN, by="grace", since="later"), PIN),
        (replace(PIN, by="grace", since="later", reason=""), PIN),
        (replace(PIN, by="grace", reason="still"), replace(PIN, by="grace", reason="still")),
        (replace(UNTIL, by="grace", reason=""), replace(UNTIL, by="grace")),
    ],
    ids=["same", "no reason", "another reason", "another end"],
)
def test_a_second_pin_keeps_who_was_first_unless_it_says_otherwise(again: Pin, kept: Pin) -> None:
    """Another reason or another end is a new pin; no reason keeps the one there is."""
    assert pinned_again(PIN, again) == kept
    assert pinned_again(None, again) == again
