"""The package: import paths are paths in the archive, and it contains only what functions use."""

import shutil
import sys
from pathlib import Path

import pytest

from components.functions import package


def test_every_module_of_functions_is_shipped_at_its_import_path() -> None:
    """The module `functions.runtime` is the file functions/runtime.py."""
    shipped = {file.as_posix() for file in package.shipped_files()}
    assert {"functions/runtime.py", "functions/__init__.py", "functions/shared/watch.py"} <= shipped
    assert all(path.startswith("functions/") for path in shipped)


def test_caches_and_other_files_are_not_shipped(tmp_path: Path) -> None:
    """Compiled files and notes are left out; queries and pages are shipped."""
    wanted = {"a.py", "q.graphql", "p.html", "b.yml", "s.css", "j.js", "d.json"}
    for name in (*wanted, "notes.txt", "__pycache__/a.py", "a.pyc"):
        file = tmp_path / "functions" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    assert {file.name for file in package.shipped_files(tmp_path)} == {
        "a.py",
        "q.graphql",
        "p.html",
        "b.yml",
        "s.css",
        "j.js",
        "d.json",
    }


def test_a_missing_layer_is_an_error_with_the_command(layer: Path) -> None:
    """The error names the folder and `make package`."""
    assert package.require_layer() == layer
    (layer / "python").rmdir()
    with pytest.raises(package.PackageError, match="make package"):
        package.require_layer()


@pytest.fixture
def sources(tmp_path: Path) -> list[Path]:
    """A small `functions/`, as paths within its project."""
    (tmp_path / "functions").mkdir()
    (tmp_path / "functions" / "a.py").write_text("KINDS = frozenset({'b', 'a', 'c'})\n")
    (tmp_path / "functions" / "page.html").touch()
    return [Path("functions/a.py"), Path("functions/page.html")]


def interpreter(folder: Path, monkeypatch: pytest.MonkeyPatch, does: str = 'exec "$PYTHON" "$@"') -> None:
    """A program of the runtime's name on the PATH, and nothing else."""
    folder.mkdir()
    program = folder / package.RUNTIME
    program.write_text(f"#!/bin/sh\n{does}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PYTHON", sys.executable)
    monkeypatch.setenv("PATH", str(folder))


def test_bytecode_is_shipped_and_used_without_checking_the_source(
    tmp_path: Path, sources: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the path that an import uses; reproducible; nothing is written into `functions/`."""
    interpreter(tmp_path / "bin", monkeypatch)
    made = package.bytecode(sources, tmp_path)
    assert list(made) == [f"functions/__pycache__/a.{sys.implementation.cache_tag}.pyc"]
    (file,) = made.values()
    content = file.read_bytes()
    assert content[4:8] == b"\x01\0\0\0"  # PEP 552: by hash, unchecked
    assert b"functions/a.py" in content
    assert str(tmp_path).encode() not in content
    assert [path.name for path in (tmp_path / "functions").iterdir()] == ["a.py", "page.html"]
    shutil.rmtree(tmp_path / "build")
    assert package.bytecode(sources, tmp_path)[next(iter(made))].read_bytes() == content


def test_bytecode_is_never_that_of_another_source(
    tmp_path: Path, sources: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change of a source compiles everything again; without a change nothing is compiled."""
    interpreter(tmp_path / "bin", monkeypatch)
    before = package.bytecode(sources, tmp_path)
    interpreter(tmp_path / "broken", monkeypatch, "exit 1")
    assert package.bytecode(sources, tmp_path) == before
    (tmp_path / "functions" / "a.py").write_text("KINDS = ()\n")
    assert package.bytecode(sources, tmp_path) == {}


def test_without_the_runtimes_interpreter_sources_are_shipped_alone(
    tmp_path: Path, sources: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing or broken interpreter stops no deployment and leaves no files behind."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert package.bytecode(sources, tmp_path) == {}
    interpreter(tmp_path / "bin", monkeypatch, "exit 127")
    assert package.bytecode(sources, tmp_path) == {}
    assert list((tmp_path / "build" / "bytecode").iterdir()) == []
