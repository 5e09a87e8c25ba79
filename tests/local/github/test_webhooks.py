"""Webhooks: what is sent, signed as GitHub signs it, recorded, lost and sent again."""

import hashlib
import hmac
import json
import uuid
from typing import Any

import pytest
import requests
from github.Repository import Repository

from local.github import LocalGitHub
from tests.local.github.support import REPOSITORY, SECRET, TOKEN, Receiver, WorkingCopy, eventually

_HEADERS = {"Authorization": f"Bearer {TOKEN}"}
# Names in GitHub's published `push` examples.
_PUSH = {
    "ref", "before", "after", "created", "deleted", "forced", "base_ref", "compare", "commits", "head_commit",
    "repository", "pusher", "sender",
}  # fmt: skip
_COMMIT = {
    "id", "tree_id", "distinct", "message", "timestamp", "url", "author", "committer", "added", "removed", "modified",
}  # fmt: skip


def _pushes(receiver: Receiver, count: int) -> list[dict[str, Any]]:
    eventually(lambda: len(receiver.events("push")) >= count)
    return [json.loads(one.body) for one in receiver.events("push")]


def test_a_push_event_has_githubs_headers_and_signature(copy: WorkingCopy, receiver: Receiver) -> None:
    """The delivery has a UUID, the event and an HMAC over the exact body."""
    copy.commit("first", {"a": "1"})
    copy.push()
    _pushes(receiver, 1)
    sent = receiver.events("push")[0]
    expected = hmac.new(SECRET.encode(), sent.body, hashlib.sha256).hexdigest()
    assert sent.headers["X-Hub-Signature-256"] == f"sha256={expected}"
    assert sent.headers["X-Hub-Signature"].startswith("sha1=")
    assert uuid.UUID(sent.headers["X-Github-Delivery"])
    assert sent.headers["User-Agent"].startswith("GitHub-Hookshot/")
    assert sent.headers["Content-Type"] == "application/json"


def test_the_event_of_a_new_branch_has_its_commits(copy: WorkingCopy, receiver: Receiver) -> None:
    """The first push of a branch has zeros in `before`, and all commits, oldest first."""
    first = copy.commit("first", {"a": "1", "b": "1"})
    second = copy.commit("second\n\nbody", {"a": "2", "b": None, "c/d": "1"})
    copy.push()
    (push,) = _pushes(receiver, 1)
    assert set(push) == _PUSH
    assert (push["ref"], push["before"], push["after"]) == ("refs/heads/main", "0" * 40, second)
    assert (push["created"], push["deleted"], push["forced"]) == (True, False, False)
    assert [commit["id"] for commit in push["commits"]] == [first, second]
    assert set(push["head_commit"]) == _COMMIT
    last = push["head_commit"]
    assert (last["added"], last["removed"], last["modified"]) == (["c/d"], ["b"], ["a"])
    assert last["author"] == {"name": "Ada", "email": "ada@example.com", "username": "ada"}
    assert last["message"] == "second\n\nbody"
    assert push["pusher"] == {"name": "ada", "email": "ada@example.com"}
    assert push["repository"]["full_name"] == REPOSITORY
    assert isinstance(push["repository"]["pushed_at"], int)


def test_the_event_of_a_later_push_has_only_new_commits(copy: WorkingCopy, receiver: Receiver) -> None:
    """An update has the old head in `before` and lists the commits since then."""
    first = copy.commit("first", {"a": "1"})
    copy.push()
    second = copy.commit("second", {"a": "2"})
    copy.push()
    push = _pushes(receiver, 2)[1]
    assert (push["before"], push["after"], push["created"]) == (first, second, False)
    assert [commit["id"] for commit in push["commits"]] == [second]
    assert push["compare"].endswith(f"/compare/{first[:12]}...{second[:12]}")


def test_a_forced_push_is_marked(copy: WorkingCopy, receiver: Receiver) -> None:
    """A head that does not descend from the old one is forced."""
    copy.commit("first", {"a": "1"})
    copy.commit("second", {"a": "2"})
    copy.push()
    copy.git("reset", "--quiet", "--hard", "HEAD~1")
    copy.commit("other", {"a": "3"})
    copy.push("--force", "origin", "HEAD")
    assert _pushes(receiver, 2)[1]["forced"] is True


def test_a_deleted_branch_has_no_head(copy: WorkingCopy, receiver: Receiver) -> None:
    """A deletion has zeros in `after`, no commits and no head commit."""
    copy.commit("first", {"a": "1"})
    copy.push("origin", "HEAD", "HEAD:refs/heads/topic")
    copy.push("origin", "--delete", "topic")
    push = _pushes(receiver, 3)[2]
    assert (push["deleted"], push["after"], push["commits"], push["head_commit"]) == (True, "0" * 40, [], None)


@pytest.mark.parametrize("annotated", [False, True])
def test_a_tag_sends_a_push_event(copy: WorkingCopy, receiver: Receiver, annotated: bool) -> None:
    """Its event has no commits but a head commit; `after` of an annotated tag is the tag object."""
    sha = copy.commit("first", {"a": "1"})
    copy.push()
    copy.git("tag", *(["--annotate", "--message", "one"] if annotated else []), "v1.2.0")
    copy.push("origin", "v1.2.0")
    push = _pushes(receiver, 2)[1]
    assert (push["ref"], push["created"], push["commits"]) == ("refs/tags/v1.2.0", True, [])
    assert push["head_commit"]["id"] == sha
    assert (push["after"] == sha) is not annotated
    assert push["base_ref"] == "refs/heads/main"


def test_more_than_three_tags_at_once_send_no_event(copy: WorkingCopy, receiver: Receiver, api: Repository) -> None:
    """GitHub sends no event for four tags in one push; the reconciliation must find them."""
    copy.commit("first", {"a": "1"})
    copy.push()
    for number in range(4):
        copy.git("tag", f"v{number}")
    copy.push("origin", "--tags")
    api.create_repository_dispatch("after")
    eventually(lambda: receiver.events("repository_dispatch"))
    assert len(_pushes(receiver, 1)) == 1


def test_a_ref_moved_through_rest_sends_an_event(copy: WorkingCopy, receiver: Receiver, api: Repository) -> None:
    """GitHub sends a push event for every way of moving a ref."""
    sha = copy.commit("first", {"a": "1"})
    copy.push()
    api.create_git_ref("refs/heads/topic", sha)
    api.create_file("b.txt", "add b", "hello", branch="topic")
    pushes = _pushes(receiver, 3)
    assert [push["ref"] for push in pushes[1:]] == ["refs/heads/topic"] * 2
    assert (pushes[1]["commits"], pushes[1]["base_ref"]) == ([], "refs/heads/main")
    assert pushes[2]["commits"][0]["added"] == ["b.txt"]


def test_a_dispatch_carries_its_payload(receiver: Receiver, api: Repository) -> None:
    """repository_dispatch arrives with the event type as action."""
    api.create_repository_dispatch("staging-deploy", {"api": "dev-1"})
    eventually(lambda: receiver.events("repository_dispatch"))
    body = json.loads(receiver.events("repository_dispatch")[0].body)
    assert (body["action"], body["client_payload"], body["branch"]) == ("staging-deploy", {"api": "dev-1"}, "main")


def test_a_lost_delivery_is_recorded_and_sent_again_unchanged(
    hub: LocalGitHub, copy: WorkingCopy, receiver: Receiver
) -> None:
    """A redelivery has the guid and the bytes of the delivery that was lost."""
    eventually(lambda: receiver.events("ping"))
    hub.lose_next(1)
    copy.commit("first", {"a": "1"})
    copy.push()
    hook = hub.repository(REPOSITORY).hooks[0]
    lost = eventually(lambda: next((one for one in hook.deliveries if one.event == "push"), None))
    assert (receiver.events("push"), lost.status_code) == ([], 502)
    base = f"{hub.api_url}/repos/{REPOSITORY}/hooks/{hook.id}/deliveries"
    answer = requests.post(f"{base}/{lost.id}/attempts", headers=_HEADERS, timeout=10)
    assert answer.status_code == 202
    sent = eventually(lambda: receiver.events("push"))[0]
    assert (sent.headers["X-Github-Delivery"], sent.body) == (lost.guid, lost.body)
    eventually(lambda: len(hook.deliveries) == 3)
    listed = requests.get(base, headers=_HEADERS, timeout=10).json()
    assert [(one["guid"], one["redelivery"], one["status_code"]) for one in listed[:2]] == [
        (lost.guid, True, 200),
        (lost.guid, False, 502),
    ]


def test_a_receiver_that_fails_is_recorded(hub: LocalGitHub, copy: WorkingCopy, receiver: Receiver) -> None:
    """GitHub never retries by itself; it keeps what the receiver answered."""
    eventually(lambda: receiver.events("ping"))
    receiver.status = 500
    copy.commit("first", {"a": "1"})
    copy.push()
    hook = hub.repository(REPOSITORY).hooks[0]
    failed = eventually(lambda: next((one for one in hook.deliveries if one.event == "push"), None))
    assert (failed.status_code, len(receiver.events("push"))) == (500, 1)


def test_hooks_are_kept_through_rest(hub: LocalGitHub, receiver: Receiver, api: Repository) -> None:
    """A hook is made, changed and removed through REST, never showing its secret."""
    config = {"url": f"{receiver.url}/2", "content_type": "json", "secret": "s3cret"}
    hook = api.create_hook("web", config, ["push"], active=True)
    assert hook.config["secret"] == "********"
    hook.edit("web", {**config, "url": f"{receiver.url}/3"}, events=["push", "repository_dispatch"])
    assert hub.repository(REPOSITORY).hooks[1].url == f"{receiver.url}/3"
    hook.delete()
    assert len(list(api.get_hooks())) == 1


def test_an_unreachable_receiver_is_recorded(hub: LocalGitHub, copy: WorkingCopy) -> None:
    """Without a receiver the delivery fails, and the push still succeeds."""
    hook = hub.add_hook(REPOSITORY, "http://127.0.0.1:1/", SECRET)
    sha = copy.commit("first", {"a": "1"})
    copy.push()
    eventually(lambda: len(hook.deliveries) == 2)
    assert [(one.event, one.status_code) for one in hook.deliveries] == [("ping", 502), ("push", 502)]
    assert hub.repository(REPOSITORY).git.resolve("main") == sha


def test_an_event_without_subscribers_is_not_sent(hub: LocalGitHub, copy: WorkingCopy) -> None:
    """A hook gets its own events only, and none while it is inactive."""
    with Receiver() as silent, Receiver() as listening:
        hub.add_hook(REPOSITORY, silent.url, SECRET, ["repository_dispatch"])
        hub.add_hook(REPOSITORY, f"{silent.url}/inactive", SECRET).active = False
        hub.add_hook(REPOSITORY, listening.url, SECRET, ["*"])
        copy.commit("first", {"a": "1"})
        copy.push()
        _pushes(listening, 1)
        assert silent.events("push") == []
