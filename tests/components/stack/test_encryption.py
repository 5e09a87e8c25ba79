"""The key of the stack: its rotation and its policy."""

import json
from typing import Any

from tests.components.recorder import ACCOUNT, Outcome


def _statements(whole: Outcome) -> dict[str, dict[str, Any]]:
    key = whole.recorder.one("kms/key:Key", "key").inputs
    return {statement["Sid"]: statement for statement in json.loads(key["policy"])["Statement"]}


def test_it_is_rotated_every_year(whole: Outcome) -> None:
    """AWS rotates the key without an action of ours."""
    key = whole.recorder.one("kms/key:Key", "key").inputs
    assert (key["enableKeyRotation"], key["rotationPeriodInDays"]) == (True, 365)


def test_the_account_can_always_administrate_the_key(whole: Outcome) -> None:
    """A key whose policy nobody may change is lost."""
    account = _statements(whole)["Account"]
    assert account["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    assert {"kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:CreateGrant"} <= set(account["Action"])


def test_services_may_use_the_key_for_this_account_only(whole: Outcome) -> None:
    """Every statement for another principal has a condition on the account."""
    for sid, statement in _statements(whole).items():
        if sid not in ("Account", "EventBusIsChecked"):
            assert ACCOUNT in json.dumps(statement["Condition"]), sid
