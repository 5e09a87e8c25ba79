"""The programs of builds."""

from functions.adapters.build_programs import BuildPrograms
from tests.functions.stack import SETTINGS, Stack


def test_the_keys_are_those_of_the_settings(stack: Stack) -> None:
    """The program uploads them under names with their digests."""
    assert BuildPrograms.connect(stack.clients).keys == tuple(SETTINGS["BUILD_PROGRAMS"].split(","))
