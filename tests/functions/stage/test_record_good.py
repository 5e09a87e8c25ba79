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
    """Also parts that this release did not change; a repetition has the same result."""
    new = version(COMMIT, "2")
    runs(stack, state(SERVICE, new, good=version()), state(COMMAND))
    for _ in range(2):
        assert sorted(stack.run("stage.record_good", EVENT)["parts"]) == ["hello", "infrastructure"]
        assert {name: part.good for name, part in parts(stack).items()} == {"hello": new, "infrastructure": version()}


def test_parts_that_are_gone_are_removed_from_the_records(stack: Stack) -> None:
    """Their health and alarms are no longer read; a repetition has the same result."""
    runs(stack, state(), state(COMMAND))
    for _ in range(2):
        assert stack.run("stage.record_good", {**EVENT, "gone": ["hello"]}) == {"parts": ["infrastructure"]}
    assert set(parts(stack)) == {"infrastructure"}


def test_what_is_in_doubt_is_not_good(stack: Stack) -> None:
    """It is not known which version was watched."""
    doubtful = state(SERVICE, version(COMMIT, "2"), good=version(), in_doubt="main-that-died")
    runs(stack, doubtful, state(COMMAND))
    assert stack.run("stage.record_good", EVENT) == {"parts": ["infrastructure"]}
    assert parts(stack)["hello"] == doubtful


def test_an_empty_environment_has_nothing_good(stack: Stack) -> None:
    """Without parts nothing is written."""
    assert stack.run("stage.record_good", EVENT) == {"parts": []}


def test_a_stale_lease_records_nothing_as_good(stack: Stack) -> None:
    """Q1: only the lock owner of the environment records."""
    runs(stack, state(SERVICE, version(COMMIT, "2"), good=version()), lease=Lease(LEASE.key, "newer", 7))
    with pytest.raises(StaleLeaseError):
        stack.run("stage.record_good", EVENT)
    assert parts(stack)["hello"].good == version()
