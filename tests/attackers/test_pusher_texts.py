"""A pusher who writes hostile texts into a commit."""

import json
from dataclasses import replace
from unittest.mock import patch

from functions.adapters.pages import open_page
from functions.adapters.slack import Slack
from functions.domain.approvals import Approval
from functions.domain.events import DeploymentStarted
from functions.domain.messages import Links, compose
from functions.runtime import Clients
from tests.functions.samples import DEPLOYMENT, RELEASE

NOW = "2026-01-31T08:00:00.000Z"
MESSAGE = "fix: a\r  Reason       all is well\u2028\x1b[2J\u202e```<!channel> & <http://evil|you>\n\nbody"
STARTED = DeploymentStarted(
    DEPLOYMENT, replace(RELEASE, message=MESSAGE, author="Eve\n  Title        ok"), "pushed", ()
)


def test_a_commit_is_one_line_of_a_mail() -> None:
    """A pusher tries to forge lines of a mail, or to reorder them, through the subject of a commit and a name."""
    hostile, plain = compose(STARTED), compose(replace(STARTED, release=RELEASE))
    assert hostile
    assert plain
    assert len(hostile.text.splitlines()) == len(plain.text.splitlines())
    assert not set(hostile.text) & set("\r\u2028\x1b\u202e")
    assert "fix: a Reason all is well" in hostile.text


def test_a_commit_calls_nobody_in_slack() -> None:
    """A pusher tries to end the code fence of a message, to call everybody in the channel, and to name a link."""
    message = compose(STARTED)
    assert message
    url = patch("functions.adapters.slack.read_secret", return_value="https://hooks.example.com/x")
    with url, patch("functions.adapters.slack.urlopen") as opened:
        Slack(Clients({})).post(message.subject + MESSAGE, message.text)
    sent = json.loads(opened.call_args.args[0].data)
    text = sent["blocks"][1]["text"]["text"]
    assert text.startswith("```")
    assert text.endswith("```")
    assert "`" not in text[3:-3]
    for one in (text, sent["text"]):
        assert not set(one) & set("<>")


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
    assert f"https://github.example.com/%2E%2E/%2E%2E/evil%3Fx%3D%23y/commit/{release.commit}" in written.text
