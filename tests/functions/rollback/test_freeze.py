"""Freeze: a rollback without a record freezes its environment."""

from typing import Any

from tests.functions.rollback.test_record_rollback import frozen, record
from tests.functions.samples import DEPLOYMENT, NOW, RELEASE
from tests.functions.stack import Stack


def freeze(stack: Stack) -> Any:
    """Run the handler."""
    return stack.run(
        "rollback.freeze",
        {
            "deploymentId": DEPLOYMENT,
            "release": RELEASE,
            "environment": "eu-production",
            "reason": "RecordRollback: ClientError: the table is gone",
            "cause": "alarm errors rings",
            "breachedAt": NOW,
            "startedAt": NOW,
        },
    )


def test_a_rollback_without_a_record_freezes(stack: Stack) -> None:
    """R5: the output is the complete event; a repetition has the same result, and no record is needed."""
    answers = [freeze(stack) for _ in range(2)]
    found = frozen(stack)
    assert found
    assert found.by == f"rollback of {DEPLOYMENT}"
    assert "could not be recorded: RecordRollback: ClientError: the table is gone" in found.reason
    for answer in answers:
        assert (answer["result"], answer["reason"], answer["breachedAt"]) == ("unknown", found.reason, NOW)
    assert answers[1]["verifiedAt"] == found.since
    assert stack.deployment() == {}


def test_a_rollback_that_is_recorded_after_all_unfreezes(stack: Stack) -> None:
    """The full rollback of the same release restored and recorded it."""
    freeze(stack)
    record(stack, "restored")
    assert frozen(stack) is None
