"""Pages for those who change the code: links, commands and the map of the tests agree with the repository."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
PAGES = [ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", ROOT / "CHANGELOG.md", TESTS / "README.md"]


def files_of(variable: str) -> list[Path]:
    """Every test file below the folders and globs that a variable of the Makefile lists."""
    found = re.search(rf"^{variable} := ((?:.*\\\n)*.*)", MAKEFILE, re.MULTILINE)
    assert found, f"the Makefile sets no {variable}"
    places = [place for pattern in found[1].replace("\\\n", " ").split() for place in ROOT.glob(pattern)]
    return [file for place in places for file in ([place] if place.is_file() else place.rglob("test_*.py"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """To a file of this repository, or to another server."""
    targets = re.findall(r"\]\(([^)#]+)", page.read_text("utf-8"))
    local = [target for target in targets if not target.startswith("https://")]
    assert [target for target in local if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_make_knows_what_the_pages_name(page: Path) -> None:
    """Each `make target` in code is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
    named = set(re.findall(r"(?:`|\$ )make ([a-z-]+)", page.read_text("utf-8")))
    assert named - targets == set()


def test_both_halves_are_all_tests() -> None:
    """`make test-unit` and `make test-scenarios` together run each test file that `make test` runs, once."""
    halves = [*files_of("UNIT"), *files_of("SCENARIOS")]
    assert sorted(halves) == sorted(TESTS.rglob("test_*.py"))


def test_every_kind_of_test_is_on_the_map() -> None:
    """Each folder of tests is named in tests/README.md."""
    map_ = (TESTS / "README.md").read_text("utf-8")
    folders = {file.relative_to(TESTS).parts[0] for file in TESTS.rglob("test_*.py")}
    assert {folder for folder in folders if f"`tests/{folder}" not in map_} == set()


def test_the_changelog_knows_the_version() -> None:
    """What is not released stands first; the newest release is the version of the package."""
    versions = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert versions[:2] == ["Unreleased", project["version"]]
