"""The workflows of GitHub Actions: what they may do, what they run, and what pull requests of forks get (T3)."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

FOLDER = Path(__file__).parents[2] / ".github" / "workflows"
FILES = sorted(FOLDER.glob("*.yml"))
_FROM_HERE = "github.event.pull_request.head.repo.full_name == github.repository"


def read(file: Path) -> dict[Any, Any]:
    """A workflow; YAML 1.1 reads its key `on` as true."""
    found: dict[Any, Any] = yaml.safe_load(file.read_text("utf-8"))
    return found


def jobs(file: Path) -> dict[str, Any]:
    """The jobs of a workflow, by name."""
    found: dict[str, Any] = read(file)["jobs"]
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_workflow_may_read_the_code_and_little_more(file: Path) -> None:
    """The token of a job writes nothing but its request for a role.

    https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#permissions
    """
    assert read(file)["permissions"] in ({}, {"contents": "read"})
    for job in jobs(file).values():
        assert job.get("permissions", {}).items() <= {"contents": "read", "id-token": "write"}.items()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_actions_have_a_version_and_nothing_has_a_secret(file: Path) -> None:
    """No action of a branch, no stored key, no text of an event within a command."""
    text = file.read_text("utf-8")
    assert "secrets." not in text
    assert "pull_request_target" not in text
    for job in jobs(file).values():
        for step in job["steps"]:
            assert re.fullmatch(r"[\w.-]+/[\w.-]+@(v\d+|[0-9a-f]{40})", step.get("uses", "a/b@v1"))
            assert "${{" not in step.get("run", "")


def test_a_fork_gets_no_role() -> None:
    """Each job with a role runs for pushes, or for pull requests from this repository."""
    for file in FILES:
        for job in jobs(file).values():
            if "id-token" in job.get("permissions", {}):
                assert job["if"] == "github.event_name == 'push'" or job["if"].endswith(f"&& {_FROM_HERE}")
                assert job["environment"]


def test_each_stack_has_its_way() -> None:
    """T3: main, candidates and versions are deployed and validated; a pull request is only previewed."""
    deploy = FOLDER / "deploy.yml"
    triggers = read(deploy)[True]
    assert triggers["push"]["branches"] == ["main"]
    assert len(triggers["push"]["tags"]) == 2
    found = jobs(deploy)
    commands = {name: " ; ".join(step.get("run", "") for step in job["steps"]) for name, job in found.items()}
    assert "pulumi up" not in commands["preview"]
    assert commands["deploy"].index("merge-base") < commands["deploy"].index("pulumi up")
    assert commands["deploy"].index("pulumi up") < commands["deploy"].index("validate")
    assert found["deploy"]["environment"] == found["deploy"]["env"]["STACK"]
    for stack in ("test", "staging", "production"):
        assert f"'{stack}'" in found["deploy"]["environment"]
        assert (FOLDER.parents[1] / f"Pulumi.{stack}.yaml").exists()
    assert found["deploy"]["concurrency"]["cancel-in-progress"] is False
