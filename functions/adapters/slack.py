"""Slack, through an incoming webhook. Its URL is a secret; without a value, nothing is posted."""

import json
from http.client import HTTPException
from typing import TYPE_CHECKING, ClassVar, Self
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from functions.adapters.secrets import read_secret
from functions.domain.errors import NotificationError
from functions.domain.texts import one_line, slack
from functions.handler import Allow

if TYPE_CHECKING:
    from functions.runtime import Clients


class Slack:
    """The channel of one incoming webhook."""

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

    def post(self, title: str, text: str) -> None:
        """Post a message, or nothing without a URL; an invalid URL or a refusal is a NotificationError."""
        url = self._url()
        if not url:
            return
        if not url.startswith("https://"):
            raise NotificationError(
                "the Slack secret is not an https URL; set it again (`kiro-worker setup --secret slack`)"
            )
        blocks = [
            {"type": "header", "text": {"type": "plain_text", "text": one_line(title, 150)}},
            {"type": "section", "text": {"type": "mrkdwn", "text": f"```{slack(text, 2900)}```"}},
        ]
        body = json.dumps({"text": slack(title, 150), "blocks": blocks}).encode()
        request = Request(url, body, {"content-type": "application/json"})  # noqa: S310 - https, checked above
        try:
            with urlopen(request, timeout=10):  # noqa: S310 - https, checked above
                return
        except HTTPError as error:
            error.close()
            raise NotificationError(f"Slack refused the message with status {error.code}") from None
        except (OSError, HTTPException) as error:
            # Only the class is reported: the text may contain the URL, which is the secret.
            raise NotificationError(f"Slack could not be reached: {type(error).__name__}") from None

    def _url(self) -> str:
        return (read_secret(self._aws, "SLACK_SECRET") or "").strip()
