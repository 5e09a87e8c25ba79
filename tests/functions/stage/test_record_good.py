"""RecordGood: what runs is the last known good."""

import pytest

from functions.domain.errors import StaleLeaseError
from functions.domain.locks import Lease
from tests.functions.delivered import parts, runs
from tests.functions.samples import COMMAND, COMMIT, DEPLOYMENT, LEASE, SERVICE, state, version
from tests.functions.stack import Stack

EVENT = {
    "deploymentId": DEPLOYMENT,
    "environment": "production",
    "repository": "acme/hello-service",
    "lease": LEASE,
}


def test_everything_that_was_watched_is_good(stack: Stack) -> None:
    """Also the parts this release left alone; doing it twice ends the same."""
    new = version(COMMIT, "2")
    runs(stack, state(SERVICE, new, good=version()), state(COMMAND))
    for _ in range(2):
        assert sorted(stack.run("stage.record_good", EVENT)["parts"]) == ["hello", "infrastructure"]
        assert {name: part.good for name, part in parts(stack).items()} == {"hello": new, "infrastructure": version()}


def test_what_the_repository_no_longer_names_is_forgotten(stack: Stack) -> None:
    """From here on nobody asks it for its health, or listens to its alarms; doing it twice ends the same."""
    runs(stack, state(), state(COMMAND))
    for _ in range(2):
        assert stack.run("stage.record_good", {**EVENT, "gone": ["hello"]}) == {"parts": ["infrastructure"]}
    assert set(parts(stack)) == {"infrastructure"}


def test_what_is_in_doubt_is_not_good(stack: Stack) -> None:
    """Nobody knows what was watched there."""
    doubtful = state(SERVICE, version(COMMIT, "2"), good=version(), in_doubt="main-that-died")
    runs(stack, doubtful, state(COMMAND))
    assert stack.run("stage.record_good", EVENT) == {"parts": ["infrastructure"]}
    assert parts(stack)["hello"] == doubtful


def test_an_empty_environment_has_nothing_good(stack: Stack) -> None:
    """No part, no record."""
    assert stack.run("stage.record_good", EVENT) == {"parts": []}


def test_a_stale_lease_calls_nothing_good(stack: Stack) -> None:
    """Q1: only the owner of the environment judges it."""
    runs(stack, state(SERVICE, version(COMMIT, "2"), good=version()), lease=Lease(LEASE.key, "newer", 7))
    with pytest.raises(StaleLeaseError):
        stack.run("stage.record_good", EVENT)
    assert parts(stack)["hello"].good == version()
