"""The console on the laptop: the stack's own page at a fixed port, with the mailbox and Slack's channel beside it.

The page is that of the deployed function, reached through its API. This server adds the session, because only who is on
this machine reaches it: it listens on loopback, and answers no name but loopback's, which keeps other sites out.
https://developer.chrome.com/blog/private-network-access-preflight (DNS rebinding)
"""

import json
import re
import threading
import urllib.error
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import urlsplit

from functions.adapters.console_accesses import ConsoleAccesses
from functions.adapters.console_pages import View
from functions.domain.texts import html
from local.emulator import HOST
from local.mailbox import Mailbox
from local.slack import Posted, plain

_NAMES = (HOST, "localhost")
_NAV = '<nav aria-label="Console">'
_WITH_MORE = f'{_NAV}<a href="/mail">Mail</a><a href="/slack">Slack</a>'
_ADDRESS = re.compile(r"(https?://\S+)")
_HANDED_ON = ("content-type", "content-security-policy", "etag", "cache-control", "x-frame-options", "referrer-policy")


class ConsoleServer:
    """Serves the console at `url`; `port` 0 takes a free one. `table` is the stack's waits table.

    `posted` are the messages that Slack has received; more may be added while it serves.
    """

    def __init__(self, address: str, table: Any, mailbox: Mailbox, posted: Sequence[Posted], port: int) -> None:
        self._address = address
        self._accesses = ConsoleAccesses(table)
        self._mailbox = mailbox
        self._posted = posted
        self._cookie = ""
        self._server = ThreadingHTTPServer((HOST, port), type("Handler", (_Handler,), {"console": self}))
        self._server.daemon_threads = True
        self.url = f"http://{HOST}:{self._server.server_port}/console"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str, query: str, tag: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of a GET."""
        if path == "/":
            return 302, {"location": "/console"}, b""
        if path == "/mail":
            return self._mail(tag, live=query != "live=off")
        if path == "/slack":
            return self._slack(tag, live=query != "live=off")
        if path == "/mail.json":
            self._mailbox.receive()
            mails = json.dumps([asdict(mail) for mail in self._mailbox.mails])
            return 200, {"content-type": "application/json"}, mails.encode()
        if path != "/console" and not path.startswith("/console/"):
            return 404, {"content-type": "text/plain"}, b"the console is at /console"
        found = self._page(path, query, tag)
        if found[0] == 401:  # the first request, or the session has ended
            self._cookie = self._begin()
            found = self._page(path, query, tag)
        return found

    def _page(self, path: str, query: str, tag: str) -> tuple[int, dict[str, str], bytes]:
        address = self._address + path.removeprefix("/console") + (f"?{query}" if query else "")
        status, headers, body = _get(address, {"cookie": self._cookie, "if-none-match": tag})
        kept = {name: headers[name] for name in _HANDED_ON if name in headers}
        return status, kept, body.replace(_NAV.encode(), _WITH_MORE.encode(), 1)

    def _begin(self) -> str:
        """The cookie of a new session, begun as `kiro-worker open` does."""
        link = self._accesses.open("this machine", datetime.now(UTC))
        _, headers, _ = _get(f"{self._address}?open={link}", {})
        return headers.get("set-cookie", "").partition(";")[0]

    def _mail(self, tag: str, *, live: bool) -> tuple[int, dict[str, str], bytes]:
        self._mailbox.receive()
        cards = [self._card(mail.subject, mail.topic, mail.text) for mail in reversed(self._mailbox.mails)]
        return _listed("Mail", cards, "No mail has arrived yet.", tag, live=live)

    def _slack(self, tag: str, *, live: bool) -> tuple[int, dict[str, str], bytes]:
        cards = [
            self._card(plain.title(one), "reply" if one.thread else "message", plain.body(one))
            for one in reversed([*self._posted])
        ]
        return _listed("Slack", cards, "No message was posted yet.", tag, live=live)

    def _card(self, title: str, mark: str, text: str) -> str:
        """One text; addresses in it can be followed, those of the console with the session of this server."""
        words = "".join(
            f'<a href="{html(piece.replace(self._address, "/console", 1))}">{html(piece)}</a>'
            if place % 2
            else html(piece)
            for place, piece in enumerate(_ADDRESS.split(text))
        )
        head = f'<div class="head"><h2 class="name">{html(title)}</h2><span class="mark">{html(mark)}</span></div>'
        return f'{head}<pre class="code">{words}</pre>'


def _listed(title: str, cards: Sequence[str], none: str, tag: str, *, live: bool) -> tuple[int, dict[str, str], bytes]:
    """A page with these cards, newest first."""
    current = sha256(f"{live}{cards}".encode()).hexdigest()[:32]
    if tag.strip('"') == current:
        return 304, {"etag": f'"{current}"'}, b""
    name = title.lower()
    shown = (f'<section class="card" id="{name}-{number}">{card}</section>' for number, card in enumerate(cards))
    body = "".join(shown) or f'<p class="soft">{none}</p>'
    view = View(datetime.now(UTC), live=live, tag=current, github="", home="/console")
    page = view.page(title, f"<h1>{title}</h1>{body}")
    return 200, page["headers"], page["body"].replace(_NAV, _WITH_MORE, 1).encode()


class _Unmoved(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Follow nothing: the cookie of a session comes with a redirect."""


_OPENER = urllib.request.build_opener(_Unmoved)


def _get(address: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
    request = urllib.request.Request(address, headers={k: v for k, v in headers.items() if v})  # noqa: S310 - loopback
    try:
        with _OPENER.open(request, timeout=30) as answer:
            return answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, {k.lower(): v for k, v in error.headers.items()}, error.read()


class _Handler(BaseHTTPRequestHandler):
    console: ConsoleServer

    def do_GET(self) -> None:
        if (urlsplit(f"//{self.headers.get('host', '')}").hostname or "") not in _NAMES:
            self._send(403, {"content-type": "text/plain"}, b"this server answers to loopback's names only")
            return
        parts = urlsplit(self.path)
        self._send(*self.console.answer(parts.path, parts.query, self.headers.get("if-none-match", "")))

    def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        with suppress(BrokenPipeError, ConnectionResetError):  # the tab was closed, or went to another page
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing: a line for every request would hide other messages."""
