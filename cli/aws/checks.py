"""Results of checks of a stack's resources, with the commands that repair what is wrong."""

from collections.abc import Iterable
from typing import Literal

from functions.domain.values import Value

Outcome = Literal["right", "note", "wrong"]
# Reads what is there, and makes again what the program registers: https://www.pulumi.com/docs/iac/cli/commands/pulumi_up/
REFRESH = "pulumi up --refresh"
# What is deleted for good can't be restored, and a secret has to be there before it gets a value.
_ORDER = ("aws", "pulumi", "kiro-worker")


class Check(Value, frozen=True):
    """The result of one check; `said` explains a `note` (worth knowing, but no fault) or a `wrong`.

    `repair` is the command that repairs what is wrong; "" where no command does.
    """

    what: str
    outcome: Outcome
    said: str = ""
    repair: str = ""


class Piece(Value, frozen=True):
    """One resource with the results of its checks."""

    kind: str
    name: str
    checks: tuple[Check, ...]


def right(what: str, holds: object, otherwise: str = "", repair: str = REFRESH) -> Check:
    """The result of a check: `right` if the condition holds, else `wrong` with the explanation and the repair."""
    return Check(what, "right") if holds else Check(what, "wrong", otherwise, repair)


def repairs(commands: Iterable[str]) -> list[str]:
    """The commands, each once, in the order in which they have to run."""
    return sorted(filter(None, dict.fromkeys(commands)), key=lambda one: _ORDER.index(one.split()[0]))
