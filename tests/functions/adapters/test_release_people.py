"""Whose release it is, compared with what runs in the environment."""

import pytest
from msgspec.structs import replace

from functions.adapters.release_people import ReleasePeople
from local.github import LocalGitHub
from tests.functions.delivered import runs
from tests.functions.samples import RELEASE, SERVICE, state, version
from tests.functions.stack import Stack
from tests.local.github.support import REPOSITORY, WorkingCopy

EVE = "Eve <eve@example.com>"


@pytest.mark.parametrize(("part", "people"), [(SERVICE.name, {"eve"}), ("another", {"ada", "eve"})])
def test_the_people_of_commits_that_do_not_run_yet(
    stack: Stack, hub: LocalGitHub, copy: WorkingCopy, part: str, people: set[str]
) -> None:
    """A part that never ran there gets the whole history."""
    hub.add_token("token-of-eve", "eve", "eve@example.com")
    first = copy.commit("feat: first", {"a": "1"})
    copy.git("commit", "--quiet", "--amend", "--no-edit", "--author", "Ada <ada@example.com>")
    first = copy.git("rev-parse", "HEAD")
    copy.commit("feat: second", {"a": "2"})
    copy.git("commit", "--quiet", "--amend", "--no-edit", "--author", EVE)
    second = copy.git("rev-parse", "HEAD")
    copy.push()
    runs(stack, state(running=version(first)))
    release = replace(RELEASE, repository=REPOSITORY, commit=second)
    found = set(ReleasePeople.connect(stack.clients).logins(release, "production", [part]))
    assert people <= found
