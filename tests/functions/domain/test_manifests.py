"""Paths that concern a part, and texts with names to fill in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain.errors import ManifestError
from functions.domain.manifests import Part, changed_path, fill

VALUES = {"environment": "production", "DOMAIN": "example.com"}


@pytest.mark.parametrize(
    ("globs", "files", "found"),
    [
        ([], ("README.md",), "README.md"),
        ([], (), None),
        (["src/*"], ("docs/a.md", "src/deep/b.py"), "src/deep/b.py"),
        (["src/*"], ("src2/b.py",), None),
        (["*.py"], ("a/b.py",), "a/b.py"),
        (["SRC/*"], ("src/b.py",), None),
        (["/src/*.py"], ("src/deep/b.py", "lib/src/b.py"), None),
        (["src/*", "!src/docs/"], ("src/docs/a.md", "src/b.py"), "src/b.py"),
    ],
)
def test_the_first_file_of_its_paths_concerns_a_part(
    globs: list[str], files: tuple[str, ...], found: str | None
) -> None:
    """No paths: every file; else as in `.gitignore`: folders with all below them, upper and lower case differ."""
    assert changed_path(Part("a", "command", "build", globs), files) == found


def test_names_are_filled_in() -> None:
    """Every value, also twice."""
    assert fill("hello-{environment}", VALUES, "x") == "hello-production"
    assert (
        fill("http://{environment}.{DOMAIN}/{environment}", VALUES, "x") == "http://production.example.com/production"
    )
    assert fill("plain", VALUES, "x") == "plain"


@pytest.mark.parametrize(
    "text",
    [
        "{missing}",
        "{",
        "}",
        "{}",
        "{0}",
        "{environment.upper}",
        "{environment.__class__}",
        "{environment[0]}",
        "{environment!r}",
        "{environment:>99}",
        "{ environment }",
    ],
)
def test_anything_but_a_known_name_is_an_error(text: str) -> None:
    """The error names the place, the text and the known names; a text is never a program."""
    with pytest.raises(ManifestError, match=r"delivery\.yml: services\.hello\.function: .*known: DOMAIN, environment"):
        fill(text, VALUES, "services.hello.function")


@given(st.text(alphabet="{}abc.[]!:>09_ environment"))
def test_no_text_breaks_filling_in(text: str) -> None:
    """Every text is filled in or refused by name."""
    said = "delivery.yml: x"
    try:
        assert "{" not in fill(text, VALUES, "x")
    except ManifestError as error:
        said = str(error)
    assert said.startswith("delivery.yml: x")


@given(st.text())
def test_a_value_is_taken_as_it_is(value: str) -> None:
    """Braces in a value are no names."""
    assert fill("<{a}>", {"a": value}, "x") == f"<{value}>"
