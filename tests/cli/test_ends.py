"""The exit codes of `kiro-worker watch`."""

from pathlib import Path
from typing import get_args

import pytest

from cli.ends import EXIT_CODES, WITHOUT_RECORD, exit_code
from functions.domain.records import Outcome

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"


@pytest.mark.parametrize("outcome", get_args(Outcome))
def test_only_what_was_deployed_or_had_nothing_to_change_is_zero(outcome: str) -> None:
    """G1: a release that was rolled back, superseded or rejected is no success for a script."""
    assert (exit_code(outcome, rollback=False) == 0) is (outcome in ("deployed", "skipped"))
    assert (exit_code(outcome, rollback=True) == 0) is (outcome in ("deployed", "skipped", "restored"))


def test_each_other_end_has_a_documented_code_of_its_own() -> None:
    """1 and 2 are those of errors and of mistakes in the arguments."""
    assert set(EXIT_CODES) == set(get_args(Outcome))
    codes = {outcome: code for outcome, code in EXIT_CODES.items() if code}
    assert len({*codes.values(), WITHOUT_RECORD, 0, 1, 2}) == len(codes) + 4
    text = OPERATIONS.read_text("utf-8")
    for outcome, code in codes.items():
        assert f"| {code} | `{outcome}` |" in text
    assert f"| {WITHOUT_RECORD} |" in text
