"""The stack `production`: its data outlives the stack."""

import pytest

from components.stack.settings_file import SettingsError
from tests.components.recorder import Outcome, Recorder, run_main, stack_config


def test_state_is_protected(outcomes: dict[str, Outcome]) -> None:
    """Tables refuse deletion, the bucket is not emptied, secrets and key can be restored for 30 days."""
    recorder = outcomes["production"].recorder
    assert all(table.inputs["deletionProtectionEnabled"] for table in recorder.of("dynamodb/table:Table"))
    assert not any(bucket.inputs["forceDestroy"] for bucket in recorder.of("s3/bucket:Bucket"))
    assert {s.inputs["recoveryWindowInDays"] for s in recorder.of("secretsmanager/secret:Secret")} == {30}
    assert recorder.one("kms/key:Key", "key").inputs["deletionWindowInDays"] == 30


def test_state_that_goes_with_the_stack_is_refused() -> None:
    """The setting retainStateful can't be false in production."""
    recorder = Recorder()
    with pytest.raises(SettingsError, match="kiro-worker:retainStateful"):
        run_main("production", {**stack_config("production"), "kiro-worker:retainStateful": "false"}, recorder)
    assert recorder.resources == []
