"""The exit codes of `kiro-worker watch`: what a script learns from how a deployment ended."""

from collections.abc import Mapping

from functions.domain.records import Outcome

# 1 is an error of the command, 2 a mistake in its arguments. Scripts compare these codes: an outcome keeps its own.
_CODES: Mapping[Outcome, int] = {
    "deployed": 0,
    "skipped": 0,
    "superseded": 12,
    "rejected": 13,
    "expired": 14,
    "void": 15,
    "held": 16,
    "failed": 17,
    "restored": 18,
    "partly": 19,
    "unknown": 20,
    "aborted": 21,
    "timed out": 22,
    "rollback": 23,
}
EXIT_CODES: Mapping[str, int] = {str(outcome): code for outcome, code in _CODES.items()}
WITHOUT_RECORD = 9


def exit_code(outcome: str, *, rollback: bool) -> int:
    """The code of an outcome; that of a rollback is 0 if it `restored`."""
    return 0 if rollback and outcome == "restored" else EXIT_CODES.get(outcome, WITHOUT_RECORD)
