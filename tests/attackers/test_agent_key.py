"""The key of the worker's agent: only the process of the agent has it, and the tests of the branch look for it in vain.

The agents are stand-ins that are as careless with their key as a program can be without sending it away.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest

from functions.buildspecs.work_item.agents.base import AgentName
from tests.attackers.another_user import NEEDS_ANOTHER_USER, PYTHON
from tests.functions.buildspecs.aws_endpoint import ARN, AwsEndpoint
from tests.functions.buildspecs.conftest import Build, Make, make
from tests.functions.buildspecs.stand_ins import ANSWER, STAND_INS, search, write

__all__ = ["make"]
# Made here and not written down: the tests search all files, and those of this test are among them.
KEY = "sk-agent-" + token_hex(16)
TASK = "- [ ] 1. Say it\n"
pytestmark = NEEDS_ANOTHER_USER


@pytest.fixture
def secrets() -> Iterator[AwsEndpoint]:
    """A Secrets Manager with the key."""
    with AwsEndpoint(KEY) as server:
        yield server


def prepared(build: Build, folder: Path, secrets: AwsEndpoint, name: AgentName = "command") -> Build:
    """A build of this preset, in a folder that every user may enter."""
    build.folder, build.python = folder / "build", str(_python(folder / "python"))
    build.variables = {
        **secrets.environment(),
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "KIRO_AGENT_PRESET": name,
        "KIRO_AGENT_SECRET": ARN,
    }
    return build


def kept(build: Build) -> str:
    """All that a build leaves, and what it pushed."""
    files = [file.read_text("utf-8") for file in (build.folder / "out").rglob("*") if file.is_file()]
    return "\n".join([*files, build.branch("greeting.txt")])


# Each is a whole build; `make test` has the one with the most options.
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name == "claude" else pytest.mark.long) for name in STAND_INS]
)
def test_an_agent_finds_its_key_and_the_tests_do_not(
    make: Make, open_to_all: Path, secrets: AwsEndpoint, name: AgentName
) -> None:
    """W9: each preset is installed without the key, called as its vendor says, and given the key for its run only."""
    build = prepared(make(tasks=TASK, **search(KEY, open_to_all)), open_to_all, secrets, name)
    build.variables["KIRO_AGENT_BUDGET_USD"] = "2.5"
    write(STAND_INS[name], KEY, open_to_all / "bin", PYTHON)
    results: dict[str, Any] = build.run()
    assert [one["outcome"] for one in results["tasks"]] == ["done"], results
    assert ANSWER in results["tail"]
    assert build.branch("greeting.txt") == "Good day"
    searched = build.out("logs/tests.log")
    assert searched.endswith("\nsearched\n\n")
    assert "FOUND" not in searched
    assert KEY not in kept(build)
    assert secrets.requests == 1


@pytest.mark.long
def test_a_wrong_key_is_the_agents_failure(make: Make, open_to_all: Path, secrets: AwsEndpoint) -> None:
    """The log of the task has what the agent says; nothing is committed."""
    build = prepared(make(tasks=TASK), open_to_all, secrets, "kiro")
    write(STAND_INS["kiro"], "another key", open_to_all / "bin", PYTHON)
    results = build.run()
    assert [one["outcome"] for one in results["tasks"]] == ["failed"]
    assert "Invalid API key" in build.out("logs/task-1.log")
    assert build.log()[0] == "chore: steering files of version 1"


@pytest.mark.long
def test_an_agent_that_can_not_be_installed_is_a_problem(make: Make, open_to_all: Path, secrets: AwsEndpoint) -> None:
    """The problem names the command; the key is not even read."""
    build = prepared(make(tasks=TASK), open_to_all, secrets, "claude")
    write(STAND_INS["codex"], KEY, open_to_all / "bin", PYTHON)
    results = build.run()
    assert "the agent can't be installed: `npm install --prefix ." in results["problems"][0]
    assert "unknown command line" in results["problems"][0]
    assert secrets.requests == 0


def test_a_key_in_the_files_of_an_agent_is_not_committed(make: Make, open_to_all: Path, secrets: AwsEndpoint) -> None:
    """An agent that writes its key into the working copy has not done its task: a push would publish it."""
    build = prepared(make(tasks=TASK), open_to_all, secrets)
    build.variables |= {
        "KIRO_AGENT": "sh -c 'echo $MODEL_KEY > greeting.txt' {spec} {task}",
        "KIRO_AGENT_KEY_VARIABLE": "MODEL_KEY",
    }
    results = build.run()
    assert results["problems"] == ["task 1: the agent wrote its key into a file; nothing is committed"]
    assert build.log()[0] == "chore: steering files of version 1"
    assert KEY not in build.out("diffs/task-1.diff")
    assert "[redacted]" in build.out("diffs/task-1.diff")


def test_what_the_tests_leave_does_not_meet_the_agent(make: Make, open_to_all: Path, secrets: AwsEndpoint) -> None:
    """Tests put a program and settings into their home and on the path, for an agent that runs later with the key."""
    # A name of this run: a run that was stopped in the middle has left its own.
    shared = f"/tmp/agent-{token_hex(8)}.conf"  # noqa: S108 # the folder that all users share
    plant = (
        "mkdir -p $HOME/.local/bin; printf '#!/bin/sh\necho planted' > $HOME/.local/bin/trojan; "
        f"chmod +x $HOME/.local/bin/trojan; echo planted > $HOME/.npmrc; echo planted > {shared}"
    )
    own = json.dumps({"test": ["sh", "-c", plant], "junit": "j.xml", "coverage": "c.xml"})
    build = prepared(make(tasks="- [x] 1. Say it\n", **{".kiro/worker.json": own}), open_to_all, secrets)
    look = f"ls -A $HOME; cat {shared}; trojan; echo looked"
    build.variables |= {
        "KIRO_AGENT": f"sh -c '{look}' {{spec}} {{task}}",
        "KIRO_AGENT_KEY_VARIABLE": "MODEL_KEY",
    }
    build.run()
    seen = build.out("logs/task-2.log")
    assert "looked" in seen
    assert "planted" not in seen


@pytest.mark.long
def test_without_a_second_user_no_agent_gets_a_key(make: Make, open_to_all: Path, secrets: AwsEndpoint) -> None:
    """Where the sandbox is open, the tests could read the memory of the program."""
    build = prepared(make(tasks=TASK), open_to_all, secrets)
    (open_to_all / "python").chmod(0o700)
    results = build.run()
    assert "the agent is not started, because the tests could read its key" in results["problems"][0]
    assert secrets.requests == 0


def _python(folder: Path) -> Path:
    """The Python in a folder of its own: what is beside it comes before the stand-ins on the path."""
    folder.mkdir()
    python = folder / "python3"
    python.symlink_to(PYTHON)
    return python
