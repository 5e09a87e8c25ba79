"""The worker's program, run as in a build: tasks, commits, time limits and outputs (W5, W7)."""

import json
import shlex
import sys
from pathlib import Path

import pytest

from functions.buildspecs.work_item.steering import MANIFEST, SOURCE
from functions.domain.work_results import Results, judge
from tests.functions.buildspecs.conftest import AGENT, BRANCH, DESIGN, SPEC, Build, Make
from tests.local.github.support import REPOSITORY, eventually


def test_every_open_task_is_done_tested_and_pushed(make: Make) -> None:
    """One commit per task, tasks marked as done, tests and coverage measured, steering files written."""
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


@pytest.mark.long
def test_tasks_that_are_done_are_not_done_again(make: Make) -> None:
    """A second build tests, finds nothing to do and commits nothing."""
    build = make()
    build.run()
    before = build.log()
    results = build.again()
    assert (results["tasks"], results["doneBefore"]) == ([], 2)
    assert results["tests"]["total"] == 2
    assert build.log() == before


def test_a_build_killed_in_a_task_loses_nothing(make: Make, tmp_path: Path) -> None:
    """Finished tasks are pushed; the next attempt does the others only."""
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
    results = build.again()
    assert [one["task"] for one in results["tasks"]] == ["2"]
    assert (results["doneBefore"], build.log().count("feat: Say it")) == (1, 1)


def test_a_task_that_fails_leaves_nothing_on_the_branch(make: Make) -> None:
    """Its diff and log are in the artifacts; later tasks are not started."""
    build = make(DESIGN.replace("## Task 2", "## Task 3"), "- [ ] 1. Say it\n- [ ] 2. Lost\n- [ ] 3. Test it\n")
    results = build.run()
    assert [one["outcome"] for one in results["tasks"]] == ["done", "failed", "not reached"]
    assert "no heading `## Task 2`" in build.out("logs/task-2.log")
    assert build.log()[0] == "feat: Say it"


def test_a_task_that_takes_too_long_is_ended(make: Make) -> None:
    """With all processes that it started."""
    build = make()
    build.variables = {"KIRO_AGENT": "sh -c 'sleep 60' {spec} {task}", "KIRO_TASK_SECONDS": "0.5"}
    results = build.run()
    assert [one["outcome"] for one in results["tasks"]] == ["timed out", "not reached"]


def test_without_time_no_task_is_begun(make: Make) -> None:
    """Remaining tasks are reported as not reached, and the branch is tested."""
    build = make()
    build.variables = {"KIRO_BUILD_SECONDS": "0"}
    results = build.run()
    assert {one["outcome"] for one in results["tasks"]} == {"not reached"}


@pytest.mark.long
def test_a_branch_that_went_away_is_a_problem_with_a_reason(make: Make) -> None:
    """After three tries the results have the reason."""
    build = make()
    build.variables = {"KIRO_BRANCH": "kiro/gone", "KIRO_SPEC": ".kiro/specs/kiro/gone"}
    results = build.run()
    assert "checkout of kiro/gone failed 3 times" in results["problems"][0]


def test_what_people_push_meanwhile_is_kept(make: Make) -> None:
    """Our commits are rebased on theirs."""
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


def meanwhile(build: Build, words: str) -> None:
    """While the agent works, a person does this to the branch in a clone of theirs."""
    url, folder = build.copy.git("remote", "get-url", "origin").strip(), build.copy.path
    theirs = f"cd {folder} && git fetch -q {url} {BRANCH} && git reset -q --hard FETCH_HEAD && {words.format(url=url)}"
    build.variables = {"KIRO_AGENT": f"sh -c {shlex.quote(f'({theirs}); echo ours > ours.txt')} {{spec}} {{task}}"}


@pytest.mark.long
def test_what_people_removed_meanwhile_does_not_come_back(make: Make) -> None:
    """D6: only our commits are put onto the head that a forced push left, not those that it removed."""
    build = make(tasks="- [ ] 1. Say it\n")
    build.copy.git("checkout", "--quiet", BRANCH)
    before = build.copy.git("rev-parse", "HEAD")
    build.copy.commit("feat: a secret", {"secret.txt": "hush"})
    build.copy.git("push", "--quiet", "origin", BRANCH)
    meanwhile(build, f"git reset -q --hard {before} && git push -q --force {{url}} HEAD:{BRANCH}")
    build.run()
    assert build.log()[0] == "feat: Say it"
    assert "feat: a secret" not in build.log()
    assert build.branch("ours.txt") == "ours"


def test_a_branch_that_was_deleted_meanwhile_is_not_made_again(make: Make) -> None:
    """J8: the results say so, and the work is in the artifacts."""
    build = make(tasks="- [ ] 1. Say it\n")
    meanwhile(build, f"git push -q {{url}} :{BRANCH}")
    results = build.run()
    assert any(f"{BRANCH} was deleted meanwhile" in one for one in results["problems"])
    assert f"refs/heads/{BRANCH}" not in build.hub.repository(REPOSITORY).git.refs()


TOUCH = "sh -c 'echo x >> done.txt' {spec} {task}"
PARTS = (
    "# Plan\r\n\r\n- [ ] 1. Say it\r\n  - [-] 1.1 Now\r\n  - [ ]* 1.2 Test it\r\n"
    "- [ ] 2. Say more\r\n  - [ ]* 2.1 Test that\r\n\r\n## Again\r\n\r\n- [~] 2. Say more\r\n- [ ] all is said\r\n"
)


@pytest.mark.long
def test_parts_repeated_tasks_and_line_ends(make: Make) -> None:
    """Each task is done once, its parents are marked with their last part, optional parts and line ends stay."""
    build = make(tasks=PARTS)
    build.variables = {"KIRO_AGENT": TOUCH}
    results = build.run()
    assert [one["task"] for one in results["tasks"] if one["outcome"] == "done"] == ["1.1", "2", "2"]
    after = build.hub.repository(REPOSITORY).git.run("show", f"refs/heads/{BRANCH}:{SPEC}/tasks.md")
    wanted = PARTS
    for mark in ("[ ] 1.", "[-] 1.1", "[ ] 2.", "[~] 2."):
        wanted = wanted.replace(mark, "[x]" + mark[3:])
    assert after == wanted.encode()
    assert "x" in build.out("diffs/task-2-line-11.diff")


def test_an_unreadable_list_starts_no_task(make: Make) -> None:
    """The problem names the line, and the branch is tested nevertheless."""
    build = make(tasks="# Plan\n\n- [x] 1. Say it\n-[ ] 2. Test it\n")
    build.variables = {"KIRO_AGENT": TOUCH}
    results = build.run()
    assert "tasks.md:4: `-[ ] 2. Test it` looks like a task" in results["problems"][0]
    assert (results["tasks"], results["doneBefore"]) == ([], 0)
    assert judge(Results(problems=tuple(results["problems"])), 80)[0].outcome == "failed"


@pytest.mark.long
def test_a_list_that_the_agent_rewrites_is_ticked_where_the_task_stands_now(make: Make) -> None:
    """By number and title, not by line."""
    build = make(tasks="- [ ] 1. Say it\n- [ ] 2. Test it\n")
    rewrite = f"printf '# Plan\\n\\n- [ ] 2. Test it\\n- [ ] 1. Say it\\n' > {SPEC}/tasks.md"
    first = f'test "$1" = 2 || {{ {rewrite}; }}; echo x >> done.txt'
    build.variables = {"KIRO_AGENT": f"sh -c {shlex.quote(first)} agent {{task}}"}
    build.run()
    assert build.branch(f"{SPEC}/tasks.md").splitlines() == ["# Plan", "", "- [x] 2. Test it", "- [x] 1. Say it"]
