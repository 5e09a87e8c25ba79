"""Somebody who merges pull requests, and wants to approve what they merged."""

import requests

from local.github import LocalGitHub
from tests.attackers.approving import approve, request, stored
from tests.functions.delivered import runs
from tests.functions.samples import state, version
from tests.functions.stack import Stack
from tests.local.github.support import REPOSITORY, WorkingCopy

LOGINS = {"mallory@x.io": "mallory", "bob@x.io": "bob", "grace@x.io": "grace"}


def test_who_opened_or_merged_a_release_does_not_approve_it(stack: Stack, hub: LocalGitHub, copy: WorkingCopy) -> None:
    """A merger approves a friend's pull request that they merged, or the friend does, where authors are excluded."""
    base = copy.commit("first", {"a": "1"})
    copy.push()
    runs(stack, state(running=version(commit=base)))
    copy.commit("work", {"b": "1"})
    copy.push("origin", "HEAD:topic")
    for login in ("mallory", "bob"):
        hub.add_token(f"token-of-{login}", login, f"{login}@x.io")
    number = _call(hub, "bob", "POST", "pulls", title="Topic", head="topic", base="main")["number"]
    head = _call(hub, "mallory", "PUT", f"pulls/{number}/merge", merge_method="squash")["sha"]
    merger, friend, other = request(stack, head, logins=LOGINS, author_may_approve=False)
    assert [approve(stack, one) for one in (merger, friend)] == [403, 403]
    assert stored(stack, merger).state == "open"
    assert approve(stack, other) == 200


def _call(hub: LocalGitHub, login: str, method: str, path: str, **body: str) -> dict[str, str]:
    headers = {"Authorization": f"Bearer token-of-{login}", "Connection": "close"}
    answer = requests.request(
        method, f"{hub.api_url}/repos/{REPOSITORY}/{path}", json=body, headers=headers, timeout=10
    )
    answer.raise_for_status()
    found: dict[str, str] = answer.json()
    return found
