"""Patterns of paths, beside git itself."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from functions.domain.git_patterns import GitPatterns, mistake_in

# What has a meaning in a pattern, and the names that it is tried on.
_PIECES = [
    "a",
    "b",
    "B",
    "-",
    "*",
    "**",
    "?",
    "/",
    "/**/",
    "**/",
    "!",
    "#",
    "\\",
    " ",
    "[",
    "]",
    "[a-b]",
    "[!a]",
    "[^b/]",
]
_PIECES += ["é", "[[:alpha:]]", "[[:nothing:]]", "[]-a]", "[\\]a-]", ".", "{a,b}"]
_PATTERN = st.lists(st.sampled_from(_PIECES), min_size=1, max_size=6).map("".join)
_NAMES = st.text("abB-é! #]\\*", min_size=1, max_size=3).map(lambda name: name.strip() or "a")
_PATHS = st.lists(st.lists(_NAMES, min_size=1, max_size=4).map("/".join), min_size=1, max_size=12, unique=True)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty repository, without the ignored files of this machine's user."""
    folder = tmp_path_factory.mktemp("ignored")
    subprocess.run(["git", "init", "--quiet", "--template=", folder], check=True)
    return folder


def ignored(folder: Path, patterns: list[str], paths: list[str]) -> list[str]:
    """The paths that git ignores by a `.gitignore` with these lines."""
    (folder / ".gitignore").write_bytes("".join(f"{one}\n" for one in patterns).encode())
    command = ["git", "-c", "core.excludesFile=", "check-ignore", "--no-index", "-z", "--stdin"]
    done = subprocess.run(command, cwd=folder, input="\0".join(paths).encode(), capture_output=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return [path for path in done.stdout.decode().split("\0") if path]


@given(st.lists(_PATTERN, min_size=1, max_size=4), _PATHS)
@example(["a**/b"], ["a/b", "ab", "axb", "ax/b", "a/x/y/b"])
@example(["a/*", "!a/b"], ["a/b", "a/b/c", "a/c/b"])
@example(["a/", "!a/b"], ["a/b", "a", "b/a/c"])
def test_patterns_mean_what_they_mean_in_gitignore(repository: Path, patterns: list[str], paths: list[str]) -> None:
    """Anchors, folders, wildcards, brackets, escapes, negation, spaces, comments, names beyond ASCII."""
    selected = GitPatterns(patterns)
    assert [path for path in paths if selected.select(path)] == ignored(repository, patterns, paths)


def test_a_hostile_pattern_is_matched_at_once() -> None:
    """Trying every way to divide the name among the wildcards would not end."""
    path = "a" * 2000
    deep = "a/" * 2000
    assert GitPatterns(["/**/b/**/b", "b/"]).select(f"{deep}c") is False
    assert GitPatterns(["/**/b/**/b", "b/"]).select(f"{deep}b/c") is True
    assert GitPatterns([f"{'*a' * 40}*b", f"/{'**/a*' * 40}b"]).select(path) is False
    assert GitPatterns([f"{'*a' * 40}*"]).select(path) is True


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("# all", "is a comment: write \\#"),
        ("a\nb", "control characters are not allowed"),
        ("", "matches no path"),
        ("!", "matches no path"),
        ("/", "matches no path"),
        ("src/[ab", "matches no path: close the bracket"),
        ("[[:letter:]]", "matches no path"),
        ("src\\", "name what follows a \\"),
        ("./src", "matches no path: write a path from the root of the repository"),
        ("src/../a", "matches no path: write a path"),
        ("src//a", "matches no path: write a path"),
    ],
)
def test_a_pattern_that_can_match_nothing_is_a_mistake(pattern: str, says: str) -> None:
    """The text says why, and what to write."""
    assert says in mistake_in(pattern)


@pytest.mark.parametrize("pattern", ["/src/", "!docs/*.md", "**/x", "app/[[]id]", "(group)/a b", "/**", "\\#x", "é"])
def test_other_patterns_are_taken(pattern: str) -> None:
    """Names with brackets, spaces and letters of other scripts, too."""
    assert mistake_in(pattern) == ""
