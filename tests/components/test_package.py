"""The package: import path = zip path, and nothing in it that does not run."""

from pathlib import Path

import pytest

from components import package


def test_every_module_of_functions_is_shipped_at_its_import_path() -> None:
    """`functions.runtime` lies at functions/runtime.py."""
    shipped = {file.as_posix() for file in package.shipped_files()}
    assert {"functions/runtime.py", "functions/__init__.py", "functions/stage/watch.py"} <= shipped
    assert all(path.startswith("functions/") for path in shipped)


def test_caches_and_strangers_stay_behind(tmp_path: Path) -> None:
    """Compiled files of another interpreter and notes are not shipped; queries and pages are."""
    for name in ("a.py", "q.graphql", "p.html", "b.yml", "s.css", "notes.txt", "__pycache__/a.py", "a.pyc"):
        file = tmp_path / "functions" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    assert {file.name for file in package.shipped_files(tmp_path)} == {"a.py", "q.graphql", "p.html", "b.yml", "s.css"}


def test_a_missing_layer_says_what_to_run(layer: Path) -> None:
    """The error names the folder and `make package`."""
    assert package.require_layer() == layer
    (layer / "python").rmdir()
    with pytest.raises(package.PackageError, match="make package"):
        package.require_layer()
