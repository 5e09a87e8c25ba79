"""States of Pulumi stacks: objects are listed to the end, and the newest record is read."""

import json

import pytest

from functions.adapters.pulumi_states import PulumiStates
from functions.domain.errors import DeployTargetError
from functions.domain.pulumi_stacks import StackState, folder_of, message_of, running
from tests.functions.samples import COMMIT, DEPLOYMENT, ENVIRONMENT, OLDER
from tests.functions.stack import REGION, Stack

WHERE = folder_of("states", REGION, "production", "acme/shop", "shop", "production")


@pytest.fixture(autouse=True)
def _bucket(stack: Stack) -> None:
    stack.client("s3").create_bucket(Bucket="states", CreateBucketConfiguration={"LocationConstraint": REGION})


def put(stack: Stack, key: str, content: str = "{}") -> None:
    """Write an object of the state."""
    stack.client("s3").put_object(Bucket="states", Key=key, Body=content.encode())


def updated(stack: Stack, at: int, commit: str, result: str = "succeeded") -> None:
    """Let an update have ended at this time, in nanoseconds."""
    record = {"kind": "update", "result": result, "message": message_of(commit, DEPLOYMENT), "endTime": at // 10**9}
    put(stack, WHERE.checkpoint)
    put(stack, f"{WHERE.history}production-{at}.history.json", json.dumps(record))
    put(stack, f"{WHERE.history}production-{at}.checkpoint.json")


def read(stack: Stack) -> StackState:
    """The state of the stack."""
    return PulumiStates.connect(stack.clients).read(ENVIRONMENT, WHERE)


def test_a_stack_that_was_never_applied_has_no_state(stack: Stack) -> None:
    """Also if others are applied beside it, whose names begin with its own."""
    put(stack, WHERE.checkpoint.replace("production.json", "production.json.bak"))
    put(stack, WHERE.history.replace("/production/", "/production-2/") + "production-2-1.history.json")
    assert read(stack) == StackState(unfinished=False, saved=None, last=None)


def test_the_newest_of_many_updates_counts(stack: Stack) -> None:
    """On later pages, too: `local/strict` lists a few objects at a time."""
    first = 1_769_846_400_000_000_000
    for number in range(3):
        updated(stack, first + number * 10**9, OLDER)
    assert running(read(stack)) == OLDER
    updated(stack, first + 5 * 10**9, COMMIT)
    assert running(read(stack)) == COMMIT
    updated(stack, first + 6 * 10**9, OLDER, "failed")
    assert running(read(stack)) is None


@pytest.mark.parametrize("left", ["locks", "journal"])
def test_what_an_update_leaves_that_has_not_ended_is_found(stack: Stack, left: str) -> None:
    """A lock, or entries of a journal."""
    updated(stack, 1_769_846_400_000_000_000, COMMIT)
    put(stack, next(prefix for prefix in WHERE.unfinished if f"/{left}/" in prefix) + "1.json")
    assert read(stack).unfinished


def test_a_record_that_can_not_be_read_is_an_error(stack: Stack) -> None:
    """It names the object: the stack may have been applied by another version of Pulumi."""
    put(stack, f"{WHERE.history}production-1769846400000000000.history.json", "[]")
    with pytest.raises(DeployTargetError, match=r"s3://states/production/acme/shop/.*history\.json is no record"):
        read(stack)
