"""How long a release must run in an environment before it may enter the next one (G6)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain.soaks import Soak, Watched, soak

NOW = datetime(2026, 1, 31, 8, tzinfo=UTC)


def watched(status: str, minutes: float, ended: bool = False) -> Watched:
    """An enhanced watch that began so many minutes ago, or that ran so long."""
    return Watched(status, (NOW - timedelta(minutes=minutes)).isoformat(), NOW.isoformat() if ended else "")


def test_without_a_soak_nothing_is_waited_for() -> None:
    """Also where no enhanced watch runs."""
    assert soak("test", 0, None, NOW) == Soak("soaked")


def test_a_soak_that_is_not_over_is_waited_for() -> None:
    """Until its time, which counts from the start of the enhanced watch."""
    found = soak("test", 60, watched("RUNNING", 20), NOW)
    assert found == Soak(
        "soaking",
        "test demands 60 min without a critical alarm (soakMinutes)",
        (NOW + timedelta(minutes=40)).isoformat(),
    )


@pytest.mark.parametrize("status", ["RUNNING", "SUCCEEDED", "ABORTED"])
def test_after_its_time_a_release_has_soaked(status: str) -> None:
    """The next deployment may end the watch then: it ran long enough."""
    assert soak("test", 60, watched(status, 60, status != "RUNNING"), NOW) == Soak("soaked")


def test_the_next_deployment_ends_a_soak() -> None:
    """A release that was replaced before its time never gets it."""
    found = soak("test", 60, watched("ABORTED", 12, ended=True), NOW)
    assert found.outcome == "cut"
    assert "it ran only 12 min in test before the next deployment" in found.reason


@pytest.mark.parametrize("watch", [None, watched("FAILED", 90, ended=True), watched("TIMED_OUT", 90, ended=True)])
def test_a_time_that_nobody_watched_is_no_soak(watch: Watched | None) -> None:
    """The watch did not start, or broke: an alarm may have come and gone."""
    found = soak("test", 60, watch, NOW)
    assert (found.outcome, found.reason) == ("unwatched", "no enhanced watch of it ran 60 min in test (soakMinutes)")


@given(st.integers(1, 10_000), st.floats(0, 10_000, allow_nan=False), st.sampled_from(["RUNNING", "ABORTED"]))
def test_no_release_soaks_in_less_than_its_time(minutes: int, ran: float, status: str) -> None:
    """And a wait ends when the time is over."""
    found = soak("test", minutes, watched(status, ran, status != "RUNNING"), NOW)
    if found.outcome == "soaked":
        assert ran >= minutes - 1e-4
    if found.outcome == "soaking":
        assert soak("test", minutes, watched("RUNNING", ran), datetime.fromisoformat(found.until)).outcome == "soaked"
