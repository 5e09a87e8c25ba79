"""A build of the worker against the local GitHub, with a real git, a real agent and real tests."""

import inspect
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import markdown_it
import mdurl
import pytest

from local.github import LocalGitHub
from tests.local.github.support import REPOSITORY, WorkingCopy

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
    """A build in its own folder; `variables` are changed by a test."""

    hub: LocalGitHub
    folder: Path
    copy: WorkingCopy
    variables: dict[str, str] = field(default_factory=dict)
    python: str = sys.executable

    def environment(self) -> dict[str, str]:
        """The variables that CodeBuild would set."""
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
            "KIRO_COVERAGE_PERCENT": "80",
        }
        base = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "HOME": str(self.folder)}
        base["TMPDIR"] = str(self.folder)
        # Of the plugins here a repository needs one; the others take most of the time in which its tests begin.
        base |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": "pytest_cov"}
        libraries = {str(Path(inspect.getfile(one)).parents[1]) for one in (markdown_it, mdurl)}
        path = os.pathsep.join((str(ROOT / "functions" / "buildspecs"), *sorted(libraries)))
        return {**base, "PYTHONPATH": path, **told, **self.variables}

    def start(self) -> "subprocess.Popen[str]":
        """Start the program."""
        self.folder.mkdir(exist_ok=True)
        return subprocess.Popen(
            [self.python, "-m", "work_item"],
            cwd=self.folder,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self) -> dict[str, Any]:
        """Run the program; returns its results."""
        with self.start() as process:
            try:
                said = process.communicate(timeout=120)[0]
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        assert process.returncode == 0, said
        found: dict[str, Any] = json.loads(self.out("results.json"))
        return found

    def again(self) -> dict[str, Any]:
        """Run the next attempt, on a new machine."""
        self.folder = self.folder.with_name(self.folder.name + "-next")
        return self.run()

    def out(self, name: str) -> str:
        """A file in its output."""
        return (self.folder / "out" / name).read_text("utf-8")

    def branch(self, path: str) -> str:
        """A file of the branch on GitHub."""
        return self.hub.repository(REPOSITORY).git.text("show", f"refs/heads/{BRANCH}:{path}")

    def log(self) -> list[str]:
        """The subjects of the branch's commits, newest first."""
        return self.hub.repository(REPOSITORY).git.text("log", "--format=%s", f"refs/heads/{BRANCH}").splitlines()


Make = Callable[..., Build]


@pytest.fixture
def make(hub: LocalGitHub, copy: WorkingCopy, tmp_path: Path) -> Make:
    """Pushes a branch with a spec and returns a build of it."""
    hub.add_token(GIT_TOKEN, "kiro-worker", permissions={"contents": "write"}, pushes_to="kiro/")

    def made(design: str = DESIGN, tasks: str = "- [ ] 1. Say it\n- [ ] 2. Test it\n", **files: str) -> Build:
        copy.commit("feat: begin", {"README.md": "hello\n"})
        copy.push("origin", "HEAD:refs/heads/main")
        copy.git("checkout", "--quiet", "-b", BRANCH)
        copy.commit("docs: spec", {f"{SPEC}/design.md": design, f"{SPEC}/tasks.md": tasks, **files})
        copy.push("origin", BRANCH)
        return Build(hub, tmp_path / "build", copy)

    return made
