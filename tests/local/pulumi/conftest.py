"""Small Pulumi projects, deployed by the real command in a process of its own."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.local.pulumi import running

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.emulator import Emulator


@dataclass
class Outcome:
    """The output of one run of the command."""

    code: int | None
    result: dict[str, Any]
    progress: str

    @property
    def changes(self) -> dict[str, int]:
        """The counts that are not zero."""
        return {op: count for op, count in self.result["changes"].items() if count}

    @property
    def errors(self) -> str:
        """All errors in one text."""
        return "\n".join(self.result["errors"])


@dataclass
class Sandbox:
    """A project folder with the stack `dev`."""

    directory: Path
    emulator: Emulator
    codebuild_endpoint: str = ""

    def write(self, program: str) -> None:
        """Replace the program."""
        (self.directory / "__main__.py").write_text(program)

    def settings(self, text: str) -> None:
        """Append configuration to the stack's file."""
        path = self.directory / "Pulumi.dev.yaml"
        path.write_text(path.read_text() + text)

    def run(self, command: str, *options: str, ok: bool = True) -> Outcome:
        """Run `up`, `preview` or `destroy`."""
        codebuild = self.codebuild_endpoint or self.emulator.endpoint
        endpoints = ["--endpoint", self.emulator.endpoint, "--codebuild-endpoint", codebuild]
        arguments = [command, "--stack", "dev", "--json", "--directory", str(self.directory), *endpoints, *options]
        with tempfile.TemporaryDirectory() as written:
            code, said, progress = running.run(arguments, Path(written))
        assert said, progress
        outcome = Outcome(code, json.loads(said), progress)
        assert (outcome.code == 0) is ok, progress
        return outcome


@pytest.fixture
def sandbox(tmp_path: Path, emulator: Emulator, request: pytest.FixtureRequest) -> Sandbox:
    """An empty project, named after the test so that nothing in the shared emulator collides."""
    return make_sandbox(tmp_path, emulator, request.node.name.removeprefix("test_").replace("_", "-")[:40])


@pytest.fixture
def program(sandbox: Sandbox) -> Callable[[str], Sandbox]:
    """Write a program into the sandbox and return it."""

    def write(text: str) -> Sandbox:
        sandbox.write(text)
        return sandbox

    return write


def make_sandbox(directory: Path, emulator: Emulator, name: str) -> Sandbox:
    """Write the two files every project has."""
    (directory / "Pulumi.yaml").write_text(f"name: {name}\nruntime: python\n")
    (directory / "Pulumi.dev.yaml").write_text(
        "config:\n  aws:region: eu-central-1\n  aws:defaultTags: {tags: {Project: demo}}\n"
    )
    return Sandbox(directory, emulator)
