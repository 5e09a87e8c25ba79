"""Waiting for an unfreeze: what ends the wait of a release."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from functions.domain.admissions import Admission, Held, admission, is_newer, superseded
from functions.domain.environments import Freeze
from functions.domain.order import Order
from tests.functions.samples import environment

SINCE = "2026-01-31T08:00:00.000Z"
START = datetime(2026, 1, 31, 8, tzinfo=UTC)
FREEZE = Freeze("the fair", "Ada", SINCE)
OURS = Held("main-b", "acme/hello", Order(1, 2), SINCE)
NEWER = replace(OURS, deployment_id="main-c", order=Order(1, 3))
OLDER = replace(OURS, deployment_id="main-a", order=Order(1, 1))
OTHER = replace(NEWER, repository="acme/other")
PRODUCTION = environment(freeze_wait_days=2)


def test_a_release_waits_while_the_environment_is_frozen() -> None:
    """P12: neither older releases of its repository nor releases of other repositories end its wait."""
    assert admission(OURS, [OLDER, OTHER], FREEZE, PRODUCTION, START) is None


def test_an_unfrozen_environment_is_entered() -> None:
    """P12: also when the time of the release is up."""
    assert admission(OURS, [OLDER], None, PRODUCTION, START + timedelta(days=9)) == Admission("unfrozen")


@pytest.mark.parametrize("freeze", [FREEZE, None])
def test_a_newer_release_supersedes(freeze: Freeze | None) -> None:
    """P3: also in the moment of the unfreeze, so that the older release does not enter first."""
    found = admission(OURS, [OTHER, NEWER], freeze, PRODUCTION, START)
    assert found == superseded(NEWER, PRODUCTION)
    assert found == Admission("superseded", "a newer release waits for the unfreeze of production: main-c")


def test_of_two_releases_one_supersedes_the_other() -> None:
    """Never both, and never a release itself."""
    assert [is_newer(NEWER, OURS), is_newer(OURS, NEWER), is_newer(OURS, OURS), is_newer(OTHER, OURS)] == [
        True,
        False,
        False,
        False,
    ]


def test_the_wait_is_limited() -> None:
    """The reason names the freeze, the limit, its setting and the next step."""
    last = START + timedelta(days=2)
    assert admission(OURS, [], FREEZE, PRODUCTION, last - timedelta(seconds=1)) is None
    found = admission(OURS, [], FREEZE, PRODUCTION, last)
    assert found
    assert found.outcome == "held"
    for words in (FREEZE.describe("production"), "at most 2 days (freezeWaitDays)", "kiro-worker deploy"):
        assert words in found.reason
