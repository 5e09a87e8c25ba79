"""Slack: an incoming webhook, or an app whose messages about one release are a thread.

Both are values of one secret; without a value, nothing is posted. A webhook answers `ok` and not the message, so no
thread begins with it: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks. `chat.postMessage`
answers the message's `ts`, the `thread_ts` of its replies: https://docs.slack.dev/reference/methods/chat.postMessage.
"""

import json
import logging
from http.client import HTTPException
from typing import TYPE_CHECKING, Any, ClassVar, Self
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from msgspec.structs import replace

from functions.adapters.secrets import read_secret
from functions.domain.errors import BadInputError, NotificationError
from functions.domain.messages import Message
from functions.domain.networks import is_loopback
from functions.domain.secret_formats import SlackApp, slack_target
from functions.domain.slack_blocks import blocks, fallback
from functions.domain.texts import quote
from functions.handler import Allow

if TYPE_CHECKING:
    from functions.runtime import Clients

_LOG = logging.getLogger(__name__)
_SECONDS = 10
# The hosts of response URLs, also in GovSlack: https://docs.slack.dev/govslack.
_ANSWERED_AT = frozenset({"hooks.slack.com", "hooks.slack-gov.com"})


class Slack:
    """The channel that the secret names."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("SLACK_SECRET",)
    READ: ClassVar[tuple[Allow, ...]] = (
        Allow(("secretsmanager:GetSecretValue",), on="secret/slack"),
        Allow(("kms:Decrypt",), on="key"),
    )

    def __init__(self, aws: "Clients") -> None:
        self._aws = aws

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The channel of this stack; its secret is read with each message."""
        return cls(aws)

    def post(self, message: Message, thread: str = "") -> str:
        """Post a message, or nothing without a value; returns `channel/ts` of one that may begin a thread, else "".

        `thread` is that of the message that it replies to, unless the secret names another channel by now. An invalid
        value or a refusal is a NotificationError.
        """
        value = (read_secret(self._aws, "SLACK_SECRET") or "").strip()
        if not value:
            return ""
        try:
            target = slack_target(value, loopback=self._aws.on_a_laptop)
        except BadInputError:  # its text is for who enters the value
            raise NotificationError(
                "the Slack secret is neither an https URL nor JSON with token and channel; set it again "
                "(`kiro-worker setup --secret slack`)"
            ) from None
        if not isinstance(target, SlackApp):
            _send(target, _body(replace(message, buttons=())))  # only an app is told of what is pressed
            return ""
        body = _body(message)
        body |= {"channel": target.channel, "unfurl_links": False}
        channel, _, ts = thread.partition("/")
        if ts and channel == target.channel:
            body |= {"thread_ts": ts, "reply_broadcast": message.urgent}
        answer = _send(f"{target.api}/chat.postMessage", body, {"authorization": f"Bearer {target.token}"})
        return f"{target.channel}/{_ts(answer)}"


class SlackAnswers:
    """Answers to who pressed a button, through the response URL of the press."""

    SETTINGS: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *, loopback: bool) -> None:
        self._loopback = loopback

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """Slack; on a laptop the one of the laptop."""
        return cls(loopback=aws.on_a_laptop)

    def send(self, address: str, body: dict[str, Any]) -> None:
        """Send an answer; one that can't be sent is logged, because what was pressed has happened.

        An address that is not Slack's gets nothing.
        """
        place = urlsplit(address)
        local = self._loopback and place.scheme == "http" and is_loopback(place.hostname or "")
        if not local and (place.scheme != "https" or place.hostname not in _ANSWERED_AT):
            _LOG.warning("a press in Slack has no address of Slack to answer to")
            return
        try:
            _send(address, body)
        except NotificationError as error:
            _LOG.warning("a press in Slack could not be answered", extra={"reason": str(error)})


def _body(message: Message) -> dict[str, Any]:
    return {"text": fallback(message), "blocks": blocks(message)}


def _send(address: str, body: dict[str, Any], headers: dict[str, str] | None = None) -> bytes:
    """Post JSON; a refusal is a NotificationError without the address, which is the secret of a webhook."""
    sent = {"content-type": "application/json; charset=utf-8", **(headers or {})}
    request = Request(address, json.dumps(body).encode(), sent)  # noqa: S310 - https, checked by slack_target
    try:
        with urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 - https, checked by slack_target
            found: bytes = answer.read()
            return found
    except HTTPError as error:
        error.close()
        raise NotificationError(f"Slack refused the message with status {error.code}") from None
    except (OSError, HTTPException) as error:
        # Only the class is reported: the text may contain the URL, which is the secret.
        raise NotificationError(f"Slack could not be reached: {type(error).__name__}") from None


def _ts(answer: bytes) -> str:
    """The `ts` in an answer of the Web API, which has status 200 also for a refusal, with `ok: false` and a code.

    Source: https://docs.slack.dev/apis/web-api/#responses
    """
    try:
        found = json.loads(answer)
    except ValueError:
        found = {}
    if not isinstance(found, dict) or found.get("ok") is not True:
        code = found.get("error", "no code") if isinstance(found, dict) else "no code"
        raise NotificationError(f"Slack refused the message: {quote(code)}")
    return str(found.get("ts", ""))
