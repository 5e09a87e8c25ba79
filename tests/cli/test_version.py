"""The version of the command."""

import tomllib
from pathlib import Path

from tests.cli.conftest import Kiro

PROJECT = Path(__file__).parents[2]


def test_in_a_checkout_it_is_that_of_the_project(kiro: Kiro) -> None:
    """T1: a report of a fault names it; the installed command has its own."""
    declared = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert kiro.run("version").output == f"{declared} (checkout)\n"
    assert kiro.json("version") == {"version": f"{declared} (checkout)"}
