"""The threat model: every bound of docs/security.md names a test that exists, and every actor has its bounds."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
PERMISSIONS = (ROOT / "docs" / "reference" / "permissions.md").read_text("utf-8")
# Sections that say who the actors are and what people do, and bound nothing.
WITHOUT_BOUNDS = ("Actors and assets", "Replace a secret", "Audits")
# The two functions that a deploy role is for.
CHANGING = {"stage-apply-service", "stage-continue-rollout", "rollback-restore-service"}
_NOT_BOUNDED = "\nNot bounded:\n\n- "
_CELL = re.compile(r"(?<!\\)\|")
_TEST = re.compile(r"`(tests/[\w/.]+\.py)(?:::(\w+))?`")


def sections(page: str) -> dict[str, str]:
    """The text below each heading of the second level."""
    return dict(re.findall(r"^## (.+)\n((?:(?!## ).*\n?)*)", page, re.MULTILINE))


def tables(text: str) -> Iterator[list[list[str]]]:
    """The cells of each table, its heading first and without the line below that."""
    for found in re.findall(r"(?:^\|.*\n?)+", text, re.MULTILINE):
        lines = [[cell.strip() for cell in _CELL.split(line.strip()[1:-1])] for line in found.splitlines()]
        yield [lines[0], *lines[2:]]


@cache
def functions(path: str) -> frozenset[str]:
    """The names of all functions in a file of this repository."""
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def named(text: str) -> list[tuple[str, str]]:
    """The tests that a text names: paths, and functions or nothing."""
    return _TEST.findall(text)


def faults(page: str) -> list[str]:
    """What is wrong with the page, each with its section."""
    found = []
    for section, text in sections(page).items():
        if section in WITHOUT_BOUNDS:
            continue
        bounds, marked, _ = text.partition(_NOT_BOUNDED)
        if not marked and section != "Secrets":
            found.append(f"{section}: says nothing about what is not bounded")
        if re.search(r"^[-*] ", bounds, re.MULTILINE):
            found.append(f"{section}: a list before what is not bounded; write each bound in a table, with its test")
        rows = [(heading, row) for heading, *rows in tables(text) for row in rows]
        if not rows:
            found.append(f"{section}: has no table of bounds")
        for heading, row in rows:
            if heading[-1] != "test" or len(row) != len(heading) or not named(row[-1]):
                found.append(f"{section}: no test of: {' | '.join(row[:-1])}")
    for path, function in named(page):
        if not (ROOT / path).is_file():
            found.append(f"no such file: {path}")
        elif function and function not in functions(path):
            found.append(f"no such test: {path}::{function}")
    return found


def test_every_bound_names_a_test_that_exists() -> None:
    """Who reads what bounds an actor finds the test that shows it, and what is not bounded."""
    assert faults(PAGE) == []
    assert len(named(PAGE)) > 100  # else the search finds nothing, and proves nothing


_GOOD = """## Build

| asset | what bounds it | test |
|---|---|---|
| gates | a digest | `tests/docs/test_security.py::test_every_bound_names_a_test_that_exists` |

Not bounded:

- The network.
"""


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("`tests/docs/test_security.py::test_every_bound_names_a_test_that_exists`", "", "Build: no test of: gates"),
        ("::test_every_bound", "::test_no_bound", "no such test"),
        ("docs/test_security.py", "docs/test_insecurity.py", "no such file"),
        ("| test |", "| why |", "Build: no test of: gates"),
        ("\nNot bounded:\n", "", "Build: says nothing about what is not bounded"),
        ("\n| asset", "\n- Nobody reads the sources.\n\n| asset", "Build: a list before what is not bounded"),
    ],
)
def test_a_page_with_a_fault_is_found(old: str, new: str, fault: str) -> None:
    """A bound without a test, a test that does not exist, and a bound outside of the tables each fail."""
    assert faults(_GOOD) == []
    assert old in _GOOD
    assert any(fault in one for one in faults(_GOOD.replace(old, new)))


def test_every_actor_has_a_section() -> None:
    """The table of actors links to their sections."""
    heading, *actors = next(tables(sections(PAGE)["Actors and assets"]))
    assert heading[0] == "actor"
    names = [re.findall(r"\[(.+)\]\(#(.+)\)", row[0])[0] for row in actors]
    assert [anchor for name, anchor in names if anchor != name.lower().replace(" ", "-")] == []
    assert {name for name, _ in names} == set(sections(PAGE)) - {*WITHOUT_BOUNDS, "Secrets"}


def test_every_attack_is_on_the_page() -> None:
    """Each file of tests/attackers proves a bound that the page names."""
    attacks = {str(file.relative_to(ROOT)) for file in (ROOT / "tests" / "attackers").glob("test_*.py")}
    assert attacks - {path for path, _ in named(PAGE)} == set()


def test_functions_with_the_deploy_roles_are_named() -> None:
    """The page names each function that may assume the deploy roles, and no other."""
    holders = {
        re.split(r"\s", one)[0]
        for one in re.split(r"^### ", PERMISSIONS, flags=re.MULTILINE)
        if "`deploy-roles`" in one
    }
    (said,) = re.findall(r"^\| environments \| only (.+?) may assume the deploy roles", PAGE, re.MULTILINE)
    assert set(re.findall(r"`((?:events|rollback|shared|stage)-[a-z-]+)`", said)) == holders == CHANGING
