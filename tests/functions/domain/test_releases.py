"""Names and refs of a release."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from functions.domain.errors import BadInputError
from functions.domain.releases import Release, branch_or_tag, execution_name, is_commit, skips_ci
from tests.functions.samples import RELEASE

COMMITS = st.text("0123456789abcdef", min_size=40, max_size=40)
# What the workflows append: an environment's name (16 characters are allowed for it) and a word for the rollback.
LONGEST = "-" + "e" * 16 + "-rollback-alone"


@given(st.sampled_from(["refs/heads/", "refs/tags/"]), st.text(min_size=1), COMMITS)
def test_every_execution_name_is_one_that_step_functions_takes(prefix: str, name: str, commit: str) -> None:
    """At most 80 characters with every suffix, and only letters, digits, dots, dashes and underscores."""
    made = execution_name("acme/hello", prefix + name, commit)
    assert re.fullmatch(r"[A-Za-z0-9._-]+", made)
    assert len(made + LONGEST) <= 80
    assert made.endswith(commit[:12])


@given(st.text(min_size=1), COMMITS, COMMITS)
def test_a_name_tells_commits_apart_and_repeats_itself(name: str, one: str, other: str) -> None:
    """P2: the same push has the same name; another commit has another."""
    ref = f"refs/heads/{name}"
    assert execution_name("acme/hello", ref, one) == execution_name("acme/hello", ref, one)
    if one[:12] != other[:12]:
        assert execution_name("acme/hello", ref, one) != execution_name("acme/hello", ref, other)


def test_names_say_what_they_are() -> None:
    """The name has the branch or tag, the repository's mark, and the commit."""
    commit = "1a2b3c4d5e6f" + "0" * 28
    assert execution_name("acme/hello", "refs/heads/main", commit) == "main-66508e54-1a2b3c4d5e6f"
    assert execution_name("acme/hello", "refs/tags/v1.2.0", commit) == "tag-v1.2.0-66508e54-1a2b3c4d5e6f"
    assert execution_name("acme/hello", "refs/heads/feature/a b", commit) == "feature-a-b-66508e54-1a2b3c4d5e6f"


@pytest.mark.parametrize("ref", ["", "main", "refs/heads/", "refs/tags/", "refs/pull/1/head", "heads/main"])
def test_a_ref_that_is_neither_branch_nor_tag_is_named(ref: str) -> None:
    """The text of the error holds the ref."""
    with pytest.raises(BadInputError, match=re.escape(repr(ref))):
        branch_or_tag(ref)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("a" * 40, True),
        ("a" * 39, False),
        ("a" * 41, False),
        ("A" * 40, False),
        ("g" * 40, False),
        ("a" * 40 + "\n", False),
    ],
)
def test_a_commit_is_forty_lower_hex_digits(text: str, right: bool) -> None:
    """Nothing shorter, longer or else."""
    assert is_commit(text) is right


@pytest.mark.parametrize(
    ("message", "skips"),
    [
        ("[skip ci] docs", True),
        ("docs [CI SKIP]", True),
        ("docs\n\n[CI SKIP]", False),
        ("docs [no ci]", True),
        ("docs [skip actions]", True),
        ("docs [actions skip]", True),
        ("docs\n\n\nskip-checks: true", True),
        ("docs\n\nSigned-off-by: Ada\nskip-checks:true\n", True),
        ("feat: whole pull request (#1)\n\n* docs: words [skip ci]\n* feat: more", False),
        ("docs\nskip-checks: true", False),
        ("docs\n\nskip-checks: true\n\nmore", False),
        ("docs\n\nskip-checks: false", False),
        ("skip ci", False),
        ("[skipci]", False),
        ("", False),
    ],
)
def test_skipping_is_asked_for_in_brackets(message: str, skips: bool) -> None:
    """P4: each form of GitHub's documentation, in the subject or as the trailer: a squashed body has many subjects.

    https://docs.github.com/en/actions/how-tos/manage-workflow-runs/skip-workflow-runs
    """
    assert skips_ci(message) is skips


def test_a_release_is_written_short() -> None:
    """The short form has 12 digits of the commit, and the title is the first line of the message."""
    release = Release("acme/x", "refs/heads/main", "1a2b3c4d5e6f7", message="feat: one\n\ntwo")
    assert (release.short, release.title) == ("1a2b3c4d5e6f", "feat: one")


@pytest.mark.parametrize(
    ("message", "number"),
    [
        ("feat: greet (#12)", 12),
        ("Merge pull request #7 from acme/greet\n\nfeat: greet", 7),
        ("feat: greet\n\nsee (#12)", 0),
        ("fix: as in #12", 0),
        ("fix (#12) again", 0),
        ("", 0),
    ],
)
def test_a_merged_pull_request_is_in_the_subject(message: str, number: int) -> None:
    """As GitHub writes it for a merge and a squash; a number that is only mentioned is none."""
    assert replace(RELEASE, message=message).pull_request == number
