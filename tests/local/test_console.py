"""The console on the laptop: it brings the session, shows the mailbox, and answers to loopback only."""

import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from functions.domain.messages import Message
from functions.domain.slack_actions import Button
from functions.domain.slack_blocks import blocks, fallback
from functions.domain.texts import slack
from local import mails
from local.console import ConsoleServer
from local.mailbox import Mail
from local.platform import PlatformError
from local.slack import Posted
from tests.http_server import HttpServer, QuietHandler

HOSTILE = "<script>alert(1)</script> & co"
WAITS = Message(
    *(
        "deployments",
        "1a2b3c4d5e6f waits",
        "It waits for an approval.",
        (("Title", "feat: greet"), ("Author", HOSTILE)),
    ),
    links=(("Commit", "https://github.example.com/a/commit/1?x=1&y=2"),),
    buttons=(Button("approve", "production", "a1"), Button("reject", "production", "a1")),
)
POSTED = [
    Posted("1", fallback(WAITS), blocks(WAITS)),
    Posted("2", slack(HOSTILE, 100), [], thread="1", answers=[{"text": "approved by &lt;ada&gt;"}]),
]
PAGE = b'<nav aria-label="Console"></nav>page'


class Table:
    """Takes what is written into it."""

    def __init__(self) -> None:
        self.rows: list[Any] = []

    def update_item(self, **row: Any) -> dict[str, Any]:
        """Keep a row."""
        self.rows.append(row)
        return {}

    @property
    def meta(self) -> Any:
        """The exception that a refused condition is."""
        failed = type("Failed", (Exception,), {})
        exceptions = type("Exceptions", (), {"ConditionalCheckFailedException": failed})
        return type("Meta", (), {"client": type("Client", (), {"exceptions": exceptions})})


class Mailbox:
    """Has one mail."""

    mails: tuple[Mail, ...] = (Mail("approvals", "Approve <it>", "open https://x.example.com/a?b=c&d\n\nor not"),)

    def receive(self) -> None:
        """Receive nothing more."""


class Api(HttpServer):
    """Stands for the API of the stack: a link begins a session, and only a session sees the page."""

    def __init__(self) -> None:
        class Handler(QuietHandler):
            def _serve(self) -> None:
                status, more = 200, {"etag": '"1"'}
                if "open=" in self.path:
                    status, more = 303, {"location": "console", "set-cookie": "kiro-console=id.s; Path=/; Secure"}
                elif self.headers.get("cookie") != "kiro-console=id.s":
                    status = 401
                elif self.headers.get("if-none-match") == '"1"':
                    status = 304
                body = PAGE if status == 200 else b""
                self.send_response(status)
                for name, value in {**more, "content-length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_GET = _serve  # noqa: N815 - the name of the base class

        super().__init__(Handler)


@pytest.fixture
def served() -> Iterator[tuple[str, Table]]:
    """The server before a stack's API, and the table that it writes to."""
    with served_by(Table()) as found:
        yield found


@contextmanager
def served_by(table: Table) -> Iterator[tuple[str, Table]]:
    """The server of a stack with this table."""
    mailbox: Any = Mailbox()
    with Api() as api, ConsoleServer(f"{api.base}/console", table, mailbox, POSTED, 0) as server:
        yield server.url, table


def get(address: str, **headers: str) -> tuple[int, str]:
    """Status and body of a GET."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers=named)) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_the_page_comes_with_a_session_that_is_begun_once(served: tuple[str, Table]) -> None:
    """As `kiro-worker open` begins one; the page gets links to mailbox and channel."""
    url, table = served
    for _ in range(2):
        assert get(url) == (
            200,
            '<nav aria-label="Console"><a href="/mail">Mail</a><a href="/slack">Slack</a></nav>page',
        )
    assert get(f"{url}/main-1")[0] == 200
    assert len(table.rows) == 1
    assert get(url, if_none_match='"1"')[0] == 304


def test_the_mailbox_is_shown_with_links_that_can_be_followed(served: tuple[str, Table]) -> None:
    """Text is escaped."""
    url = served[0].removesuffix("/console") + "/mail"
    status, page = get(url)
    assert status == 200
    assert "Approve &lt;it&gt;" in page
    assert '<a href="https://x.example.com/a?b=c&amp;d">https://x.example.com/a?b=c&amp;d</a>' in page
    tag = page.partition('data-tag="')[2].partition('"')[0]
    assert get(url, if_none_match=f'"{tag}"')[0] == 304


def test_messages_in_slack_are_shown_as_text(served: tuple[str, Table]) -> None:
    """N1: newest first, without Slack's markup; what others wrote stays a text, and addresses can be followed."""
    status, page = get(served[0].removesuffix("/console") + "/slack")
    assert status == 200
    reply, first = page.partition('id="slack-1"')[::2]
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; co" in reply
    assert "answer: approved by &lt;ada&gt;" in reply
    assert '<span class="mark">reply</span>' in reply
    assert "<script>alert" not in page
    assert "\nAuthor: &lt;script&gt;alert(1)&lt;/script&gt; &amp; co" in first
    assert "[Approve] [Reject]" in first
    assert 'Commit: <a href="https://github.example.com/a/commit/1?x=1&amp;y=2">' in first
    tag = page.partition('data-tag="')[2].partition('"')[0]
    assert get(served[0].removesuffix("/console") + "/slack", if_none_match=f'"{tag}"')[0] == 304


def test_mails_are_read_by_commands(served: tuple[str, Table]) -> None:
    """Numbered in the order of their arrival; links to the stack's console lead to this machine's."""
    where = {"console": served[0], "consoleUrl": "https://x.example.com/a"}
    (mail,) = mails.received(where)
    text = f"open {served[0]}?b=c&d\n\nor not"
    assert mail == Mail("approvals", "Approve <it>", text)
    assert mails.links(mail) == [f"{served[0]}?b=c&d"]
    assert mails.chosen([(1, mail)], "last") == mails.chosen([(1, mail)], "1") == (1, mail)
    with pytest.raises(PlatformError, match="there is no mail 2: 1 have arrived"):
        mails.chosen([(1, mail)], "2")
    with pytest.raises(PlatformError, match="console: false"):
        mails.received({})


def test_a_mail_leads_to_the_page_of_this_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """The address of the API has no session in a browser."""
    mailbox: Any = Mailbox()
    server = ConsoleServer("http://127.0.0.1:1/api/console", Table(), mailbox, [], 0)
    mail = Mail("deployments", "starts", "Console http://127.0.0.1:1/api/console/main-1")
    monkeypatch.setattr(Mailbox, "mails", (mail,))
    try:
        assert b'<a href="/console/main-1">' in server.answer("/mail", "", "")[2]
    finally:
        server._server.server_close()


def test_another_site_cannot_read_it(served: tuple[str, Table]) -> None:
    """A name that was pointed to this machine is refused; other paths are unknown."""
    url = served[0]
    assert get(url, host="evil.example.com")[0] == 403
    assert get(url, host="localhost:1")[0] == 200
    assert get(url.removesuffix("/console") + "/other")[0] == 404
    assert get(url.removesuffix("/console") + "/")[0] == 200, "it leads to the console"
