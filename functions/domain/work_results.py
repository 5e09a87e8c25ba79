"""The results of a worker's build, their verdicts, and the section about them in a pull request (W6)."""

from collections.abc import Sequence
from typing import Literal

from functions.domain.gates import (
    Coverage,
    TestRun,
    Unreadable,
    Verdict,
    judge_coverage,
    judge_tests,
    without_secrets,
)
from functions.domain.texts import code, fenced, markdown_line, quote
from functions.domain.values import Value

BEGIN = "<!-- kiro-worker:begin -->"
END = "<!-- kiro-worker:end -->"
_MOST_FILES = 100
_TAIL = 3000


class TaskResult(Value, frozen=True):
    """One task of `tasks.md` in this build: its outcome, its duration in seconds, and the files that it changed."""

    task: str
    title: str
    outcome: Literal["done", "failed", "timed out", "not reached"]
    seconds: float = 0.0
    files: tuple[str, ...] = ()


class Results(Value, frozen=True):
    """The build's `results.json`.

    `tests` and `coverage` are None if their reports could not be read; then `…_problem` is the reason. `head` is the
    pushed commit, `done_before` the number of tasks done in earlier builds, `tail` the end of the agent's output.
    """

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
    """The verdicts on tasks, tests and coverage; `minimum` is the required coverage in percent."""
    tests = results.tests or Unreadable(results.tests_problem or "the build reported no tests")
    coverage = results.coverage or Unreadable(results.coverage_problem or "the build reported no coverage")
    return without_secrets((_judge_tasks(results), judge_tests(tests), judge_coverage(coverage, minimum)))


def _judge_tasks(results: Results) -> Verdict:
    failed = (one for one in results.tasks if one.outcome != "done")
    bad = [f"task {quote(one.task)} ({quote(one.title)}) {one.outcome}" for one in failed]
    faults = [*results.problems, *bad]
    if faults:
        return Verdict("tasks", "failed", "; ".join(faults))
    new = len(results.tasks)
    return Verdict("tasks", "passed", f"{new} tasks done, {results.done_before} were done before")


def section(results: Results, gates: Sequence[Verdict], build: str, log: str) -> str:
    """The worker's section of a pull request's body; text from outside is stripped of markup."""
    lines = [
        BEGIN,
        "### Kiro Worker",
        "",
        f"Build {code(build)}" + (f" ([log]({log}))" if log.startswith("https://") and ")" not in log else ""),
        "",
        "| gate | result | |",
        "|---|---|---|",
        *(f"| {gate.name} | {gate.outcome} | {markdown_line(gate.reason, 500)} |" for gate in gates),
    ]
    tests = results.tests
    if tests:
        passed = tests.total - tests.skipped - len(tests.failed)
        lines += ["", f"Tests: {passed} passed, {len(tests.failed)} failed, {tests.total} in total."]
    if results.coverage:
        branches = results.coverage.branches
        measured = "" if branches is None else f", branches {branches:.1f} %"
        lines += [f"Coverage: lines {results.coverage.lines:.1f} %{measured}."]
    if results.tasks:
        lines += [
            "",
            *(f"- {markdown_line(t.task, 20)} {markdown_line(t.title, 120)}: {t.outcome}" for t in results.tasks),
        ]
    lines += _files(results.files)
    if results.tail.strip():
        lines += ["", "<details><summary>End of the agent's output</summary>", ""]
        lines += [fenced(results.tail, _TAIL), "", "</details>"]
    return "\n".join([*lines, END])


def merged_body(body: str, ours: str) -> str:
    """A pull request's body with the worker's section added or replaced; the text of people around it is kept."""
    start = body.find(BEGIN)
    stop = body.find(END, start) if start >= 0 else -1
    if stop < 0:
        return f"{body.rstrip()}\n\n{ours}" if body.strip() else ours
    return body[:start] + ours + body[stop + len(END) :]


def _files(files: Sequence[str]) -> list[str]:
    if not files:
        return []
    more = [f"- and {len(files) - _MOST_FILES} more"] if len(files) > _MOST_FILES else []
    return ["", "Changed files:", "", *(f"- {code(name)}" for name in files[:_MOST_FILES]), *more]
