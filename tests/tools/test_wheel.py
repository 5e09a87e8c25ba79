"""What `pipx install .` and `uv tool install .` install: the command, and the libraries that it uses."""

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions, requires
from pathlib import Path
from sys import stdlib_module_names

from local.platform import PROJECT

# It reads all that is installed.
known = cache(packages_distributions)


def _plain(name: str) -> str:
    """A distribution's name in the form in which two spellings are equal."""
    return re.split(r"[^\w.-]", name)[0].lower().replace("_", "-")


@cache
def _installed() -> set[str]:
    return {re.sub("_", "-", one).lower() for names in known().values() for one in names}


def _brought(name: str, extra: str = "") -> Iterator[str]:
    """A distribution, and what it requires; of its extras only the one that is asked for, as in `pyjwt[crypto]`."""
    yield name
    for one in requires(name) or ():
        asked = re.search(r"extra == ['\"](.+?)['\"]", one)
        if _plain(one) in _installed() and (asked is None or asked[1] == extra):
            more = re.match(r"[\w.-]+\[(\w+)\]", one)
            yield from _brought(_plain(one), more[1] if more else "")


def _imported(folder: str) -> Iterator[str]:
    """The top-level packages that the modules of a folder import when they run, late imports included."""
    for file in (PROJECT / folder).rglob("*.py"):
        whole = [*ast.walk(ast.parse(file.read_text("utf-8")))]
        guards = [one for one in whole if isinstance(one, ast.If) and ast.unparse(one.test) == "TYPE_CHECKING"]
        for node in {*whole} - {one for guard in guards for one in ast.walk(guard)}:
            if isinstance(node, ast.Import):
                yield from (one.name.partition(".")[0] for one in node.names)
            elif isinstance(node, ast.ImportFrom) and not node.level:
                yield (node.module or "").partition(".")[0]


def test_the_wheel_declares_what_the_command_imports() -> None:
    """T1: an installation that no checkout stands beside finds every library, and gets no other."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))
    files = project["tool"]["setuptools"]["dynamic"]["dependencies"]["file"]
    lines = [line for file in files for line in (PROJECT / file).read_text("utf-8").splitlines()]
    declared = {_plain(line.partition("==")[0]) for line in lines if line and line[0] != "#"}
    brought = {name for one in declared for name in _brought(one)}
    names = {*_imported("cli"), *_imported("functions")} - {*stdlib_module_names}
    wanted = {_plain(known()[name][0]) for name in names if name in known()}
    assert wanted <= brought
    assert project["project"]["scripts"] == {"kiro-worker": "cli.__main__:main"}


def test_the_environment_of_make_has_the_command() -> None:
    """T1: messages and documents write `kiro-worker`; `make` puts it where the interpreter is."""
    recipe = Path(PROJECT / "Makefile").read_text("utf-8")
    assert "> $(BIN)/kiro-worker && chmod +x $(BIN)/kiro-worker" in recipe
