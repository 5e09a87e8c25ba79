"""The simulation of docs/scale.md: nothing grows for ever but evidence, and nothing expires that is needed."""

from collections import Counter
from itertools import islice

from benchmarks.scale.simulation import ages_of_what_is_good, days
from benchmarks.scale.traffic import CALLS, OBJECTS, ROWS, Traffic
from components.stack.storage import EXPIRY_DAYS
from functions.events.keep_artifacts import RENEWED_AT

TRAFFIC = Traffic()


def test_nothing_grows_for_ever_but_evidence() -> None:
    """50 repositories, 3 environments, 200 releases a day: after the longest lifetime each day is like the last one."""
    shown = {day.number: day for day in islice(days(TRAFFIC), 800)}
    assert shown[800].rows == shown[410].rows
    grown = {kind.where for kind in OBJECTS if shown[800].objects[kind] > shown[410].objects[kind]}
    assert grown == {"provenance"}
    assert shown[100].rows[ROWS[0]] == 200 * 92
    assert sum(shown[800].rows.values()) < 150_000


def test_a_search_for_lost_webhooks_takes_less_than_a_tenth_of_githubs_budget() -> None:
    """C3: of 5,000 requests and 5,000 points an hour, for 50 repositories."""
    hourly = Counter[str]()
    for calls in CALLS:
        if calls.what not in ("releases", "poll of the board, each five minutes"):
            hourly[calls.kind] += round(calls.an_hour(TRAFFIC))
    assert hourly["GitHub REST"] < 500
    assert hourly["GitHub GraphQL points"] < 500


def test_what_is_good_does_not_expire_while_nothing_is_released() -> None:
    """C1: a rollback finds it after years; without the daily run it is gone after 90 days."""
    assert len(list(ages_of_what_is_good(EXPIRY_DAYS, RENEWED_AT.days, 1000))) == 1000
    assert len(list(ages_of_what_is_good(EXPIRY_DAYS, 10_000, 1000))) == EXPIRY_DAYS - 1
    # The rule of a lifecycle and the daily run may be a day late each.
    assert max(ages_of_what_is_good(EXPIRY_DAYS, RENEWED_AT.days, 1000)) + 20 < EXPIRY_DAYS
