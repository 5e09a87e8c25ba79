"""`kiro-worker check`, in repositories of git."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.__main__ import app
from cli.aws.operator import Operator

MANIFEST = """version: 1
name: shop
build: {buildspec: build.yml, junit: [j.xml], cobertura: c.xml}
infrastructure: {kind: command, buildspec: infra/build.yml, paths: [/infra/]}
services:
  api:
    kind: lambda
    function: api-{environment}
    artifact: dist/api.zip
    paths: [/src/*, "!/src/*.md"]
  jobs:
    kind: command
    buildspec: jobs/build.yml
    paths: [/jobs/]
gates:
  allowList: allowed.yml
"""
FILES = {
    "delivery.yml": MANIFEST,
    "build.yml": "",
    "infra/build.yml": "",
    "infra/stack.py": "",
    "src/api.py": "",
    "src/README.md": "",
    "jobs/build.yml": "",
    "allowed.yml": "allowed:\n  - {id: X1, reason: r, owner: o, expires: 2999-12-31}\n",
}


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository whose first commit is that of origin/main."""

    root: Path

    def git(self, *arguments: str) -> None:
        """Run git."""
        identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
        subprocess.run(["git", "-C", self.root, *identity, *arguments], check=True, capture_output=True)

    def write(self, files: dict[str, str]) -> None:
        """Write files, committed or not."""
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")

    def commit(self) -> None:
        """Commit everything."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--no-verify", "--message", "x")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A repository with everything that its manifest names; whoever asks AWS fails."""
    monkeypatch.setattr(Operator, "connect", lambda _: pytest.fail("AWS is asked"))
    monkeypatch.setenv("COLUMNS", "240")
    made = Repository(tmp_path / "shop")
    made.write(FILES)
    made.git("init", "--quiet", "--template=", "--initial-branch=main")
    made.commit()
    made.git("update-ref", "refs/remotes/origin/main", "HEAD")
    return made


def check(*arguments: str | Path, code: int = 0) -> str:
    """What the command prints; it must exit with this code."""
    done = CliRunner().invoke(app, ["check", *map(str, arguments)])
    assert done.exit_code == code, done.output
    return done.output


def checked(repository: Repository, *arguments: str, code: int = 0) -> Any:
    """The command's JSON."""
    return json.loads(check(repository.root, *arguments, "--output", "json", code=code))


def test_a_push_changes_what_its_files_concern(repository: Repository) -> None:
    """Committed or not; each part has its reason, and what a pattern takes out is no reason."""
    assert checked(repository)["changed"] == {}
    repository.write({"src/README.md": "more"})
    assert checked(repository)["changed"] == {}
    repository.write({"src/api.py": "more"})
    repository.commit()
    repository.write({"jobs/new.py": ""})
    found = checked(repository)
    base = found["base"][:12]
    assert found["changed"] == {
        "shop/api": f"src/api.py changed since {base}",
        "shop/jobs": f"jobs/new.py changed since {base}",
    }
    assert found["unchanged"] == {"shop/infrastructure": f"none of its paths changed since {base}"}
    text = check(repository.root)
    assert text.startswith("delivery.yml: no mistakes\n")
    assert f"  shop/api: src/api.py changed since {base}\n" in text


def test_a_push_changes_what_is_defined_otherwise(repository: Repository) -> None:
    """And what is new; a function follows its infrastructure; what is no longer named is said, too."""
    changed = MANIFEST.replace("/infra/]", "/infra/, /build.yml]").replace("  jobs:", "  tasks:")
    repository.write({"delivery.yml": changed})
    found = checked(repository)
    assert found["changed"] == {
        "shop/infrastructure": "its definition in delivery.yml changed",
        "shop/api": "shop/infrastructure changes, and perhaps its configuration with it",
        "shop/tasks": "nothing runs here yet",
    }
    assert "no longer names it" in found["unchanged"]["shop/jobs"]


def test_a_branch_is_compared_from_where_it_began(repository: Repository) -> None:
    """What others pushed since is no part of this push."""
    repository.git("checkout", "--quiet", "-b", "feature")
    repository.git("checkout", "--quiet", "main")
    repository.write({"src/api.py": "by others"})
    repository.commit()
    repository.git("update-ref", "refs/remotes/origin/main", "HEAD")
    repository.git("checkout", "--quiet", "feature")
    repository.write({"jobs/build.yml": "more"})
    assert [*checked(repository)["changed"]] == ["shop/jobs"]


def test_without_a_common_history_everything_changes(repository: Repository) -> None:
    """As in a release whose difference GitHub does not know."""
    repository.git("checkout", "--quiet", "--orphan", "new")
    repository.write({"NOTES": "another first commit"})
    repository.commit()
    assert [*checked(repository)["changed"]] == ["shop/infrastructure", "shop/api", "shop/jobs"]


@pytest.mark.parametrize(("before", "reason"), [(None, "nothing runs"), ("version: 2", "its definition")])
def test_everything_changes_by_the_first_readable_manifest(
    repository: Repository, before: str | None, reason: str
) -> None:
    """Whether there was none before, or one with mistakes."""
    repository.write({"delivery.yml": before or ""})
    if before is None:
        (repository.root / "delivery.yml").unlink()
    repository.commit()
    repository.git("update-ref", "refs/remotes/origin/main", "HEAD")
    repository.write(FILES)
    changed = checked(repository)["changed"]
    assert len(changed) == 3
    assert all(text.startswith(reason) for text in changed.values())


def test_a_folder_of_a_repository_is_checked(repository: Repository) -> None:
    """Its paths begin at the folder, and files beside it concern nothing."""
    repository.write({f"shops/one/{name}": text for name, text in FILES.items()})
    repository.commit()
    repository.git("update-ref", "refs/remotes/origin/main", "HEAD")
    repository.write({"src/api.py": "of the other", "shops/one/jobs/build.yml": "more"})
    found = json.loads(check(repository.root / "shops" / "one", "--output", "json"))
    assert [*found["changed"]] == ["shop/jobs"]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"delivery.yml": MANIFEST.replace("name: shop", "name: Shop")}, "delivery.yml:2:1: name: Shop is not a name"),
        ({"infra/build.yml": None}, "delivery.yml:4:33: infrastructure.buildspec: infra/build.yml is not in the repos"),
        (
            {"delivery.yml": MANIFEST.replace("/jobs/]", "/job/]")},
            "delivery.yml:14:13: services.jobs.paths.0: /job/ fits no file of the repository: correct it, or take it",
        ),
        (
            {"delivery.yml": MANIFEST.replace("/src/*,", "/src/,")},
            "delivery.yml:10:5: services.api.paths: !/src/*.md takes out no file; a selected folder is selected whole",
        ),
        ({"allowed.yml": None}, "delivery.yml:16:3: gates.allowList: allowed.yml is not in the repository"),
        ({"allowed.yml": "allowed:\n  - {id: 7}\n"}, "allowed.yml:2:6: entry 1 needs an id (a text)"),
        (
            {"allowed.yml": FILES["allowed.yml"].replace("2999", "2025")},
            "allowed.yml:2:5: entry 1 (X1) expired on 2025-12-31 and does not count: correct or remove it",
        ),
        ({"delivery.yml": None}, "delivery.yml:1:1: it is not in "),
        (
            {".gitignore": "/b.yml\n", "b.yml": "", "delivery.yml": MANIFEST.replace(" build.yml", " b.yml")},
            "delivery.yml:3:9: build.buildspec: b.yml is not in the repository: add the file, or correct its path",
        ),
    ],
)
def test_a_mistake_has_a_place_and_the_next_step(
    repository: Repository, files: dict[str, str | None], said: str
) -> None:
    """One a line, and the command exits with 1; a file that git ignores is not pushed."""
    for name, text in files.items():
        if text is None:
            (repository.root / name).unlink()
        else:
            repository.write({name: text})
    text = check(repository.root, code=1)
    assert text.startswith(said)
    assert "delivery.yml: 1 mistake\n" in text
    (mistake,) = checked(repository, code=1)["mistakes"]
    assert text.startswith(mistake)


def test_what_can_not_be_checked_is_said(repository: Repository, tmp_path: Path) -> None:
    """The exit code is 2: no repository, no such folder, no such commit."""
    assert "not a git repository" in check(tmp_path, code=2)
    assert "does not exist" in check(tmp_path / "none", code=2)
    assert "nowhere is no commit here: fetch it" in check(repository.root, "--base", "nowhere", code=2)


def test_without_a_main_branch_the_manifest_is_checked(repository: Repository) -> None:
    """A clone without the remote branch is no mistake, and the text names the option."""
    repository.git("update-ref", "-d", "refs/remotes/origin/main")
    assert "origin/main is no commit here, so nothing is compared: name a commit with --base" in check(repository.root)
    assert checked(repository, "--base", "HEAD")["changed"] == {}
