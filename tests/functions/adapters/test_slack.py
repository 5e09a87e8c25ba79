"""Slack, without leaking its URL."""

import json
from email.message import Message
from http.client import InvalidURL
from io import BytesIO
from unittest.mock import patch
from urllib.error import HTTPError, URLError

import pytest

from functions.adapters.slack import Slack
from functions.domain.errors import NotificationError
from tests.functions.stack import Stack

URL = "https://hooks.example.com/services/hush"


def slack(stack: Stack, value: str = URL) -> Slack:
    """The channel of a stack whose secret has this value."""
    stack.client("secretsmanager").create_secret(Name="kiro-slack", SecretString=value)
    return Slack.connect(stack.clients)


def test_a_message_is_posted_in_blocks_that_slack_takes(stack: Stack) -> None:
    """The header has at most 150 characters, the text at most 3000."""
    with patch("functions.adapters.slack.urlopen") as opened:
        slack(stack).post("t" * 500, "x" * 9000)
    header, section = json.loads(opened.call_args.args[0].data)["blocks"]
    assert len(header["text"]["text"]) == 150
    assert len(section["text"]["text"]) <= 3000


@pytest.mark.parametrize("value", [None, "", " \n"])
def test_no_url_no_slack(stack: Stack, value: str | None) -> None:
    """Without a value of the secret, or with an empty one, nothing is posted."""
    with patch("functions.adapters.slack.urlopen") as opened:
        (Slack.connect(stack.clients) if value is None else slack(stack, value or " ")).post("t", "x")
    assert not opened.called


@pytest.mark.parametrize(
    "error",
    [
        URLError(f"{URL} refused"),
        TimeoutError(URL),
        InvalidURL(URL),
        HTTPError(URL, 404, "no_service", Message(), BytesIO()),
    ],
)
def test_a_refusal_is_a_fault_that_keeps_the_url(stack: Stack, error: Exception) -> None:
    """The error does not contain the URL, which the text of a library may quote."""
    with (
        patch("functions.adapters.slack.urlopen", side_effect=error),
        pytest.raises(NotificationError) as raised,
    ):
        slack(stack).post("t", "x")
    assert "hush" not in str(raised.value)
    assert raised.value.__suppress_context__


def test_only_https_is_posted_to(stack: Stack) -> None:
    """The error has the next step, and not the value of the secret."""
    with pytest.raises(NotificationError, match="set it again") as raised:
        slack(stack, "http://hush").post("t", "x")
    assert "hush" not in str(raised.value)
