"""A pusher who writes hostile texts into a commit."""

import re
from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from functions.adapters.pages import open_page
from functions.domain.approvals import Approval
from functions.domain.events import DeploymentStarted
from functions.domain.mails import mail
from functions.domain.message_details import Links
from functions.domain.messages import compose
from functions.domain.slack_blocks import blocks, fallback
from local.slack.rules import problems
from tests.functions.samples import DEPLOYMENT, RELEASE

NOW = "2026-01-31T08:00:00.000Z"
MESSAGE = "fix: a\r  Reason       all is well\u2028\x1b[2J\u202e```<!channel> & <http://evil|you>\n\nbody"
STARTED = DeploymentStarted(
    DEPLOYMENT, replace(RELEASE, message=MESSAGE, author="Eve\n  Title        ok"), "pushed", ()
)


def test_a_commit_is_no_line_of_a_mail() -> None:
    """A pusher tries to forge lines of a mail, or to reorder them, through the subject of a commit and a name."""
    hostile, plain = compose(STARTED), compose(replace(STARTED, release=RELEASE))
    assert hostile
    assert plain
    rows = [[name for name in map(_row, mail(one).splitlines()) if name] for one in (hostile, plain)]
    assert rows[0] == rows[1] == ["Reason", "Release", "Title", "Author", "Deployment"]
    assert not set(mail(hostile)) & set("\r\u2028\x1b\u202e")
    assert "fix: a Reason all is well" in " ".join(mail(hostile).split())


def _row(line: str) -> str:
    """The name of a row: two blanks, the name, and blanks up to the text."""
    found = re.fullmatch(r"  (\w.{11}) .*", line)
    return found[1].strip() if found and found[1].endswith("  ") else ""


def test_a_commit_calls_nobody_in_slack() -> None:
    """A pusher tries to call everybody in the channel, and to name a link."""
    message = compose(STARTED)
    assert message
    found = blocks(message)
    assert problems(found) == []
    texts = [text["text"] for text in _texts(found) if text["type"] == "mrkdwn"]
    assert len(texts) > 3
    for text in (*texts, fallback(message)):
        assert not set(text) & set("<>")
    assert all(text["verbatim"] for text in _texts(found) if text["type"] == "mrkdwn")


def _texts(value: Any) -> Iterator[dict[str, Any]]:
    """Every text object in a message's blocks."""
    if isinstance(value, dict) and isinstance(value.get("text"), str):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(inner)


def test_a_commit_is_text_on_the_page() -> None:
    """A pusher tries to add markup to the page of an approval, or to show a text in another order than it is."""
    summary = {"repository": "a/b", "commit": "1" * 40, "title": '<script>"\u202e', "author": "\u2066Ada"}
    approval = Approval("a1", "deploy", "main-1", "production", summary, ["hash"], NOW, NOW, NOW)
    body = open_page(approval, "secret")["body"]
    assert "<script>" not in body
    assert not set(body) & set("\u202e\u2066")
    assert "&lt;script&gt;&quot;" in body


def test_a_repository_leads_to_its_own_commit() -> None:
    """A pusher tries to point the link of a mail to another place, through the name of a repository."""
    release = replace(RELEASE, repository="../../evil?x=#y")
    written = compose(replace(STARTED, release=release), Links(github="https://github.example.com"))
    assert written
    assert f"https://github.example.com/%2E%2E/%2E%2E/evil%3Fx%3D%23y/commit/{release.commit}" in mail(written)
