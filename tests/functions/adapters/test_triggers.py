"""The setting TRIGGERS."""

from functions.adapters.triggers import Triggers
from tests.functions.stack import TRIGGERS, Stack


def test_the_rules_arrive_as_the_program_wrote_them(stack: Stack) -> None:
    """Every field of the rules survives the setting."""
    assert Triggers.connect(stack.clients).rules == TRIGGERS
