"""Pulumi stacks: where their states are, and which commit a state says runs."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from msgspec.structs import replace

from functions.domain.pulumi_stacks import StackState, UpdateRecord, folder_of, message_of, running
from tests.functions.samples import COMMIT, DEPLOYMENT

AT = datetime(2026, 1, 31, 8, 0, tzinfo=UTC)
GOOD = UpdateRecord("update", "succeeded", message_of(COMMIT, DEPLOYMENT), AT)
STATE = StackState(unfinished=False, saved=AT, last=GOOD)


def test_the_last_update_names_the_commit() -> None:
    """The record is written after the last checkpoint, in the same second or later."""
    assert running(STATE) == COMMIT
    assert running(replace(STATE, saved=AT - timedelta(seconds=1))) == COMMIT


@pytest.mark.parametrize(
    "state",
    [
        StackState(unfinished=False, saved=None, last=None),
        replace(STATE, unfinished=True),
        replace(STATE, saved=None),
        replace(STATE, last=None),
        replace(STATE, saved=AT + timedelta(seconds=1)),
        replace(STATE, last=replace(GOOD, result="failed")),
        replace(STATE, last=replace(GOOD, kind="refresh")),
        replace(STATE, last=replace(GOOD, kind="destroy")),
        replace(STATE, last=replace(GOOD, message="")),
        replace(STATE, last=replace(GOOD, message=f"by hand: {GOOD.message}")),
    ],
    ids=[
        "never applied",
        "an update runs or died",
        "without a checkpoint",
        "without a record",
        "changed after the last update",
        "failed",
        "refreshed by a person",
        "destroyed",
        "applied by a person",
        "applied by a person who quotes the platform",
    ],
)
def test_anything_else_is_not_known(state: StackState) -> None:
    """F8: what the platform did not do, or did not end, is never taken for a release."""
    assert running(state) is None


def test_each_environment_and_repository_has_its_own_folder() -> None:
    """Roles are bounded by it, so that no repository reads or writes the state of another."""
    places = list(product(("test", "production"), ("acme/one", "acme/two")))
    folders = {folder_of("b", "eu-west-1", *place, "shop", "main").folder for place in places}
    assert len(folders) == len(places)
    one = folder_of("states", "eu-west-1", "test", "acme/one", "shop", "main")
    assert one.url == "s3://states/test/acme/one?region=eu-west-1"
    assert one.name == "organization/shop/main"
    # https://github.com/pulumi/pulumi/blob/v3.272.0/pkg/backend/diy/store.go
    assert one.checkpoint == "test/acme/one/.pulumi/stacks/shop/main.json"
    assert one.history == "test/acme/one/.pulumi/history/shop/main/"
    assert one.unfinished == (
        "test/acme/one/.pulumi/locks/organization/shop/main/",
        "test/acme/one/.pulumi/journal/shop/main/",
    )
