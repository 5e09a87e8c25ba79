"""What a build of the worker left behind, whether it is good enough, and how a pull request tells it (W6)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from functions.domain.gates import Coverage, TestRun, Unreadable, Verdict, judge_coverage, judge_tests

BEGIN = "<!-- kiro-worker:begin -->"
END = "<!-- kiro-worker:end -->"
_MOST_FILES = 100
_TAIL = 3000
_MARKUP = re.compile(r"[`<>|\r\n\x00-\x08\x0b-\x1f]+")


@dataclass(frozen=True, slots=True)
class TaskResult:
    """One task of `tasks.md` in this build: how it ended, seconds it took, files it changed."""

    task: str
    title: str
    outcome: Literal["done", "failed", "timed out", "not reached"]
    seconds: float = 0.0
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Results:
    """The build's `results.json`; a report that could not be read says why in its problem."""

    head: str = ""
    tasks: tuple[TaskResult, ...] = ()
    done_before: int = 0
    tests: TestRun | None = None
    tests_problem: str = ""
    coverage: Coverage | None = None
    coverage_problem: str = ""
    problems: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    tail: str = ""


def judge(results: Results, minimum: float) -> tuple[Verdict, ...]:
    """Tasks, tests and coverage, each with its verdict; `minimum` in percent."""
    tests = results.tests or Unreadable(results.tests_problem or "the build reported no tests")
    coverage = results.coverage or Unreadable(results.coverage_problem or "the build reported no coverage")
    return (_judge_tasks(results), judge_tests(tests), judge_coverage(coverage, minimum))


def _judge_tasks(results: Results) -> Verdict:
    bad = [f"task {one.task} ({one.title[:100]}) {one.outcome}" for one in results.tasks if one.outcome != "done"]
    said = [*results.problems, *bad]
    if said:
        return Verdict("tasks", "failed", "; ".join(said))
    new = len(results.tasks)
    return Verdict("tasks", "passed", f"{new} tasks done, {results.done_before} were done before")


def section(results: Results, gates: Sequence[Verdict], build: str, log: str) -> str:
    """Our part of a pull request's body; everything that came from outside is kept from being markup."""
    lines = [
        BEGIN,
        "### Kiro Worker",
        "",
        f"Build `{build}`" + (f" ([log]({log}))" if log.startswith("https://") and ")" not in log else ""),
        "",
        "| gate | result | |",
        "|---|---|---|",
        *(f"| {gate.name} | {gate.outcome} | {_plain(gate.reason, 500)} |" for gate in gates),
    ]
    tests = results.tests
    if tests:
        passed = tests.total - tests.skipped - len(tests.failed)
        lines += ["", f"Tests: {passed} passed, {len(tests.failed)} failed, {tests.total} in total."]
    if results.coverage:
        branches = results.coverage.branches
        told = "" if branches is None else f", branches {branches:.1f} %"
        lines += [f"Coverage: lines {results.coverage.lines:.1f} %{told}."]
    if results.tasks:
        lines += ["", *(f"- {_plain(t.task, 20)} {_plain(t.title, 120)}: {t.outcome}" for t in results.tasks)]
    lines += _files(results.files)
    if results.tail.strip():
        lines += ["", "<details><summary>The agent's last words</summary>", "", _fenced(results.tail), "", "</details>"]
    return "\n".join([*lines, END])


def merged_body(body: str, ours: str) -> str:
    """A pull request's body with our part put in or replaced; what people wrote around it stays as it is."""
    start = body.find(BEGIN)
    stop = body.find(END, start) if start >= 0 else -1
    if stop < 0:
        return f"{body.rstrip()}\n\n{ours}" if body.strip() else ours
    return body[:start] + ours + body[stop + len(END) :]


def _files(files: Sequence[str]) -> list[str]:
    if not files:
        return []
    more = [f"- and {len(files) - _MOST_FILES} more"] if len(files) > _MOST_FILES else []
    return ["", "Changed files:", "", *(f"- `{_plain(name, 200)}`" for name in files[:_MOST_FILES]), *more]


def _plain(text: str, limit: int) -> str:
    return _MARKUP.sub(" ", text).strip()[:limit]


def _fenced(text: str) -> str:
    """A fence longer than any in the text, so that the text can't end it; and none of our markers within."""
    tail = text[-_TAIL:].replace("<!--", "<! --").replace("-->", "-- >")
    longest = max((len(run) for run in re.findall(r"`+", tail)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{tail}\n{fence}"
