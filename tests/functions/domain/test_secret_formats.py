"""Formats of secret values."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain.errors import BadInputError
from functions.domain.secret_formats import MADE, SlackApp, slack_target, stored

APP = {"appId": 7, "installationId": 8, "privateKey": "-----BEGIN"}


@pytest.mark.parametrize("name", ["github", "git"])
def test_a_bare_token_becomes_the_form_that_is_read(name: str) -> None:
    """A token, with or without a line end, is stored as JSON; JSON is stored unchanged."""
    assert json.loads(stored(name, "ghp_abc\n")) == {"token": "ghp_abc"}
    assert json.loads(stored(name, '{"token": "ghp_abc"}')) == {"token": "ghp_abc"}


@pytest.mark.parametrize("name", ["github", "git"])
def test_the_key_of_an_app_is_stored_unchanged(name: str) -> None:
    """Of the platform's App, or of the one from which builds get tokens."""
    assert json.loads(stored(name, json.dumps(APP))) == APP


def test_what_others_sign_with_is_long() -> None:
    """A signing secret has at least 32 characters (128 bits in hexadecimal digits) and no spaces."""
    for name in MADE:
        assert stored(name, "0" * 32 + "\n") == "0" * 32
        with pytest.raises(BadInputError, match=f"{name}: enter at least 32 characters"):
            stored(name, "0" * 31)
        with pytest.raises(BadInputError, match="without spaces"):
            stored(name, "0" * 16 + " " + "0" * 16)


def test_the_agents_key_is_stored_as_it_is() -> None:
    """Each vendor has a form of its own; the agent gets the text."""
    assert stored("agent", "sk-ant-api03-abcdef\n") == "sk-ant-api03-abcdef"


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("github", "two words", "a token has no spaces"),
        ("github", "", "a token has no spaces"),
        ("github", "{token: x}", "the value begins like JSON but is not valid JSON"),
        ("github", '{"tokn": "x"}', "the JSON must be"),
        ("github", '{"token": " "}', "the JSON must be"),
        ("github", '{"token": 7}', "the JSON must be"),
        ("github", json.dumps({**APP, "privateKey": ""}), "the JSON must be"),
        ("agent", "sk-short", "enter the key alone"),
        ("agent", "ANTHROPIC_API_KEY = sk-ant-api03-abcdef", "without spaces"),
        ("slack", "http://hooks.example.com/1", "enter the https URL"),
        ("slack", "https://", "enter the https URL"),
        ("slack", "", "enter the https URL"),
        ("slack", "{token", "this is not valid JSON"),
        ("slack", '{"token": "xoxp-1234567890", "channel": "C0123456789"}', "begins with xoxb-"),
        ("slack", '{"token": "xoxb-1234567890", "channel": "#releases"}', "the channel is its id"),
        ("slack", '{"token": "xoxb-1234567890", "channel": 7}', "the channel is its id"),
        ("slack", '{"token": "xoxb-1234567890", "channel": "C0123456789", "api": "http://x"}', "enter the https URL"),
    ],
)
def test_what_cannot_be_right_is_refused(name: str, given: str, said: str) -> None:
    """An invalid value is refused before it is stored, with the reason."""
    with pytest.raises(BadInputError) as raised:
        stored(name, given)
    assert said in str(raised.value)


def test_slack_is_a_webhook_or_an_app() -> None:
    """An app of GovSlack has another API; on a laptop it is on loopback."""
    app = {"token": "xoxb-1234567890", "channel": "C0123456789"}
    assert slack_target("https://hooks.slack.com/services/T0/B0/x") == "https://hooks.slack.com/services/T0/B0/x"
    assert slack_target(json.dumps(app)) == SlackApp(**app, api="https://slack.com/api")
    gov = slack_target(json.dumps({**app, "api": "https://slack-gov.com/api/"}))
    assert gov == SlackApp(**app, api="https://slack-gov.com/api")
    near = json.dumps({**app, "api": "http://127.0.0.1:1/api"})
    assert slack_target(near, loopback=True) == SlackApp(**app, api="http://127.0.0.1:1/api")
    for wrong in (near, "http://127.0.0.1:1"):
        with pytest.raises(BadInputError):
            slack_target(wrong)
    with pytest.raises(BadInputError):
        slack_target("http://example.com", loopback=True)


@given(st.sampled_from(["github", "git", "slack", "webhook"]), st.text(min_size=6))
def test_no_refusal_quotes_what_was_given(name: str, secret: str) -> None:
    """No error quotes the value: a value that was pasted by mistake may be another secret."""
    said = ""
    try:
        stored(name, f"{secret}~#~ {secret}")
    except BadInputError as refusal:
        said = str(refusal)
    assert "~#~" not in said
