"""Slack, over HTTP to a Slack on this machine, without leaking its URL or token."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from functions.adapters.slack import Slack, SlackAnswers
from functions.domain.errors import NotificationError
from functions.domain.messages import Message
from functions.domain.slack_actions import Button
from local.slack import LocalSlack
from tests.functions.stack import Stack

MESSAGE = Message("deployments", "it is deployed", "1a2b is deployed.", (("Reason", "pushed"),), story="main-1")


@pytest.fixture
def there() -> Iterator[LocalSlack]:
    """Slack."""
    with LocalSlack() as slack:
        yield slack


def slack(stack: Stack, value: str) -> Slack:
    """The channel of a stack whose secret has this value."""
    stack.client("secretsmanager").create_secret(Name="kiro-slack", SecretString=value)
    return Slack.connect(stack.clients)


def test_a_webhook_takes_the_blocks_and_begins_no_thread(stack: Stack, there: LocalSlack) -> None:
    """Its answer does not say which message it made: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks."""
    assert slack(stack, f"{there.webhook}\n").post(MESSAGE) == ""
    (posted,) = there.messages
    assert (posted.text, posted.blocks[0]["text"]["text"]) == ("it is deployed", "it is deployed")


def test_an_app_answers_in_the_thread(stack: Stack, there: LocalSlack) -> None:
    """The answer has the `ts` of the first message; an urgent reply is shown in the channel, too."""
    channel = slack(stack, there.app)
    first = channel.post(MESSAGE)
    assert first == f"C0LAPTOP01/{there.messages[0].ts}"
    channel.post(MESSAGE, first)
    channel.post(Message("rollbacks", "back", "It is back.", (), urgent=True), first)
    assert [(one.thread, one.shown) for one in there.messages[1:]] == [
        (there.messages[0].ts, False),
        (there.messages[0].ts, True),
    ]


def test_the_thread_of_another_channel_is_not_continued(stack: Stack, there: LocalSlack) -> None:
    """The secret names another channel by now."""
    assert slack(stack, there.app).post(MESSAGE, "C0ANOTHER1/1.1").startswith("C0LAPTOP01/")
    assert there.messages[0].thread == ""


@pytest.mark.parametrize("value", [None, "", " \n"])
def test_no_value_no_slack(stack: Stack, there: LocalSlack, value: str | None) -> None:
    """Without a value of the secret, or with an empty one, nothing is posted."""
    channel = Slack.connect(stack.clients) if value is None else slack(stack, value or " ")
    assert (channel.post(MESSAGE), there.messages) == ("", [])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"token": "xoxb-another-1"}, "invalid_auth"),
        ({"channel": "C0ANOTHER1"}, "channel_not_found"),
    ],
)
def test_what_slack_refuses_is_an_error_with_its_code(
    stack: Stack, there: LocalSlack, changes: dict[str, Any], code: str
) -> None:
    """The status is 200 all the same: https://docs.slack.dev/apis/web-api/#responses. The token is not in it."""
    with pytest.raises(NotificationError, match=code) as raised:
        slack(stack, json.dumps({**json.loads(there.app), **changes})).post(MESSAGE)
    assert "xoxb" not in str(raised.value)


@pytest.mark.parametrize("form", ["app", "webhook"])
@pytest.mark.parametrize("status", [404, 429, 500])
def test_a_refusal_keeps_the_address(stack: Stack, there: LocalSlack, form: str, status: int) -> None:
    """EventBridge repeats the event; the error has the status, and neither URL nor token."""
    there.down = status
    with pytest.raises(NotificationError, match=f"status {status}") as raised:
        slack(stack, getattr(there, form)).post(MESSAGE)
    assert "127.0.0.1" not in str(raised.value)
    assert raised.value.__suppress_context__


def test_who_is_not_there_is_not_named(stack: Stack) -> None:
    """The text of a library may quote the URL."""
    with pytest.raises(NotificationError, match="could not be reached: URLError") as raised:
        slack(stack, "http://127.0.0.1:9/services/hush").post(MESSAGE)
    assert "hush" not in str(raised.value)


@pytest.mark.parametrize("value", ["http://hooks.example.com/hush", '{"token": "xoxp-hush"}', "{hush"])
def test_an_invalid_value_is_named_with_the_next_step(stack: Stack, value: str) -> None:
    """The error has the command, and not the value of the secret."""
    with pytest.raises(NotificationError, match="set it again") as raised:
        slack(stack, value).post(MESSAGE)
    assert "hush" not in str(raised.value)


def test_a_webhook_gets_no_buttons(stack: Stack, there: LocalSlack) -> None:
    """Slack tells only an app what was pressed."""
    slack(stack, there.webhook).post(replace(MESSAGE, buttons=(Button("approve", "production", "a1"),)))
    assert "actions" not in [block["type"] for block in there.messages[0].blocks]


@pytest.mark.parametrize(
    "address",
    ["", "http://hooks.slack.com/x", "https://evil.example.com/x", "https://hooks.slack.com.evil.example.com/x"],
)
def test_only_slack_is_answered(address: str, caplog: pytest.LogCaptureFixture) -> None:
    """The address is part of a signed request; all the same nothing else is called."""
    with caplog.at_level(logging.WARNING):
        SlackAnswers(loopback=True).send(address, {"text": "x"})
        SlackAnswers(loopback=False).send("http://127.0.0.1:9/x", {"text": "x"})
    assert [record.message for record in caplog.records] == [
        "a press in Slack has no address of Slack to answer to"
    ] * 2


def test_an_answer_that_does_not_arrive_is_logged(there: LocalSlack, caplog: pytest.LogCaptureFixture) -> None:
    """What was pressed has happened."""
    with caplog.at_level(logging.WARNING):
        SlackAnswers(loopback=True).send(f"{there.base}/actions/unknown", {"text": "x"})
    assert [record.message for record in caplog.records] == ["a press in Slack could not be answered"]
