"""Globs of files in an archive."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.domain.globs import glob

# What each part means, as a regular expression.
MEANING = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
PARTS = st.lists(st.sampled_from(["**/", "**", "*", "?", "a", "b", "/", "."]), max_size=6).map("".join)


@pytest.mark.parametrize(
    ("pattern", "fits", "fits_not"),
    [
        ("a/*.xml", ["a/one.xml", "a/.xml"], ["a/b/one.xml", "b/one.xml", "a/one.xmlx", "xa/one.xml"]),
        ("**/t*.xml", ["t.xml", "a/b/two.xml"], ["at.xml", "a/bt.xml", "a/t/x.xml"]),
        ("a/**", ["a/", "a/b/c"], ["a", "b/a/c"]),
        ("**/x/**/y", ["x/y", "a/x/b/c/y"], ["xx/y", "x/by"]),
        ("r?.j", ["r1.j"], ["r.j", "r/.j", "r12.j"]),
        ("***/a", ["a", "b/a"], ["ba"]),
        ("**/**/a", ["a", "b/c/a"], ["ba"]),
    ],
)
def test_a_glob_fits(pattern: str, fits: list[str], fits_not: list[str]) -> None:
    """`*` and `?` stay in their folder, `**` enters others, and `**/` begins at a folder."""
    fits_glob = glob(pattern)
    assert [name for name in fits if not fits_glob.matches(name)] == []
    assert [name for name in fits_not if fits_glob.matches(name)] == []


@settings(max_examples=300, deadline=None)
@given(PARTS, st.text("ab/.", max_size=8))
def test_a_glob_means_what_its_parts_mean(pattern: str, name: str) -> None:
    """For patterns in which no three `*` follow one another, in the words of a regular expression."""
    if "***" in pattern:
        return
    parts = re.findall(r"\*\*/|\*\*|\*|\?|[^*?]+", pattern)
    wanted = re.compile("".join(MEANING.get(part, re.escape(part)) for part in parts), re.DOTALL)
    assert glob(pattern).matches(name) == bool(wanted.fullmatch(name))
