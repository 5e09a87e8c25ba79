"""Tables on a terminal and in a pipe."""

from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console, Group
from rich.markup import escape

from cli.grid import Grid, unfolded

NAMES = st.from_regex(r"[a-z0-9-]{1,80}", fullmatch=True)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=120)


def shown(grid: Grid, *, width: int, pipe: bool) -> str:
    """What is printed; a terminal folds."""
    file = StringIO()
    Console(file=file, width=width, force_terminal=not pipe, color_system=None).print(grid, soft_wrap=pipe, crop=False)
    return file.getvalue()


@given(st.lists(st.tuples(NAMES, TEXTS, NAMES), max_size=5), st.integers(20, 200))
def test_a_pipe_gets_a_line_per_record_whatever_is_in_it(rows: list[tuple[str, str, str]], width: int) -> None:
    """T1: one line for each record, with the head; no tab, no control character, and each name as a whole."""
    grid = Grid("name", "reason", "owner", prose=("reason",))
    for name, text, owner in rows:
        grid.add_row(name, escape(text), owner)
    lines = shown(grid, width=width, pipe=True).split("\n")
    assert len(lines) == len(rows) + 2
    for line, (name, _, owner) in zip(lines[1:], rows, strict=False):
        assert line.startswith(name)
        assert line.endswith(owner)
        assert line.isprintable()


@given(st.lists(NAMES, min_size=1, max_size=5), TEXTS, st.integers(20, 200))
def test_a_terminal_folds_no_name(names: list[str], text: str, width: int) -> None:
    """T1: at any width each name is on one line, and text in the column beside it is folded, not cut."""
    grid = Grid("name", "reason", prose=("reason",))
    for name in names:
        grid.add_row(name, escape(text))
    lines = [line.rstrip() for line in shown(grid, width=width, pipe=False).split("\n")]
    assert all(any(line.split(" ")[0] == name for line in lines) for name in names)


@pytest.mark.parametrize("wide", [True, False])
def test_columns_for_wide_are_left_out_otherwise(wide: bool) -> None:
    """The console says whether all are shown."""
    grid = Grid("name", "author", wide=("author",))
    grid.add_row("main-1", "ada")
    file = StringIO()
    console = Console(file=file, width=80)
    console.wide = wide  # type: ignore[attr-defined]
    console.print(grid, soft_wrap=True)
    assert ("ada" in file.getvalue()) is wide


def test_a_link_is_not_folded() -> None:
    """It can be followed from a narrow terminal."""
    link = "https://example.com/" + "a" * 100
    file = StringIO()
    Console(file=file, width=40, force_terminal=True, color_system=None).print(Group(unfolded(link)), crop=False)
    assert file.getvalue() == f"{link}\n"


def test_words_between_colons_stay() -> None:
    """A title is text, and no picture."""
    grid = Grid("title")
    grid.add_row("feat: add :smile: and [x]".replace("[", "\\["))
    assert ":smile: and [x]" in shown(grid, width=80, pipe=True)
