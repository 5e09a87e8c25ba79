"""One attempt: `python3 -m work_item` reads its settings from variables and writes `out/results.json`."""

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from . import steering, tasks
from .agents.base import Job
from .aws import read_secret
from .checks import Checked, check, shortcoming
from .errors import WorkError
from .git import WorkingCopy
from .outcome import Outcome, OutputWriter, TaskDone
from .processes import Ran
from .redact import Redactor
from .sandbox import Sandbox
from .settings import Settings, read
from .task_list import Task

_INSTALL_SECONDS = 600.0


class Attempt:
    """The work on one item in one build."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._settings = settings
        self._sandbox = Sandbox()
        self._copy = WorkingCopy(settings, self._sandbox, self._token)
        self._out = folder / "out"
        self._key = ""
        self._redactor = Redactor(_secrets(settings))
        self._writer = OutputWriter(self._out, self._redactor)
        self._ready = False
        self.outcome = Outcome()

    def run(self) -> None:
        """Do the work and write the outcome, also after an error; nothing of the agent runs any more by then."""
        try:
            self._work()
        except WorkError as error:
            self.outcome.problems.append(str(error))
        except (OSError, ValueError) as error:  # the agent may have damaged the working copy in any way
            self.outcome.problems.append(f"the work stopped: {type(error).__name__}: {error}")
        finally:
            settings = self._settings
            self._writer.conclude(settings.work_id, settings.repository, settings.branch, self.outcome)
            self._sandbox.remove()

    def _work(self) -> None:
        copy, outcome = self._copy, self.outcome
        opened = self._sandbox.close(self._settings.git_url, key=bool(self._settings.agent_secret))
        if opened:
            log(f"the sandbox of the agent is open: {opened}")
        copy.check_out()
        start = outcome.head = copy.head()
        outcome.steering = steering.synchronise(copy.folder)
        if copy.commit(f"chore: steering files of version {outcome.steering}"):
            self._push()
        if not self._list().is_file():
            raise WorkError(f"{self._settings.spec}/tasks.md is not on the branch")
        listed = tasks.read(self._list())
        if listed.problems:
            outcome.problems += listed.problems
        else:
            self._do_all(listed.work())
        outcome.files = copy.changed_since(start)
        outcome.checked = outcome.checked or self._check()

    def _do_all(self, known: list[Task]) -> None:
        """Do the open tasks in order, up to the first that fails; without one, add a task for failed checks."""
        outcome = self.outcome
        outcome.done_before = sum(task.done for task in known)
        if all(task.done for task in known):
            known += self._repair_task()
        to_do = [task for task in known if not task.done]
        for task in to_do:
            if not self._do(task):
                break
        late = to_do[len(outcome.tasks) :]
        outcome.tasks += [TaskDone(task.id, task.title, "not reached") for task in late]

    def _token(self) -> str:
        """The token for the next command of git that reaches GitHub."""
        token = self._settings.credential()
        self._redactor.add(token)
        return token

    def _check(self) -> Checked:
        return check(self._sandbox, self._run_checks)

    def _list(self) -> Path:
        """The task list; the agent may have made it a link since it was read."""
        return self._sandbox.file(self._copy.folder / self._settings.spec / "tasks.md")

    def _run_checks(self, words: Sequence[str], seconds: float) -> Ran:
        """Run a command of the branch in the sandbox, with a repository of its own and without the agent's key."""
        self._copy.lend()
        return self._sandbox.run(words, self._settings.environment, seconds)

    def _run_agent(self, task: Task, seconds: float) -> Ran:
        """Run the agent for a task; only its process gets the key."""
        settings, agent = self._settings, self._settings.agent
        self._prepare()
        own = {**agent.variables, **({agent.key_variable: self._key} if self._key else {})}
        command = agent.command(Job(settings.spec, task.id, task.title, settings.budget_usd))
        self._copy.lend()
        return self._sandbox.run_alone(command, {**self._for_programs(), **own}, seconds)

    def _prepare(self) -> None:
        """Before the first task: install the agent, then read its key."""
        settings = self._settings
        if self._ready:
            return
        for words in settings.agent.install(settings.agent_version):
            ran = self._sandbox.install(words, settings.environment, _INSTALL_SECONDS)
            if ran.outcome != "done":
                said = self._redactor.text(ran.output.strip()[-500:])
                raise WorkError(f"the agent can't be installed: `{' '.join(words)}` {ran.outcome}: {said}")
        if settings.agent_secret:
            self._key = read_secret(settings.agent_secret)
            self._redactor.add(self._key)
        self._ready = True

    def _for_programs(self) -> dict[str, str]:
        """The variables of the sandbox, with the installed program first on the path."""
        given, folder = self._settings.environment, self._settings.agent.programs
        if not folder:
            return given
        return {**given, "PATH": os.pathsep.join((str(self._sandbox.tools / folder), given.get("PATH", os.defpath)))}

    def _repair_task(self) -> list[Task]:
        """If all tasks are done and the checks fail, a new task to correct that; otherwise none."""
        checked, copy = self._check(), self._copy
        wrong = shortcoming(checked, self._settings.coverage_percent)
        if not wrong:
            self.outcome.checked = checked
            return []
        copy.undo(copy.head())  # files that the tests wrote are not part of the work
        return [tasks.add(self._list(), self._redactor.text(f"Correct what the checks found: {wrong}"))]

    def _do(self, task: Task) -> bool:
        """Run the agent for one task; a finished task is committed and pushed, changes of a failed one are undone.

        Log and diff are written to the artifacts in both cases. Returns False if the task failed or no time is left.
        """
        left = self._settings.deadline - time.monotonic()
        if left <= 0:
            return False
        copy, before = self._copy, self._copy.head()
        log(f"task {task.id}: {task.title}")
        raw = self._run_agent(task, min(left, self._settings.task_seconds))
        ran = self._settings.agent.read(raw)
        name = f"task-{task.id}-line-{task.line}" if self._is_known(task) else f"task-{task.id}"
        self._writer.write(f"logs/{name}.log", raw.output)
        self.outcome.tail = self._redactor.text(ran.output)
        if self._key and self._key in copy.diff(before):
            self.outcome.problems.append(f"task {task.id}: the agent wrote its key into a file; nothing is committed")
            ran = replace(ran, outcome="failed")
        if ran.outcome == "done":
            tasks.tick(self._list(), task)
            copy.commit(f"feat: {task.title}\n\nTask {task.id} of {self._settings.spec}/tasks.md")
        self._writer.write(f"diffs/{name}.diff", copy.diff(before))
        if ran.outcome != "done":
            copy.undo(before)
        files = copy.changed_since(before)
        self.outcome.tasks.append(TaskDone(task.id, task.title, ran.outcome, round(ran.seconds, 1), files))
        log(f"task {task.id}: {ran.outcome} after {ran.seconds:.1f} s")
        if ran.outcome == "done":
            self._push()
        return ran.outcome == "done"

    def _is_known(self, task: Task) -> bool:
        """Whether a task of the same number was done in this build: a list may repeat a number."""
        return any(one.task == task.id for one in self.outcome.tasks)

    def _push(self) -> None:
        self._copy.push()
        self.outcome.head = self._copy.head()


def _secrets(settings: Settings) -> list[str]:
    """Values of the agent's variables whose names look like those of secrets."""
    words = ("TOKEN", "SECRET", "PASSWORD", "KEY", "CREDENTIAL")
    return [value for name, value in settings.environment.items() if any(word in name for word in words)]


def log(line: str) -> None:
    """Write a line to the build's log."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Run the attempt; the exit code is 0 if an outcome was written, whether good or bad."""
    try:
        settings = read()
    except WorkError as error:
        log(str(error))
        return 1
    attempt = Attempt(settings, Path.cwd())
    attempt.run()
    for problem in attempt.outcome.problems:
        log(problem)
    return 0


if __name__ == "__main__":
    sys.exit(main())
