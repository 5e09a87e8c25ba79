"""RecordRestored: a command that was restored is recorded."""

import pytest

from functions.domain.errors import StaleLeaseError
from functions.domain.locks import Lease
from functions.domain.rollback import Step
from tests.functions.delivered import parts, runs
from tests.functions.samples import COMMAND, COMMIT, DEPLOYMENT, LEASE, state, version
from tests.functions.stack import Stack

EVENT = {
    "deploymentId": DEPLOYMENT,
    "environment": "production",
    "step": Step(COMMAND, version()),
    "lease": LEASE,
}


def test_the_record_says_what_runs_again(stack: Stack) -> None:
    """Its outputs stay; a repetition has the same result."""
    runs(stack, state(COMMAND, version(COMMIT), good=version(), outputs={"url": "x"}))
    for _ in range(2):
        stack.run("rollback.record_restored", EVENT)
        assert parts(stack)["infrastructure"] == state(COMMAND, outputs={"url": "x"})


def test_a_part_without_a_record_gets_one(stack: Stack) -> None:
    """It has no last known good."""
    assert stack.run("rollback.record_restored", EVENT)["good"] is None


def test_a_stale_lease_records_nothing(stack: Stack) -> None:
    """The record belongs to the newer lock owner."""
    runs(stack, state(COMMAND), lease=Lease(LEASE.key, "newer", 7))
    with pytest.raises(StaleLeaseError):
        stack.run("rollback.record_restored", EVENT)
