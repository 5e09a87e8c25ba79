"""Python imports this module at its start when its folder is on PYTHONPATH; see `local/strict/__init__.py`.

A process that never imports the SDK pays only for a comparison of the names of its imports: this module imports what
it needs when it needs it.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

_NAME = "kiro_strict"  # a build may have a package `local` of its own


class _AfterImport:
    """A finder that finds nothing itself; it adds one step to the loading of the named module."""

    def __init__(self, name: str) -> None:
        self._name = name

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> ModuleSpec | None:
        if name != self._name:
            return None
        import importlib.util

        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            return spec
        loader: Any = spec.loader
        execute = loader.exec_module

        def execute_and_install(module: ModuleType) -> None:
            execute(module)
            _hooks().install(module)

        loader.exec_module = execute_and_install
        return spec


def _hooks() -> Any:
    """The package of this folder, loaded by its path."""
    import importlib.util
    from pathlib import Path

    folder = Path(__file__).parents[1]
    spec = importlib.util.spec_from_file_location(
        _NAME, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"{folder} is no package: the run would be less strict than AWS")
    sys.modules[_NAME] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[_NAME])
    return importlib.import_module(f"{_NAME}.hooks")


sys.meta_path.insert(0, _AfterImport("botocore.handlers"))
