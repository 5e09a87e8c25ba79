"""Which versions nobody can call any more."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain.versions import KEPT_SECONDS, Published, named, unneeded

NOW = datetime(2026, 11, 28, tzinfo=UTC)
FUNCTION = "arn:aws:lambda:eu-central-1:123456789012:function:f"


def published(*days_ago: float) -> tuple[Published, ...]:
    """Versions 1, 2, … with their ages."""
    return tuple(
        Published(f"{FUNCTION}:{n}", (NOW - timedelta(days=age)).isoformat()) for n, age in enumerate(days_ago, 1)
    )


@pytest.mark.parametrize(
    ("versions", "called", "gone"),
    [
        (published(30, 20, 10), set(), [1, 2]),
        (published(30, 20, 10), {f"{FUNCTION}:1"}, [2]),
        (published(30, 20, 0.5), set(), [1]),
        (published(30), set(), []),
        (published(), set(), []),
        (published(*range(40, 28, -1)), set(), list(range(1, 12))),
    ],
    ids=["all but the newest", "not what is called", "not what was replaced today", "one", "none", "by number"],
)
def test_what_nobody_can_call_is_unneeded(versions: tuple[Published, ...], called: set[str], gone: list[int]) -> None:
    """Whatever the order of the list is."""
    for order in (versions, versions[::-1]):
        assert [one.number for one in unneeded(order, called, NOW.isoformat())] == gone


@given(st.lists(st.floats(0, 100), max_size=9), st.sets(st.integers(1, 9)))
def test_what_may_be_called_is_kept(ages: list[float], called: set[int]) -> None:
    """The newest version, and what is called or was replaced a short time ago, is never deleted."""
    versions = published(*sorted(ages, reverse=True))
    gone = {one.number for one in unneeded(versions, {f"{FUNCTION}:{n}" for n in called}, NOW.isoformat())}
    assert not gone & (called | {len(versions)})
    replaced = [datetime.fromisoformat(versions[number].at) for number in gone]
    assert all((NOW - at).total_seconds() > KEPT_SECONDS for at in replaced)


def test_a_definition_names_functions_and_workflows() -> None:
    """With or without a version; services that Step Functions calls itself have no such ARN."""
    machine = "arn:aws:states:eu-central-1:123456789012:stateMachine:m-1:3"
    service = "arn:aws:states:::lambda:invoke.waitForTaskToken"
    assert named(f'{{"a": "{FUNCTION}", "b": ["{FUNCTION}:12"], "c": "{machine}", "d": "{service}"}}') == {
        FUNCTION,
        f"{FUNCTION}:12",
        machine,
    }
