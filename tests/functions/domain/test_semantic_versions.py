"""Versions follow from conventional commits (M4)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain.semantic_versions import (
    Evidence,
    SemanticVersion,
    bump_of,
    newest,
    next_version,
    notes,
    read_version,
)

NUMBERS = st.integers(0, 10**9 - 1)
VERSIONS = st.builds(SemanticVersion, NUMBERS, NUMBERS, NUMBERS)
MESSAGES = st.lists(
    st.sampled_from(["feat: a", "fix(x): b", "docs: c", "feat!: d", "words", "perf: e"]) | st.text(), max_size=6
)
EVIDENCE = Evidence("a" * 40, "main-1", "production", ("tests: passed, 3",), "https://x.test/c", "https://x.test/d")


@pytest.mark.parametrize(
    ("message", "bump"),
    [
        ("feat: greet", "minor"),
        ("Feat(api): greet", "minor"),
        ("fix: mend\n\nbody", "patch"),
        ("perf(db): faster", "patch"),
        ("refactor!: drop the old call", "major"),
        ("fix: mend\n\nbody\n\nBREAKING CHANGE: the key is gone", "major"),
        ("docs: how", None),
        ("greet", None),
        ("feat:no space", None),
        ("feat : a space", None),
        ("fix: it says BREAKING CHANGE: in the subject", "patch"),
        ("", None),
    ],
)
def test_the_message_decides(message: str, bump: str | None) -> None:
    """https://www.conventionalcommits.org/en/v1.0.0/#specification"""
    assert bump_of(message) == bump


@pytest.mark.parametrize("tag", ["v1.2", "1.2.3", "v1.2.3-rc.1", "v01.2.3", "v1.2.3 ", "v1.2.3+build", "v"])
def test_other_tags_are_no_versions(tag: str) -> None:
    """Release candidates are none, either."""
    assert read_version(tag) is None


@given(VERSIONS, MESSAGES)
def test_the_next_version_is_higher(last: SemanticVersion, messages: list[str]) -> None:
    """It raises exactly one number by one, and the numbers behind it are 0; without a reason there is none."""
    found = next_version(last, messages)
    bumps = {bump_of(message) for message in messages} - {None}
    assert (found is None) == (not bumps)
    if found:
        assert found > last
        assert read_version(found.tag) in (found, None)
        assert found in (
            SemanticVersion(last.major + 1, 0, 0),
            SemanticVersion(last.major, last.minor + 1, 0),
            SemanticVersion(last.major, last.minor, last.patch + 1),
        )
        assert (found.major > last.major) == ("major" in bumps and last.major > 0)


@given(VERSIONS, MESSAGES, MESSAGES)
def test_more_commits_ask_for_no_lower_version(last: SemanticVersion, few: list[str], more: list[str]) -> None:
    """The order of the commits does not count."""
    one, both = next_version(last, few), next_version(last, [*more, *few])
    assert one is None or (both is not None and both >= one)
    assert both == next_version(last, [*few, *more])


@given(st.lists(VERSIONS, max_size=5))
def test_the_newest_is_the_highest(versions: list[SemanticVersion]) -> None:
    """By number and not by text: v1.10.0 is above v1.9.0."""
    tags = [*(version.tag for version in versions), "v9.9.9-rc.1", "x"]
    assert newest(tags) == max(versions, default=None)
    highest = newest(tags)
    if highest:
        assert newest(tags, before=highest) == max((one for one in versions if one < highest), default=None)


def test_notes_have_the_changes_and_the_evidence() -> None:
    """By kind, newest first; other commits are left out."""
    text = notes(["feat: one", "docs: two", "fix: three", "feat(x): four", "feat!: five"], EVIDENCE)
    lines = text.splitlines()
    assert lines[:3] == ["### Breaking changes", "", "- five"]
    assert lines.index("- four") < lines.index("- one") < lines.index("### Fixes") < lines.index("- three")
    assert "two" not in text
    assert "- gate tests: passed, 3" in lines
    assert "- deployment `main-1`, good in production" in lines


@given(st.text(max_size=80))
def test_no_message_is_markup(words: str) -> None:
    """A commit message may be anything."""
    text = notes([f"feat: x @team <img> {words}"], EVIDENCE)
    assert "<img" not in text
    assert "@team" not in text
