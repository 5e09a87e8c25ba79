"""Agent, tests and repository can't get the worker's credential or change other branches (W7, I5)."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.functions.buildspecs.conftest import BRANCH, GIT_TOKEN, ROOT, SPEC, Make
from tests.local.github.support import REPOSITORY

# Each test is a whole build. `make test` has tests/attackers/test_agent.py and the board.
pytestmark = pytest.mark.long

PLANTED = (
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_PROFILE"),
    *("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_SHARED_CREDENTIALS_FILE"),
    *("CODEBUILD_BUILD_ARN", "GITHUB_TOKEN", "GH_TOKEN", "GIT_ASKPASS", "SSH_AUTH_SOCK", "NPM_TOKEN", "SLACK_TOKEN"),
)


def test_the_agent_and_the_tests_see_neither_credential_nor_role(make: Make) -> None:
    """They get a fixed list of variables, whatever the build machine has."""
    look = {"test": ["sh", "-c", "env; git config --list"], "junit": "j.xml", "coverage": "c.xml"}
    build = make(**{".kiro/worker.json": json.dumps(look)})
    planted = dict.fromkeys(PLANTED, "planted-for-nobody")
    build.variables = {**planted, "KIRO_AGENT": "sh -c 'env; git config --list' {spec} {task}"}
    build.run()
    for log in ("logs/task-1.log", "logs/tests.log"):
        seen = build.out(log)
        assert "PATH=" in seen
        told = (GIT_TOKEN, "planted", "AWS_", "CODEBUILD_", "KIRO_", "extraheader", "redacted")
        assert not [word for word in told if word.lower() in seen.lower()]


def test_what_the_agent_was_given_on_purpose_reaches_it_and_is_redacted(make: Make) -> None:
    """A setting names these variables; values of those that look like secrets are in no artifact."""
    build = make()
    given = {"KIRO_AGENT_VARIABLES": "MODEL,MODEL_API_KEY", "MODEL": "small", "MODEL_API_KEY": "hush-hush-hush"}
    build.variables = {**given, "KIRO_AGENT": "sh -c env {spec} {task}"}
    build.run()
    assert "MODEL=small" in build.out("logs/task-1.log")
    assert "MODEL_API_KEY=[redacted]" in build.out("logs/task-1.log")


def test_what_the_agent_pushes_is_refused(make: Make) -> None:
    """To main, to another branch or to its own: it has no credential, and the branches do not change."""
    build = make(tasks="- [ ] 1. Push\n")
    git = build.hub.repository(REPOSITORY).git
    before = git.text("rev-parse", "refs/heads/main")
    tries = [f"git push {build.hub.url}/{REPOSITORY}.git HEAD:refs/heads/{b}" for b in ("main", "kiro/other", BRANCH)]
    command = "git -c user.name=a -c user.email=a@b commit --allow-empty -qm theirs; " + "; ".join(tries)
    build.variables = {"KIRO_AGENT": f"sh -c {shlex.quote(command + '; true')} {{spec}} {{task}}"}
    build.run()
    assert build.out("logs/task-1.log").count("fatal:") == 3
    assert git.text("rev-parse", "refs/heads/main") == before
    assert "kiro/other" not in git.text("for-each-ref")


def test_a_tampered_repository_does_not_get_the_credential(make: Make, tmp_path: Path) -> None:
    """Hooks, filters and redirections in `.git` are removed before our next command."""
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
    "harm", ["rm -rf .git", "rm -rf .git && echo gitdir: /tmp > .git", "git checkout -q --orphan x"], ids=str
)
def test_what_the_agent_does_to_its_repository_changes_nothing(make: Make, harm: str) -> None:
    """Its files are committed to the branch, by a repository that it can't write."""
    build = make(tasks="- [ ] 1. Say it\n")
    command = f"{harm}; echo x > x.txt"
    build.variables = {"KIRO_AGENT": f"sh -c {shlex.quote(command)} {{spec}} {{task}}"}
    assert build.run()["problems"] == []
    assert build.log()[:2] == ["feat: Say it", "chore: steering files of version 1"]
    assert build.branch("x.txt") == "x"


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (f"rm -rf {SPEC}", "No such file"),
        (f"rm {SPEC}/tasks.md; mkfifo {SPEC}/tasks.md", "tasks.md is no file"),
        (f"rm {SPEC}/tasks.md; ln -s /etc/hostname {SPEC}/tasks.md", "leads out of the working copy"),
    ],
    ids=str,
)
def test_a_working_copy_that_was_destroyed_is_a_problem_with_a_reason(make: Make, harm: str, said: str) -> None:
    """The results are written, and the branch does not change."""
    build = make()
    build.variables = {"KIRO_AGENT": f"sh -c {shlex.quote(harm)} {{spec}} {{task}}"}
    results = build.run()
    assert said in results["problems"][0]
    assert build.log()[0] == "chore: steering files of version 1"


def test_a_git_that_the_agent_plants_is_not_run(make: Make) -> None:
    """The program found git before it started the agent."""
    build = make(tasks="- [ ] 1. Say it\n")
    bin_folder = build.folder / "bin"
    git = bin_folder / "git"
    planted = f"mkdir -p {bin_folder}; printf '#!/bin/sh\\nexit 9\\n' > {git}; chmod +x {git}; echo x > x.txt"
    path = f"{bin_folder}{os.pathsep}{build.environment()['PATH']}"
    build.variables = {"KIRO_AGENT": f"sh -c {shlex.quote(planted)} {{spec}} {{task}}", "PATH": path}
    build.run()
    assert build.log()[0] == "feat: Say it"


def test_secrets_are_redacted_in_everything_that_is_kept(make: Make) -> None:
    """Known values and texts in the shape of secrets, in logs, diffs and results."""
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
    """Quotes, dollars and backticks in a title are unchanged in the commit message."""
    title = f'$(touch {tmp_path}/x) `touch {tmp_path}/y` "; touch {tmp_path}/z; --amend'
    build = make(tasks=f"- [ ] 1. {title}\n")
    build.run()
    assert build.log()[0] == f"feat: {title}"
    assert not [name for name in "xyz" if (tmp_path / name).exists()]


def test_the_credential_pushes_nowhere_else(make: Make) -> None:
    """The program refuses a branch outside the namespace, and so does GitHub's ruleset."""
    build = make()
    build.variables = {"KIRO_BRANCH": "main", "KIRO_SPEC": ".kiro/specs/main"}
    process = build.start()
    assert "refused" in process.communicate(timeout=30)[0]
    assert process.returncode == 1
    url = build.hub.url.replace("//", f"//x:{GIT_TOKEN}@")
    answer = build.copy.git("push", f"{url}/{REPOSITORY}.git", f"{BRANCH}:refs/heads/main", "--force", check=False)
    assert "403" in answer


@pytest.mark.parametrize("report", ["../../../../../../../proc/self/environ", "link.xml"])
def test_reports_are_files_of_the_working_copy(make: Make, report: str) -> None:
    """Neither a path nor a link makes another file of the machine a report."""
    told = {"test": ["ln", "-s", "/proc/self/environ", "link.xml"], "junit": report, "coverage": "c.xml"}
    build = make(tasks="", **{".kiro/worker.json": json.dumps(told)})
    results = build.run()
    assert results["tests"] is None
    assert "leads out of the working copy" in results["testsProblem"]
    assert not (build.folder / "out" / "reports").exists()


def test_an_open_sandbox_is_refused_where_the_credential_is_worth_something(tmp_path: Path) -> None:
    """Where this program is not root, the agent runs beside a GitHub of this machine only, and the log says so."""
    code = (
        "import os, sys; os.geteuid = lambda: 1000; from work_item.sandbox import Sandbox; made = Sandbox(); "
        "print(made.close('http://127.0.0.1:80', key=False)); made.close(sys.argv[1], key=False)"
    )
    environment = {"PYTHONPATH": str(ROOT / "functions" / "buildspecs"), "TMPDIR": str(tmp_path)}
    ran = subprocess.run(
        [sys.executable, "-c", code, "https://github.com"], env=environment, capture_output=True, text=True, check=False
    )
    assert "this program is not root" in ran.stdout
    assert "the agent is not started, because it could read the git credential" in ran.stderr
