"""The import rules, and the one handler of every Task state."""

import ast
import subprocess
import sys
from collections.abc import Mapping, Set
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

import functions
from functions.handler import Handler, handler_function
from statemachines.definitions import WORKFLOWS, tasks

ROOT = Path(functions.__file__).parents[1]
MODULES = sorted(path for path in (ROOT / "functions").rglob("*.py") if "buildspecs" not in path.parts)
FOLDERS = ("deployment", "stage", "rollback", "work_item", "shared", "events")
HANDLERS = sorted(path for folder in FOLDERS for path in (ROOT / "functions" / folder).glob("[a-z]*.py"))
PACKAGES = ("forwarding", "functions", "components", "cli", "local", "statemachines", "tools", "benchmarks")


def name(path: Path) -> str:
    """The dotted name of a module of this repository."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path, *, typing: bool = False) -> frozenset[str]:
    """Every module that a file imports, also inside functions; `from a import b` is `a.b` if that is a module.

    Imports for type checking count only with `typing`.
    """
    usual, for_types = _imports(path)
    return usual | for_types if typing else usual


@cache
def _imports(path: Path) -> tuple[frozenset[str], frozenset[str]]:
    """What a file imports when it runs, and for type checking; each file is parsed once for all rules."""
    usual: set[str] = set()
    for_types: set[str] = set()

    def look(node: ast.AST, found: set[str]) -> None:
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.update(_module(_package(path, node), alias.name) for alias in node.names)
        elif isinstance(node, ast.stmt | ast.ExceptHandler | ast.match_case | ast.Module):  # no expression imports
            typing = isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
            for inner in ast.iter_child_nodes(node):
                look(inner, for_types if typing else found)

    look(ast.parse(path.read_text("utf-8")), usual)
    return frozenset(usual), frozenset(for_types)


def _package(path: Path, node: ast.ImportFrom) -> str:
    if not node.level:
        return str(node.module)
    # a package that other processes load under another name can't name itself
    assert "strict" in path.parts, f"{path}: relative imports hide where a name comes from"
    return ".".join(filter(None, (name(path.parent), node.module)))


@cache
def _module(package: str, member: str) -> str:
    inside = ROOT.joinpath(*package.split("."), member)
    return f"{package}.{member}" if inside.with_suffix(".py").exists() or inside.is_dir() else package


def cycles(graph: Mapping[str, Set[str]]) -> list[list[str]]:
    """The groups of nodes that reach each other, each in the order of their names."""

    def reached(start: str) -> set[str]:
        found: set[str] = set()
        left = [start]
        while left:
            new = graph.get(left.pop(), set()) - found
            found |= new
            left += new
        return found

    reach = {node: reached(node) for node in graph}
    together = {tuple(sorted(n for n in reach[node] if node in reach.get(n, ()))) for node in graph}
    return [list(group) for group in sorted(together) if group]


def test_the_domain_imports_the_standard_library_and_itself() -> None:
    """The domain imports neither adapters nor SDKs nor other third-party code, but what its types are made of."""
    for path in (path for path in MODULES if path.parent.name == "domain"):
        for module in imports(path):
            library = module.partition(".")[0]
            known = library in sys.stdlib_module_names or library == "msgspec" or module.startswith("functions.domain")
            assert known, f"{path}: {module}"


@pytest.mark.parametrize("folder", ["forwarding", "functions", "components", "statemachines"])
def test_what_ships_never_imports_the_laptop(folder: str) -> None:
    """E3: it imports nothing of the emulator, the tests, or the operator's commands."""
    # The worker's program is a package of its own: it runs in a build, apart from everything else here.
    for path in (path for path in (ROOT / folder).rglob("*.py") if "buildspecs" not in path.parts):
        for module in imports(path):
            assert module.partition(".")[0] not in ("local", "tests", "cli", "moto", "ministack"), f"{path}: {module}"


def test_no_module_imports_a_handler() -> None:
    """Steps that handlers share are procedures, decisions are in the domain, access to services in adapters."""
    handlers = {name(handler) for handler in HANDLERS}
    assert {name(path): found for path in MODULES if (found := handlers & imports(path, typing=True))} == {}


def test_adapters_import_no_procedure() -> None:
    """Procedures import adapters, and adapters import the domain, never the other way round."""
    for path in (path for path in MODULES if "adapters" in path.parts):
        assert not any(module.startswith("functions.procedures") for module in imports(path, typing=True)), path


def test_no_module_imports_itself_through_others() -> None:
    """There are no import cycles, not even for types."""
    files = {
        name(path): path
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if "buildspecs" not in path.parts
    }
    graph = {module: (imports(path, typing=True) & files.keys()) - {module} for module, path in files.items()}
    assert cycles(graph) == []


def test_a_cycle_is_found() -> None:
    """Cycles of any length are found; modules that only lead to a cycle are not part of it."""
    graph = {"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set[str](), "e": {"e2"}, "e2": {"e"}}
    assert cycles(graph) == [["b", "c"], ["e", "e2"]]


def test_only_the_reader_of_manifests_imports_pydantic() -> None:
    """Targets, which are imported at every cold start of a stage, import no parser of manifests."""
    code = "import sys, functions.targets.registry; assert not {'pydantic', 'pydantic_core', 'yaml'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=60)


def test_importing_every_module_loads_no_sdk() -> None:
    """Components read declarations without boto3, and a cold start imports only the SDKs that it uses."""
    names = [name(path) for path in MODULES if path.name != "runtime.py"]
    code = f"""
import sys
from importlib import import_module
for name in {names!r}:
    import_module(name)
    found = [sdk for sdk in ("boto3", "botocore.session", "botocore.client", "github") if sdk in sys.modules]
    assert not found, (name, found)
"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=60)


def test_importing_the_runtime_alone_loads_no_sdk() -> None:
    """It creates a client only when a handler needs one."""
    code = "import sys, functions.runtime; assert not {'boto3', 'botocore.session', 'github'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=60)


def test_only_the_runtime_creates_clients() -> None:
    """Adapters get their clients from the runtime."""
    for path in MODULES:
        if path.name != "runtime.py":
            assert not {"boto3", "botocore"} & {module.partition(".")[0] for module in imports(path)}, path


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_every_task_has_its_handler(workflow: str) -> None:
    """The module exists, and its function is named after it."""
    assert tasks(workflow)
    for module in tasks(workflow).values():
        assert callable(handler_function(import_module(module)))


def test_every_handler_is_used_by_a_workflow() -> None:
    """Every handler in the workflows' folders belongs to a Task state."""
    used = {module for workflow in WORKFLOWS for module in tasks(workflow).values()}
    written = {name(path) for path in HANDLERS if path.parent.name != "events"}
    assert written == used


def test_every_handler_declares_itself_and_has_its_test() -> None:
    """A handler declares statements, timeout and memory as data, and has a test file of its name."""
    for path in HANDLERS:
        module = import_module(name(path))
        assert isinstance(module.HANDLER, Handler), path
        assert callable(handler_function(module)), path
        assert 0 < module.HANDLER.timeout_seconds <= 900, path
        assert (ROOT / "tests" / "functions" / path.parent.name / f"test_{path.name}").exists(), path


def test_no_handler_has_a_wildcard_action() -> None:
    """I6: no handler declares a wildcard action, and a wildcard resource has a reason."""
    for path in HANDLERS:
        for statement in import_module(name(path)).HANDLER.allow:
            assert statement.actions, path
            assert not any("*" in action for action in statement.actions), path
            assert statement.why or statement.on != "*", path


@pytest.mark.parametrize("folder", ["domain", "adapters", "gates", "targets"])
def test_every_module_has_its_test(folder: str) -> None:
    """The tests mirror the tree; only protocols have no test."""
    for path in (ROOT / "functions" / folder).glob("[a-z]*.py"):
        if path == ROOT / "functions" / "targets" / "base.py":
            continue
        assert (ROOT / "tests" / "functions" / folder / f"test_{path.name}").exists(), path
