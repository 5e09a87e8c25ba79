"""The commands reach AWS through adapters, and do not depend on the laptop run."""

import ast
from collections.abc import Iterator
from pathlib import Path

import cli

_FORBIDDEN = ("boto3", "botocore", "functions.runtime", "local", "components", "tests", "moto", "ministack")


def _imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_the_commands_use_no_sdk_of_their_own() -> None:
    """No module of `cli/` imports an SDK, the functions' runtime or `local`."""
    files = list(Path(next(iter(cli.__path__))).glob("*.py"))
    assert files
    for file in files:
        found = [
            name
            for name in _imported(file)
            if any(name == package or name.startswith(f"{package}.") for package in _FORBIDDEN)
        ]
        assert not found, f"{file.name} imports {', '.join(found)}"
