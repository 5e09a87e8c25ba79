"""Somebody who may push to the main branch, and wants to approve what they pushed."""

from pathlib import Path

import pytest

from local.github import LocalGitHub
from tests.attackers.approving import approve, request, stored
from tests.functions.delivered import runs
from tests.functions.samples import state, version
from tests.functions.stack import Stack
from tests.local.github.support import WorkingCopy

LOGINS = {"mallory@x.io": "Mallory", "grace@x.io": "grace"}


@pytest.mark.parametrize("author", ["nobody@nowhere.example", "grace@x.io"])
def test_who_pushed_a_release_does_not_approve_it(
    stack: Stack, hub: LocalGitHub, copy: WorkingCopy, tmp_path: Path, author: str
) -> None:
    """A pusher approves a release that excludes its author, by commits that say that somebody else made them."""
    base = copy.commit("first", {"a": "1"})
    copy.push()
    runs(stack, state(running=version(commit=base)))
    hub.add_token("mallorys", "mallory", "mallory@x.io")
    clone = WorkingCopy(hub, tmp_path / "mallory", "mallorys")
    clone.git("fetch", "--quiet", "origin", "main")
    clone.git("reset", "--quiet", "--hard", "FETCH_HEAD")
    clone.commit("mine", {"b": "1"})
    clone.git("commit", "--quiet", "--amend", "--no-edit", "--author", f"Somebody <{author}>")
    clone.push("origin", "HEAD:main")
    head = clone.git("rev-parse", "HEAD")
    mine, other = request(stack, head, logins=LOGINS, author_may_approve=False)
    assert approve(stack, mine) == 403
    assert stored(stack, mine).state == "open"
    assert approve(stack, other) == 200
