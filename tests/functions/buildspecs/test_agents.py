"""The presets of the agent: command lines, and what their outputs mean (W9)."""

import json
import platform
from collections.abc import Mapping
from typing import get_args

import pytest

from functions.buildspecs.work_item.agents.base import AgentName, Job
from functions.buildspecs.work_item.agents.claude import Claude
from functions.buildspecs.work_item.agents.codex import Codex
from functions.buildspecs.work_item.agents.command import Command
from functions.buildspecs.work_item.agents.copilot import Copilot
from functions.buildspecs.work_item.agents.kiro import Kiro
from functions.buildspecs.work_item.agents.registry import agent_of
from functions.buildspecs.work_item.processes import Ran
from tests.functions.buildspecs.stand_ins import ANSWER, PROMPT, STAND_INS

JOB = Job(".kiro/specs/kiro/greet", "1.2", "Say {task} it", 2.5)


def ran(output: str, code: int = 0) -> Ran:
    """A run that ended by itself."""
    return Ran("failed" if code else "done", code, output, 1.0)


def test_each_preset_has_a_stand_in() -> None:
    """A new preset is tried in a build, too; `command` is what most tests of the build use."""
    assert {*STAND_INS, "command"} == set(get_args(AgentName))


@pytest.mark.parametrize("name", STAND_INS)
def test_command_lines_are_those_of_the_vendor(name: AgentName, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sources are in the docstring of each preset's file; flags go before the prompt."""
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    agent, expected = agent_of(name), STAND_INS[name]
    program, *words = agent.command(JOB)
    assert f"{agent.programs}/{program}" == expected.program
    assert words == [JOB.prompt() if word == PROMPT else word for word in expected.words]
    assert tuple(agent.install(agent.version)) == expected.installs
    assert agent.key_variable == expected.variable


def test_a_version_is_installed_as_it_is_named() -> None:
    """The setting replaces the version that was tried."""
    assert Codex().install("1.2.3")[0][-1] == "@openai/codex@1.2.3"
    assert "/stable/4.0.1/" in Kiro().install("4.0.1")[0][-1]


def test_without_a_budget_there_is_no_limit() -> None:
    """A budget of 0 would end the run at once."""
    assert "--max-budget-usd" not in Claude().command(Job("s", "1", "t"))


def test_the_prompt_names_the_task_and_what_the_build_does() -> None:
    """Spec, number and title; committing and marking are the build's."""
    prompt = JOB.prompt()
    assert prompt.startswith("Work on task 1.2 of the spec in .kiro/specs/kiro/greet: Say {task} it\n")
    assert "Do not commit" in prompt
    assert "BLOCKED: and the reason" in prompt


def test_placeholders_of_a_command_are_replaced_once() -> None:
    """A value stays one word, and a placeholder within it stays text."""
    agent = Command("x --spec {spec} 'about {title}' {task}{task} {other} {prompt}", "MODEL_KEY")
    words = agent.command(JOB)
    assert words[:-1] == ["x", "--spec", JOB.spec, "about Say {task} it", "1.21.2", "{other}"]
    assert words[-1] == JOB.prompt()
    assert (agent.key_variable, agent.install("")) == ("MODEL_KEY", ())
    assert agent.read(ran("BLOCKED: never mind")).outcome == "done"


@pytest.mark.parametrize(
    ("output", "outcome"),
    [
        (ANSWER, "done"),
        ("\x1b[31m> BLOCKED: the design names no file\x1b[0m\n\n ▸ Credits: 0.1 • Time: 2s\n", "failed"),
        ("● BLOCKED: no network\n", "failed"),
        ("If it can't be done, end with a line BLOCKED: and the reason.\n\nIt can be done.\n", "done"),
        ("BLOCKED: at first\nbut then\nit\nwas\ndone\n", "done"),
        ("", "done"),
    ],
)
def test_an_agent_may_say_that_a_task_is_blocked(output: str, outcome: str) -> None:
    """In the last lines of its answer, below which some agents print cost and time."""
    assert Kiro().read(ran(output)).outcome == outcome
    assert Copilot().read(ran(output)).outcome == outcome


def claude(code: int = 0, **fields: object) -> Ran:
    """A result of Claude Code, below a line of another form."""
    result = {"type": "result", "subtype": "success", "is_error": False, "num_turns": 3, "total_cost_usd": 0.126}
    return Claude().read(ran("a warning\n" + json.dumps({**result, "result": ANSWER, **fields}), code))


def test_the_result_of_claude_is_its_answer_with_turns_and_cost() -> None:
    """People read this in the pull request; the log keeps the JSON."""
    done = claude()
    assert (done.outcome, done.output) == ("done", f"{ANSWER}\n\nclaude: success, 3 turns, 0.13 USD\n")


@pytest.mark.parametrize(
    ("code", "fields", "end"),
    [
        # As version 2.1.332 printed it for a refused key: `subtype` says success nevertheless.
        (1, {"is_error": True, "terminal_reason": "api_error", "result": "Invalid API key"}, "api_error"),
        (1, {"subtype": "error_max_budget_usd", "result": ""}, "error_max_budget_usd"),
        (0, {"subtype": "error_during_execution"}, "error_during_execution"),
        (0, {"result": "I tried.\nBLOCKED: the tests need a database"}, "success"),
    ],
    ids=str,
)
def test_a_result_of_claude_that_is_no_success_has_failed(code: int, fields: dict[str, object], end: str) -> None:
    """Whatever the exit code is; the budget is reached, the key is refused, or the task is blocked."""
    done = claude(code, **fields)
    assert done.outcome == "failed"
    assert f"claude: {end}, 3 turns" in done.output


def test_a_claude_without_a_result_has_failed() -> None:
    """Something else of this name ran, or it died."""
    assert Claude().read(ran("hello")).outcome == "failed"


def test_a_run_that_timed_out_stays_so() -> None:
    """The outcome of the process is stronger than what it printed before."""
    late = Ran("timed out", -9, json.dumps({"type": "result", "subtype": "error_max_turns"}), 5.0)
    assert Claude().read(late).outcome == "timed out"
    assert Codex().read(late).outcome == "timed out"


# As version 0.171.0 printed them for a refused key, without the lines of its log.
REFUSED = (
    {"type": "turn.started"},
    {"type": "error", "message": "Reconnecting... 5/5 (unexpected status 401 Unauthorized)"},
    {"type": "item.completed", "item": {"id": "item_0", "type": "error", "message": "Falling back to HTTPS"}},
    {"type": "turn.failed", "error": {"message": "unexpected status 401 Unauthorized: invalid key"}},
)


def codex(*events: Mapping[str, object], code: int = 0) -> Ran:
    """A run of Codex, with a line of its log between events."""
    lines = "\n2026-11-29T07:19:42Z ERROR codex_api: failed to connect\n".join(map(json.dumps, events))
    return Codex().read(ran(f"Reading additional input from stdin...\n{lines}\n", code))


def test_the_messages_of_codex_are_its_output() -> None:
    """Retries are no failure."""
    said = {"type": "item.completed", "item": {"type": "agent_message", "text": ANSWER}}
    done = codex(REFUSED[0], REFUSED[1], said)
    assert (done.outcome, done.output) == ("done", f"{ANSWER}\n")


@pytest.mark.parametrize("code", [0, 1])
def test_a_failed_turn_of_codex_has_failed(code: int) -> None:
    """Also with exit code 0; the reason is in the output."""
    done = codex(*REFUSED, code=code)
    assert (done.outcome, done.output) == ("failed", "codex: unexpected status 401 Unauthorized: invalid key\n")


def test_a_codex_without_events_keeps_its_output() -> None:
    """An error of its command line is for people."""
    done = Codex().read(ran("error: unexpected argument\n", 2))
    assert (done.outcome, done.output) == ("failed", "error: unexpected argument\n")
