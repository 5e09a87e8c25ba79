"""The exit codes of `kiro-worker watch`: what a script learns from how a deployment ended."""

from collections.abc import Mapping
from typing import get_args

from functions.domain.records import Outcome

# 1 is an error of the command, 2 a mistake in its arguments. The codes follow the order of `Outcome`.
_FIRST = 10
_GOOD = ("deployed", "skipped")
EXIT_CODES: Mapping[str, int] = {
    outcome: 0 if outcome in _GOOD else _FIRST + place for place, outcome in enumerate(get_args(Outcome))
}
WITHOUT_RECORD = 9


def exit_code(outcome: str, *, rollback: bool) -> int:
    """The code of an outcome; that of a rollback is 0 if it `restored`."""
    return 0 if rollback and outcome == "restored" else EXIT_CODES.get(outcome, WITHOUT_RECORD)
