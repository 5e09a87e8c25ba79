"""The worker's program, run as in a build: with a real git, a real agent and real tests (W5, W7)."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from functions.buildspecs.work_item.steering import MANIFEST, SOURCE
from local.github import LocalGitHub
from tests.local.github.support import REPOSITORY, WorkingCopy, eventually

ROOT = Path(__file__).parents[3]
AGENT = ROOT / "local" / "agent.py"
GIT_TOKEN = "ghp_" + "g" * 36
BRANCH = "kiro/greet"
SPEC = f".kiro/specs/{BRANCH}"
DESIGN = """
## Task 1

```python write=src/hours.py
def salutation(hour):
    return "Good evening" if hour >= 18 else "Good day"
```

## Task 2

```python write=tests/test_hours.py
import sys
sys.path.insert(0, "src")
import hours


def test_evening():
    assert hours.salutation(18) == "Good evening"


def test_day():
    assert hours.salutation(9) == "Good day"
```
"""


@dataclass
class Build:
    """A build in a folder of its own; `variables` are what a test changes."""

    hub: LocalGitHub
    folder: Path
    copy: WorkingCopy
    variables: dict[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        """What CodeBuild would set."""
        agent = f"{shlex.quote(sys.executable)} {shlex.quote(str(AGENT))} --spec {{spec}} --task {{task}}"
        told = {
            "KIRO_GIT_TOKEN": GIT_TOKEN,
            "KIRO_DEPLOYMENT": "7-kiro-greet-1",
            "KIRO_REPOSITORY": REPOSITORY,
            "KIRO_BRANCH": BRANCH,
            "KIRO_SPEC": SPEC,
            "KIRO_GIT_URL": self.hub.url,
            "KIRO_NAMESPACE": "kiro/",
            "KIRO_AGENT": agent,
            "KIRO_TASK_SECONDS": "20",
            "KIRO_BUILD_SECONDS": "120",
            "AWS_SECRET_ACCESS_KEY": "not for the agent",
        }
        base = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "HOME": str(self.folder)}
        return {**base, "PYTHONPATH": str(ROOT / "functions" / "buildspecs"), **told, **self.variables}

    def start(self) -> "subprocess.Popen[str]":
        """Start the program."""
        self.folder.mkdir(exist_ok=True)
        return subprocess.Popen(
            [sys.executable, "-m", "work_item"],
            cwd=self.folder,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self) -> dict[str, Any]:
        """Run it to its end; answers its results."""
        process = self.start()
        said = process.communicate(timeout=60)[0]
        assert process.returncode == 0, said
        found: dict[str, Any] = json.loads(self.out("results.json"))
        return found

    def out(self, name: str) -> str:
        """A file that it left."""
        return (self.folder / "out" / name).read_text("utf-8")

    def branch(self, path: str) -> str:
        """A file of the branch, as GitHub has it."""
        return self.hub.repository(REPOSITORY).git.text("show", f"refs/heads/{BRANCH}:{path}")

    def log(self) -> list[str]:
        """The subjects of the branch's commits, newest first."""
        return self.hub.repository(REPOSITORY).git.text("log", "--format=%s", f"refs/heads/{BRANCH}").splitlines()


Make = Callable[..., Build]


@pytest.fixture
def make(hub: LocalGitHub, copy: WorkingCopy, tmp_path: Path) -> Make:
    """Pushes a branch with a spec and answers a build of it."""
    hub.add_token(GIT_TOKEN, "kiro-worker", permissions={"contents": "write"}, pushes_to="kiro/")

    def made(design: str = DESIGN, tasks: str = "- [ ] 1. Say it\n- [ ] 2. Test it\n", **files: str) -> Build:
        copy.commit("feat: begin", {"README.md": "hello\n"})
        copy.push("origin", "HEAD:refs/heads/main")
        copy.git("checkout", "--quiet", "-b", BRANCH)
        copy.commit("docs: spec", {f"{SPEC}/design.md": design, f"{SPEC}/tasks.md": tasks, **files})
        copy.push("origin", BRANCH)
        return Build(hub, tmp_path / "build", copy)

    return made


def test_every_open_task_is_done_tested_and_pushed(make: Make) -> None:
    """A commit per task on the branch, tasks ticked off, tests and coverage measured, steering files there."""
    build = make()
    results = build.run()
    assert [(one["task"], one["outcome"]) for one in results["tasks"]] == [("1", "done"), ("2", "done")]
    assert results["tests"] == {"total": 2, "failed": [], "skipped": 0}
    assert results["coverage"]["lines"] == 100
    assert build.log()[:3] == ["feat: Test it", "feat: Say it", "chore: steering files of version 1"]
    assert build.branch(f"{SPEC}/tasks.md").splitlines() == ["- [x] 1. Say it", "- [x] 2. Test it"]
    assert json.loads(build.branch(f".kiro/steering/{MANIFEST}")) == json.loads((SOURCE / MANIFEST).read_text("utf-8"))
    assert "hours.py" in build.out("diffs/task-1.diff")
    assert json.loads(build.out("metadata.json"))["head"] == results["head"]


def test_tasks_that_are_done_are_not_done_again(make: Make) -> None:
    """A second build finds nothing to do, tests all the same, and commits nothing."""
    build = make()
    build.run()
    before = build.log()
    results = _again(build)
    assert (results["tasks"], results["doneBefore"]) == ([], 2)
    assert results["tests"]["total"] == 2
    assert build.log() == before


def _again(build: Build) -> dict[str, Any]:
    """The next attempt has a machine of its own."""
    build.folder = build.folder.with_name(build.folder.name + "-next")
    return build.run()


def test_a_build_killed_in_a_task_loses_nothing(make: Make, tmp_path: Path) -> None:
    """What was done is pushed; the next attempt does the rest, and only that."""
    build = make()
    started = tmp_path / "second-task"
    waits = f'test "$2" = 2 && touch {started} && exec sleep 60; exec {sys.executable} {AGENT} --spec "$1" --task "$2"'
    usual = build.variables
    build.variables = {"KIRO_AGENT": f"sh -c {shlex.quote(waits)} agent {{spec}} {{task}}"}
    process = build.start()
    eventually(started.exists, 30)
    process.kill()
    process.communicate()
    assert build.log()[0] == "feat: Say it"
    build.variables = usual
    results = _again(build)
    assert [one["task"] for one in results["tasks"]] == ["2"]
    assert (results["doneBefore"], build.log().count("feat: Say it")) == (1, 1)


def test_a_task_that_fails_leaves_nothing_on_the_branch(make: Make) -> None:
    """Its diff and log are in the artifacts; tasks after it are not begun."""
    build = make(DESIGN.replace("## Task 2", "## Task 3"), "- [ ] 1. Say it\n- [ ] 2. Lost\n- [ ] 3. Test it\n")
    results = build.run()
    assert [one["outcome"] for one in results["tasks"]] == ["done", "failed", "not reached"]
    assert "no heading `## Task 2`" in build.out("logs/task-2.log")
    assert build.log()[0] == "feat: Say it"


def test_a_task_that_takes_too_long_is_ended(make: Make) -> None:
    """With everything that it started."""
    build = make()
    build.variables = {"KIRO_AGENT": "sh -c 'sleep 60' {spec} {task}", "KIRO_TASK_SECONDS": "0.5"}
    results = build.run()
    assert [one["outcome"] for one in results["tasks"]] == ["timed out", "not reached"]


def test_without_time_no_task_is_begun(make: Make) -> None:
    """What is left is said to be not reached, and what is there is tested."""
    build = make()
    build.variables = {"KIRO_BUILD_SECONDS": "0"}
    results = build.run()
    assert {one["outcome"] for one in results["tasks"]} == {"not reached"}


def test_the_agent_sees_neither_credential_nor_role(make: Make) -> None:
    """Its environment holds what any program needs, and nothing of ours."""
    build = make()
    build.variables = {"KIRO_AGENT": "sh -c 'env; git config --list' {spec} {task}"}
    build.run()
    seen = build.out("logs/task-1.log")
    assert "PATH=" in seen
    assert not [word for word in (GIT_TOKEN, "AWS_", "KIRO_", "extraHeader", "extraheader") if word in seen]


def test_a_tampered_repository_does_not_get_the_credential(make: Make, tmp_path: Path) -> None:
    """Hooks, filters and redirections that the agent leaves in `.git` are gone before our next command."""
    build = make()
    stolen = tmp_path / "stolen"
    hook = f"#!/bin/sh\nenv > {stolen}\n"
    evil = (
        f"printf {shlex.quote(hook)} > .git/hooks/pre-push; chmod +x .git/hooks/pre-push; cp .git/hooks/pre-push"
        " .git/hooks/pre-commit; git config url.http://127.0.0.1:9/.insteadOf http://; echo x > evil.txt"
    )
    build.variables = {"KIRO_AGENT": f"sh -c {shlex.quote(evil)} {{spec}} {{task}}"}
    results = build.run()
    assert {one["outcome"] for one in results["tasks"]} == {"done"}
    assert build.branch("evil.txt") == "x"
    assert not stolen.exists()


@pytest.mark.parametrize(
    "harm", ["rm -rf .git", f"rm -rf {SPEC}", "rm -rf .git && echo gitdir: /tmp > .git"], ids=["git", "spec", "gitdir"]
)
def test_a_working_copy_that_was_destroyed_is_a_problem_with_a_reason(make: Make, harm: str) -> None:
    """The results are written all the same, and the branch is as it was."""
    build = make()
    build.variables = {"KIRO_AGENT": f"sh -c {shlex.quote(harm)} {{spec}} {{task}}"}
    results = build.run()
    assert results["problems"]
    assert build.log()[0] == "chore: steering files of version 1"


def test_a_git_that_the_agent_plants_is_not_run(make: Make) -> None:
    """The program found its own before."""
    build = make(tasks="- [ ] 1. Say it\n")
    bin_folder = build.folder / "bin"
    git = bin_folder / "git"
    planted = f"mkdir -p {bin_folder}; printf '#!/bin/sh\\nexit 9\\n' > {git}; chmod +x {git}; echo x > x.txt"
    path = f"{bin_folder}{os.pathsep}{build.environment()['PATH']}"
    build.variables = {"KIRO_AGENT": f"sh -c {shlex.quote(planted)} {{spec}} {{task}}", "PATH": path}
    build.run()
    assert build.log()[0] == "feat: Say it"


def test_secrets_are_redacted_in_everything_that_is_kept(make: Make) -> None:
    """Values of this build and shapes of others, in logs, diffs and results."""
    build = make()
    other = "github_pat_" + "A1" * 20
    build.variables = {"KIRO_AGENT": f"sh -c 'echo {other}; echo AKIA{'Q' * 16} > leak.txt' {{spec}} {{task}}"}
    build.run()
    for file in (build.folder / "out").rglob("*"):
        if file.is_file():
            text = file.read_text("utf-8")
            assert other not in text, file
            assert "AKIAQ" not in text, file
    assert "[redacted]" in build.out("logs/task-1.log")


def test_a_title_is_text_and_nothing_else(make: Make, tmp_path: Path) -> None:
    """Quotes, dollars and backticks of a task end up in a commit message as they are."""
    title = f'$(touch {tmp_path}/x) `touch {tmp_path}/y` "; touch {tmp_path}/z; --amend'
    build = make(tasks=f"- [ ] 1. {title}\n")
    build.run()
    assert build.log()[0] == f"feat: {title}"
    assert not [name for name in "xyz" if (tmp_path / name).exists()]


def test_the_credential_pushes_nowhere_else(make: Make) -> None:
    """A branch outside the namespace is refused by the program, and by GitHub's ruleset behind it."""
    build = make()
    build.variables = {"KIRO_BRANCH": "main", "KIRO_SPEC": ".kiro/specs/main"}
    process = build.start()
    assert "refused" in process.communicate(timeout=30)[0]
    assert process.returncode == 1
    url = build.hub.url.replace("//", f"//x:{GIT_TOKEN}@")
    answer = build.copy.git("push", f"{url}/{REPOSITORY}.git", f"{BRANCH}:refs/heads/main", "--force", check=False)
    assert "403" in answer


def test_failing_tests_are_named(make: Make) -> None:
    """The build itself succeeds: it is the workflow that judges."""
    build = make(DESIGN.replace("hour >= 18", "hour > 18"))
    results = build.run()
    assert results["tests"]["failed"] == ["tests.test_hours.test_evening"]


def test_a_repository_without_tests_says_so(make: Make) -> None:
    """No tests found, and what to do about it."""
    build = make(tasks="- [x] 1. Say it\n")
    results = build.run()
    assert results["tests"] is None
    assert "add a `tests` folder" in results["testsProblem"]


def test_own_commands_come_first(make: Make) -> None:
    """`.kiro/worker.json` names commands and reports; what is wrong in it is told."""
    script = "import pathlib; pathlib.Path('j.xml').write_text('<testsuite><testcase name=\"a\"/></testsuite>')"
    told = {"test": [sys.executable, "-c", script], "junit": "j.xml", "cobertura": "c.xml"}
    build = make(tasks="", **{".kiro/worker.json": json.dumps(told)})
    results = build.run()
    assert results["tests"]["total"] == 1
    assert results["coverageProblem"] == "the tests left no c.xml"


def test_a_branch_that_went_away_is_a_problem_with_a_reason(make: Make) -> None:
    """Three tries, then a result that says so."""
    build = make()
    build.variables = {"KIRO_BRANCH": "kiro/gone", "KIRO_SPEC": ".kiro/specs/kiro/gone"}
    results = build.run()
    assert "checkout of kiro/gone failed 3 times" in results["problems"][0]


def test_what_people_push_meanwhile_is_kept(make: Make) -> None:
    """Our commit goes on top of theirs."""
    build = make(tasks="- [ ] 1. Say it\n")
    url = build.copy.git("remote", "get-url", "origin")
    folder = build.copy.path
    who = "-c user.name=a -c user.email=a@b"
    theirs = f"git fetch -q {url} {BRANCH} && git reset -q --hard FETCH_HEAD && echo mine > theirs.txt && git add ."
    push = f"git {who} commit -qm theirs && git push -q {url} HEAD:{BRANCH}"
    words = f"sh -c {shlex.quote(f'(cd {folder} && {theirs} && {push}); echo ours > ours.txt')} {{spec}} {{task}}"
    build.variables = {"KIRO_AGENT": words}
    build.run()
    assert build.log()[:2] == ["feat: Say it", "theirs"]
    assert (build.branch("theirs.txt"), build.branch("ours.txt")) == ("mine", "ours")
