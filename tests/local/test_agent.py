"""The laptop's agent makes the edits of the design, and no others."""

import threading
from pathlib import Path

import pytest

from local.agent import main

SPEC = "spec"


def run(root: Path, design: str, task: str = "1") -> int:
    """Run the agent on a design; returns its exit status."""
    (root / SPEC).mkdir(exist_ok=True)
    (root / SPEC / "design.md").write_text(f"# Design\n\n## Task 1\n{design}\n## Task 2\n", "utf-8")
    return main(["--spec", SPEC, "--task", task], root)


def test_it_writes_appends_and_replaces(tmp_path: Path) -> None:
    """The edits are made in the order of the design."""
    design = "```python write=a.py\nx = 1\n```\n```python append=a.py\ny = 2\n```\n"
    assert run(tmp_path, design + "```python replace=a.py\nx = 1\n=======\nx = 3\n```\n") == 0
    assert (tmp_path / "a.py").read_text() == "x = 3\ny = 2\n"


@pytest.mark.parametrize(
    "design",
    ["nothing", "```python write=../out.py\nx\n```\n", "```python replace=a.py\nnot there\n=======\nx\n```\n"],
    ids=["no edit", "outside", "does not fit"],
)
def test_an_impossible_edit_is_an_error(tmp_path: Path, design: str) -> None:
    """A missing or unfitting edit fails, and nothing outside of the repository is written."""
    root = tmp_path / "root"
    root.mkdir()
    assert run(root, design) == 1
    assert not (tmp_path / "out.py").exists()


def test_a_task_without_a_heading_is_an_error(tmp_path: Path) -> None:
    """A task that the design does not have fails."""
    assert run(tmp_path, "", "7") == 1


def test_it_waits_for_a_file(tmp_path: Path) -> None:
    """It waits until the file exists, then makes the next edit."""
    go = tmp_path / "go"
    began = threading.Thread(target=run, args=(tmp_path, f"```text until={go}\n```\n```text write=a.txt\nx\n```\n"))
    began.start()
    assert not (tmp_path / "a.txt").exists()
    go.touch()
    began.join(10)
    assert (tmp_path / "a.txt").read_text() == "x\n"
