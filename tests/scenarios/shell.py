"""Runs the commands of a guide on a platform of this machine, as an operator does on AWS.

`kiro-worker` runs as it is written, by the guide's own alias. What this machine lacks is done by its equivalent:

- `aws SERVICE OPERATION --option VALUE …`: the same operation by the SDK; unknown operations and options are refused.
  `$(…)` in it is run first.
- `pulumi up` and `pulumi destroy`: the embedded deployer, which creates the stack at its first `up`.
- `pulumi stack output NAME`: the outputs that the embedded deployer returned.
- `git push origin main`: the author's working copy.
- `make TARGET`: nothing, for tests have what it makes; the target must be there.
"""

import json
import os
import re
import shlex
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from botocore import xform_name
from botocore.model import Shape, StructureShape

from local.author import Author
from local.clients import Clients
from local.operators import operator_environment
from local.platform import PROJECT, Deployed, Platform

_PROMPT = re.compile(r"([\w-]+) \([^)]*\): $")


class Shell:
    """An operator's terminal in the root of the checkout; `files` replaces the names of files in commands.

    The AWS CLI uses `aws`, by default the account and region of the stack.
    """

    def __init__(
        self, platform: Platform, author: Author, alias: str, files: Mapping[str, Path], aws: Clients | None = None
    ) -> None:
        self._platform = platform
        self._clients = aws or platform.clients
        self._author = author
        self._alias = alias
        self._files = files
        self.deployed: Deployed | None = None
        self.pushed = ""
        self.ran: set[str] = set()

    def run(self, command: str) -> str:
        """Run a command that succeeds, and return its output."""
        self.ran.add(command)
        programs: Mapping[str, Callable[[str], str]] = {
            "kiro-worker": self._kiro,
            "aws": self._aws,
            "pulumi": self._pulumi,
            "git": self._git,
            "make": self._make,
        }
        program = command.partition(" ")[0]
        assert program in programs, f"the guide runs `{command}`: {program} is not known here"
        return programs[program](command)

    def start(self, command: str, **streams: Any) -> subprocess.Popen[str]:
        """Start `kiro-worker` as it is written; what `alias` in a script names is expanded by bash on request only."""
        for name, file in self._files.items():
            command = command.replace(name, shlex.quote(str(file)))
        script = f"shopt -s expand_aliases\n{self._alias}\n{command}\n"
        return subprocess.Popen(
            ["bash", "-c", script], cwd=PROJECT, env=self._environment(), text=True, start_new_session=True, **streams
        )

    def type_into(self, command: str, answers: Mapping[str, str]) -> list[str]:
        """Run `kiro-worker` at a terminal and answer its prompts by their names; returns the names of the prompts."""
        self.ran.add(command)
        ours, theirs = os.openpty()
        prompts: list[str] = []
        with self.start(command, stdin=theirs, stdout=theirs, stderr=theirs) as process:
            os.close(theirs)
            shown = ""
            while piece := _read(ours):
                shown += piece
                if found := _PROMPT.search(shown):
                    prompts.append(found[1])
                    os.write(ours, f"{answers.get(found[1], '')}\n".encode())
                    shown = ""
        os.close(ours)
        assert process.returncode == 0, shown
        return prompts

    def _kiro(self, command: str) -> str:
        with self.start(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            output, errors = process.communicate()
        assert process.returncode == 0, f"`{command}`: {output}{errors}"
        return output

    def _aws(self, command: str) -> str:
        inner = re.sub(r"\$\(([^)]+)\)", lambda found: self.run(found[1]).strip(), command)
        _, service, operation, *rest = shlex.split(inner)
        client = self._clients.client(service)
        model = client.meta.service_model
        names = {xform_name(name, "-"): name for name in model.operation_names}
        assert operation in names, f"the AWS CLI has no `{service} {operation}`"
        shape = model.operation_model(names[operation]).input_shape
        members = {f"--{xform_name(name, '-')}": name for name in shape.members}
        given = dict(zip(rest[::2], rest[1::2], strict=True))
        wanted, form = given.pop("--query", ""), given.pop("--output", "json")
        assert given.keys() <= members.keys(), f"`{service} {operation}` has no {given.keys() - members.keys()}"
        assert form == "text" or not wanted, "only one value is printed as a text"
        answer = getattr(client, xform_name(names[operation]))(
            **{members[option]: _argument(shape.members[members[option]], value) for option, value in given.items()}
        )
        return str(answer[wanted] if wanted else answer)

    def _pulumi(self, command: str) -> str:
        match shlex.split(command)[1:]:
            case ["up" | "destroy" as step]:
                self.deployed = self._platform.deploy(step)
            case ["stack", "init", name]:
                assert name == self._platform.stack
            case ["stack", "output", name]:
                return str(self._platform.outputs[name])
            case ["stack", "output", name, "--json"]:
                return json.dumps(self._platform.outputs[name])
            case _:
                raise AssertionError(f"`{command}` is not known here")
        return ""

    def _git(self, command: str) -> str:
        assert command == "git push origin main"
        self.pushed = self._author.push("feat: let operations choose the salutation")
        return ""

    def _make(self, command: str) -> str:
        _, target = command.split()
        assert re.search(rf"^{target}:", (PROJECT / "Makefile").read_text("utf-8"), re.MULTILINE), target
        return ""

    def _environment(self) -> dict[str, str]:
        return {
            **operator_environment(self._platform),
            "AWS_ENDPOINT_URL": self._platform.emulator.endpoint,
            "COLUMNS": "240",
        }


def _argument(shape: Shape, value: str) -> Any:
    """A text, or a structure in the shorthand of the AWS CLI.

    https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-shorthand.html
    """
    if not isinstance(shape, StructureShape):
        return _content(value)
    given = dict(pair.split("=", 1) for pair in value.split(","))
    return {
        name: text == "true" if shape.members[name].type_name == "boolean" else text for name, text in given.items()
    }


def _content(value: str) -> str:
    """The AWS CLI reads `file://` relative to the folder in which it runs."""
    return (PROJECT / value.removeprefix("file://")).read_text("utf-8") if value.startswith("file://") else value


def _read(terminal: int) -> str:
    """What a terminal shows next; empty once nobody writes to it any more, which Linux reports as an error."""
    try:
        return os.read(terminal, 4096).decode()
    except OSError:
        return ""
