"""Slack's Web API, incoming webhooks and response URLs on a free loopback port."""

import hashlib
import hmac
import json
import threading
import time
import urllib.request
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import urlencode

from local.emulator import HOST
from local.slack.rules import problems

TOKEN, CHANNEL, SIGNING_SECRET = "xoxb-laptop-1", "C0LAPTOP01", "8f742231b10e8888abcd99yyyzzz85a5"
# A response URL takes five answers: https://docs.slack.dev/interactivity/handling-user-interaction#message_responses.
_ANSWERS = 5


@dataclass
class Posted:
    """A message in the channel; `thread` is the `ts` of the message that it replies to, "" for none."""

    ts: str
    text: str
    blocks: list[dict[str, Any]]
    thread: str = ""
    shown: bool = True
    answers: list[dict[str, Any]] = field(default_factory=list)


class LocalSlack:
    """Slack with one channel; `messages` are what was posted. `down` is the status of each answer unless it is 0."""

    def __init__(self) -> None:
        self.messages: list[Posted] = []
        self.down = 0
        self._alone = threading.Lock()
        self._server = ThreadingHTTPServer((HOST, 0), type("Handler", (_Handler,), {"slack": self}))
        self._server.daemon_threads = True
        self.base = f"http://{HOST}:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def app(self) -> str:
        """The value of the secret `slack` for an app in this channel."""
        return json.dumps({"token": TOKEN, "channel": CHANNEL, "api": f"{self.base}/api"})

    @property
    def webhook(self) -> str:
        """The value of the secret `slack` for an incoming webhook."""
        return f"{self.base}/services/T0/B0/laptop"

    def press(self, message: Posted, action: str, user: str) -> urllib.request.Request:
        """The signed request with which Slack says that a user pressed a button of a message; the caller adds the URL.

        https://docs.slack.dev/authentication/verifying-requests-from-slack,
        https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
        """
        elements = [one for block in message.blocks if block["type"] == "actions" for one in block["elements"]]
        pressed = next(one for one in elements if one["action_id"] == action)
        payload = {
            "type": "block_actions",
            "user": {"id": user, "username": user.lower()},
            "channel": {"id": CHANNEL},
            "message": {"ts": message.ts, "blocks": message.blocks},
            "response_url": f"{self.base}/actions/{message.ts}",
            "actions": [{key: pressed[key] for key in ("type", "action_id", "value")}],
        }
        return signed_request(urlencode({"payload": json.dumps(payload)}).encode(), SIGNING_SECRET)

    def answer(self, path: str, token: str, body: dict[str, Any]) -> tuple[int, bytes]:
        """Status and body of the answer to a POST."""
        if self.down:
            return self.down, b"down"
        with self._alone:
            if path == "/api/chat.postMessage":
                return 200, json.dumps(self._post(token, body)).encode()
            if path.startswith("/services/"):
                wrong = problems(body["blocks"]) if "blocks" in body else []
                if wrong or not body.get("text"):
                    return 400, b"invalid_blocks" if wrong else b"no_text"
                self._keep(body)
                return 200, b"ok"
            return self._respond(path, body)

    def _post(self, token: str, body: dict[str, Any]) -> dict[str, Any]:
        """Errors of https://docs.slack.dev/reference/methods/chat.postMessage#errors."""
        if token != f"Bearer {TOKEN}":
            return {"ok": False, "error": "invalid_auth"}
        if body.get("channel") != CHANNEL:
            return {"ok": False, "error": "channel_not_found"}
        if not body.get("text") and not body.get("blocks"):
            return {"ok": False, "error": "no_text"}
        wrong = problems(body["blocks"]) if "blocks" in body else []
        if wrong:
            return {"ok": False, "error": "invalid_blocks", "errors": wrong}
        thread = body.get("thread_ts", "")
        if thread and not any(one.ts == thread and not one.thread for one in self.messages):
            return {"ok": False, "error": "cannot_reply_to_message"}
        return {"ok": True, "channel": CHANNEL, "ts": self._keep(body).ts}

    def _keep(self, body: dict[str, Any]) -> Posted:
        thread = body.get("thread_ts", "")
        shown = not thread or bool(body.get("reply_broadcast"))
        made = Posted(
            f"1700000000.{len(self.messages):06}", body.get("text", ""), body.get("blocks", []), thread, shown
        )
        self.messages.append(made)
        return made

    def _respond(self, path: str, body: dict[str, Any]) -> tuple[int, bytes]:
        found = next((one for one in self.messages if path == f"/actions/{one.ts}"), None)
        if found is None or len(found.answers) == _ANSWERS:
            return 404, b"used_url"
        if "blocks" in body and problems(body["blocks"]):
            return 400, b"invalid_blocks"
        found.answers.append(body)
        if body.get("replace_original"):
            found.blocks = body.get("blocks", [])
        return 200, b"ok"


def signed_request(body: bytes, secret: str, at: int | None = None) -> urllib.request.Request:
    """A POST as Slack signs it: `v0=` and the HMAC-SHA256 of version, time and body."""
    timestamp = str(int(time.time()) if at is None else at)
    mark = hmac.new(secret.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "x-slack-request-timestamp": timestamp,
        "x-slack-signature": f"v0={mark}",
    }
    return urllib.request.Request("http://127.0.0.1", body, headers)


class _Handler(BaseHTTPRequestHandler):
    slack: LocalSlack

    def do_POST(self) -> None:
        given = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)))
        status, body = self.slack.answer(self.path, self.headers.get("authorization", ""), given)
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing: a line for every request would hide other messages."""
