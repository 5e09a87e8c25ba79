"""Who may open the console: a link for minutes, a session for hours, and nothing stored that opens either."""

from datetime import UTC, datetime, timedelta

from functions.domain.console_access import LASTS, OPENS_FOR, admits, begin, grant
from functions.handler import encode

NOW = datetime(2026, 1, 31, 8, tzinfo=UTC)
ACCESS = grant("id", "a-secret-of-a-link", "a-salt", "arn:ada", NOW)
SESSION = begin(ACCESS, "a-secret-of-a-link", NOW)


def test_a_link_begins_a_session_and_the_session_is_admitted() -> None:
    """The same link begins the same session, as often as it is followed."""
    assert SESSION != ""
    assert begin(ACCESS, "a-secret-of-a-link", NOW + timedelta(minutes=1)) == SESSION
    assert admits(ACCESS, SESSION, NOW)


def test_nothing_stored_opens_anything() -> None:
    """Neither the link's secret nor the session is in the record; the record's values are no session and no secret."""
    stored = encode(ACCESS)
    assert "a-secret-of-a-link" not in stored.values()
    assert SESSION not in stored.values()
    for value in stored.values():
        assert begin(ACCESS, value, NOW) == ""
        assert not admits(ACCESS, value, NOW)


def test_a_link_alone_is_no_session() -> None:
    """Who finds a link in a history would need the salt, which is in the table only."""
    assert not admits(ACCESS, "a-secret-of-a-link", NOW)
    other = grant("id", "a-secret-of-a-link", "another-salt", "arn:ada", NOW)
    assert begin(other, "a-secret-of-a-link", NOW) != SESSION


def test_both_end() -> None:
    """At their times, to the moment."""
    moment = timedelta(microseconds=1)
    assert begin(ACCESS, "a-secret-of-a-link", NOW + OPENS_FOR - moment) == SESSION
    assert begin(ACCESS, "a-secret-of-a-link", NOW + OPENS_FOR) == ""
    assert admits(ACCESS, SESSION, NOW + LASTS - moment)
    assert not admits(ACCESS, SESSION, NOW + LASTS)


def test_an_unknown_access_opens_nothing() -> None:
    """Nor does an empty secret."""
    assert begin(None, "x", NOW) == ""
    assert not admits(None, SESSION, NOW)
    assert begin(ACCESS, "", NOW) == ""
    assert not admits(ACCESS, "", NOW)
