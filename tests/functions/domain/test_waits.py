"""Keys of waits: a closed set of kinds, each with its own prefix."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain.errors import BadInputError
from functions.domain.pushes import DeliveryKey, PushKey
from functions.domain.waits import (
    AlarmsKey,
    ApprovalKey,
    BuildKey,
    RolloutKey,
    UnfreezeKey,
    WaitKey,
    WatchKey,
    read_wait_key,
)

NAMES = st.text(st.characters(categories=("L", "N"), include_characters="-:_"), min_size=1)


OF_EXECUTIONS = st.one_of(*(st.builds(kind, NAMES, NAMES) for kind in (WatchKey, AlarmsKey, UnfreezeKey, RolloutKey)))


@given(st.builds(BuildKey, NAMES) | OF_EXECUTIONS | st.builds(ApprovalKey, NAMES))
def test_a_key_is_read_back_as_it_was(key: WaitKey) -> None:
    """Every kind of key is read back from its text."""
    assert read_wait_key(str(key)) == key


def test_keys_are_spelled_as_in_the_rows_of_earlier_versions() -> None:
    """A wait that was stored before an upgrade is found after it."""
    assert [
        str(BuildKey("kiro-build:1")),
        str(WatchKey("production", "main-1-production")),
        str(AlarmsKey("production", "main-1-production-rollback")),
        str(RolloutKey("production", "main-1-production")),
        str(ApprovalKey("a1")),
        str(PushKey("acme/hello")),
        str(DeliveryKey("ab" * 32)),
    ] == [
        "build/kiro-build:1",
        "watch/production/main-1-production",
        "alarms/production/main-1-production-rollback",
        "rollout/production/main-1-production",
        "approval/a1",
        "push/acme/hello",
        "delivery/" + "ab" * 32,
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "build/",
        "watch/production",
        "alarms/production",
        "approval/",
        "unfreeze/production",
        "rollout/x",
        "push/a/b",
        "lock/x",
    ],
)
def test_what_nobody_waits_for_is_no_wait(text: str) -> None:
    """Any other text is an error that names the key and the kinds."""
    with pytest.raises(BadInputError, match="has an unknown kind"):
        read_wait_key(text)
