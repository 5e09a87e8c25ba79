"""The commands talk to AWS through the adapters, and to nothing of the laptop run."""

import ast
from collections.abc import Iterator
from pathlib import Path

import cli

_SHUT = ("boto3", "botocore", "functions.runtime", "local", "components", "tests", "moto", "ministack")


def _imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_the_commands_use_no_sdk_of_their_own() -> None:
    """Not an SDK, not the runtime that makes clients, not the emulator's side."""
    files = list(Path(next(iter(cli.__path__))).glob("*.py"))
    assert files
    for file in files:
        shut = [name for name in _imported(file) if any(name == door or name.startswith(f"{door}.") for door in _SHUT)]
        assert not shut, f"{file.name} imports {', '.join(shut)}"
