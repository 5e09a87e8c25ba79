"""RestoreService: move the alias back."""

from typing import Any

import pytest

from functions.domain.errors import DeployTargetError, StaleLeaseError
from functions.domain.locks import Lease
from functions.domain.rollback import Step
from tests.functions.delivered import create_function, parts, points_to, runs
from tests.functions.samples import COMMIT, DEPLOYMENT, ENVIRONMENT, LEASE, SERVICE, state, version
from tests.functions.stack import Stack


def restore(stack: Stack, to: str = "1") -> Any:
    """Run the handler."""
    return stack.run(
        "rollback.restore_service",
        {
            "deploymentId": DEPLOYMENT,
            "environment": ENVIRONMENT,
            "step": Step(SERVICE, version(number=to)),
            "lease": LEASE,
        },
    )


def test_the_alias_and_the_record_go_back(stack: Stack) -> None:
    """R6: a repetition has the same result."""
    create_function(stack, versions=2)
    runs(stack, state(SERVICE, version(COMMIT, "2"), good=version()))
    for _ in range(2):
        restore(stack)
        assert points_to(stack) == "1"
        assert parts(stack)["hello"] == state()


def test_a_part_that_was_never_recorded_goes_back_too(stack: Stack) -> None:
    """The change failed before RecordPart."""
    create_function(stack, versions=2)
    assert restore(stack)["running"]["version"] == "1"
    assert points_to(stack) == "1"


def test_a_version_that_was_deleted_is_named(stack: Stack) -> None:
    """The error names the version."""
    create_function(stack)
    with pytest.raises(DeployTargetError, match="hello-production does not exist"):
        restore(stack, "9")


def test_a_stale_lease_moves_nothing(stack: Stack) -> None:
    """Of two rollbacks at once, the newer owns the environment."""
    create_function(stack, versions=2)
    runs(stack, state(), lease=Lease(LEASE.key, "newer", 7))
    with pytest.raises(StaleLeaseError):
        restore(stack)
    assert points_to(stack) == "2"
