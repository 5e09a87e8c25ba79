"""Pages are generated, and stale ones are found."""

from functools import cache
from pathlib import Path

import pytest

from tools.reference import __main__ as reference
from tools.reference.__main__ import FOLDER, PAGES, main, stale

ONCE = {name: cache(page) for name, page in PAGES.items()}


@pytest.fixture(autouse=True)
def _generated_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Generate each page once for all tests: one takes up to a second."""
    monkeypatch.setattr(reference, "PAGES", ONCE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder for the pages; one of them stands beside it."""
    return tmp_path / "reference"


def test_the_pages_are_what_the_code_says() -> None:
    """The committed pages are those that the code generates."""
    assert not stale()
    assert {page.name for page in FOLDER.iterdir()} == {name for name in PAGES if not name.startswith("../")}


def test_a_stale_page_is_found_and_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A check changes nothing and exits with 1; without it, the page is written."""
    assert main([], folder) == 0
    assert main(["--check"], folder) == 0
    page = folder / "configuration.md"
    whole = page.read_text("utf-8")
    page.write_text(whole.replace("pollMinutes", "pollHours"), "utf-8")
    assert main(["--check"], folder) == 1
    assert capsys.readouterr().err == "docs/reference/configuration.md is stale; run `make reference`\n"
    assert "pollHours" in page.read_text("utf-8")
    assert main([], folder) == 0
    assert page.read_text("utf-8") == whole


def test_a_page_that_is_missing_is_stale(folder: Path) -> None:
    """In an empty folder all pages are."""
    assert set(stale(folder)) == set(PAGES)
    assert main(["--check"], folder) == 1


def test_lines_are_short_enough_to_read(folder: Path) -> None:
    """150 characters at most."""
    main([], folder)
    for page in folder.iterdir():
        assert max(map(len, page.read_text("utf-8").splitlines())) < 150, page.name
