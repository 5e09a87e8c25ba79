"""Domain events become mails and Slack messages."""

from typing import Any
from unittest.mock import patch
from urllib.error import URLError

import pytest
from msgspec.structs import replace

from functions.adapters.environments_table import EnvironmentsTable
from functions.domain.errors import NotificationError
from functions.domain.events import UnknownEventError
from local.slack import LocalSlack
from tests.functions.samples import LEASE, RELEASE, detail, state, version
from tests.functions.stack import Stack


def notify(stack: Stack, name: str = "StageFinished", **changes: Any) -> Any:
    """Run the handler for a domain event."""
    given = detail(name, **{"environment": "test", **changes})
    return stack.run("events.notify", {"detail-type": name, "detail": given})


@pytest.mark.parametrize(
    ("name", "topic"),
    [("StageFinished", "deployments"), ("RollbackFinished", "rollbacks"), ("RollbackStarted", "rollbacks")],
)
def test_an_event_for_people_is_mailed_on_its_topic(stack: Stack, name: str, topic: str) -> None:
    """N1: without a Slack secret there is only the mail."""
    assert notify(stack, name) == {"outcome": f"notified {topic}"}
    (mail,) = stack.mails()
    assert mail["TopicArn"].endswith(f":kiro-{topic}")
    assert "acme/hello-service 1a2b3c4d5e6f" in mail["Subject"]


def test_an_event_without_a_notification_is_left_alone(stack: Stack) -> None:
    """No mail is sent, and no error is raised."""
    assert notify(stack, "GatesJudged") == {"outcome": "no notification"}
    assert stack.mails() == []


@pytest.mark.parametrize("handler", ["notify", "publish_status", "publish_metrics", "track_incident"])
def test_an_unknown_event_is_an_error(stack: Stack, handler: str) -> None:
    """It becomes a dead letter with an alarm, so that a misspelt name is noticed."""
    with pytest.raises(UnknownEventError, match="no event has the name 'SomethingElse'"):
        stack.run(f"events.{handler}", {"detail-type": "SomethingElse", "detail": {}})


def test_slack_gets_the_message_if_it_is_set_up(stack: Stack) -> None:
    """As blocks, to the secret's URL."""
    stack.client("secretsmanager").create_secret(Name="kiro-slack", SecretString="https://hooks.example.com/hush\n")
    with patch("functions.adapters.slack.urlopen") as opened:
        notify(stack)
    request = opened.call_args.args[0]
    assert request.full_url == "https://hooks.example.com/hush"
    assert b"is deployed to test" in request.data


def test_a_message_that_could_not_be_sent_is_an_error(stack: Stack) -> None:
    """EventBridge retries it; the error does not contain the URL."""
    stack.client("secretsmanager").create_secret(Name="kiro-slack", SecretString="https://hooks.example.com/hush")
    with (
        patch("functions.adapters.slack.urlopen", side_effect=URLError("hush")),
        pytest.raises(NotificationError, match="Slack could not be reached") as raised,
    ):
        notify(stack)
    assert "hush" not in str(raised.value)


def test_while_slack_is_down_the_mail_is_sent_once(stack: Stack) -> None:
    """N1: EventBridge repeats the event with its id; Slack gets it when it is back, and nothing is sent again."""
    stack.client("secretsmanager").create_secret(Name="kiro-slack", SecretString="https://hooks.example.com/hush")
    event = {"id": "e1", "detail-type": "StageFinished", "detail": detail("StageFinished", environment="test")}
    with patch("functions.adapters.slack.urlopen", side_effect=URLError("hush")):
        for _ in range(3):
            with pytest.raises(NotificationError):
                stack.run("events.notify", event)
    with patch("functions.adapters.slack.urlopen") as opened:
        for _ in range(2):
            stack.run("events.notify", event)
    assert (len(stack.mails()), opened.call_count) == (1, 1)


def test_the_messages_of_a_release_are_one_thread(stack: Stack) -> None:
    """N1: the first message begins it, a rollback is shown in the channel, too; another release begins its own."""
    with LocalSlack() as slack:
        stack.client("secretsmanager").create_secret(Name="kiro-slack", SecretString=slack.app)
        for name in ("DeploymentStarted", "StageFinished", "RollbackFinished", "EnvironmentFrozen"):
            notify(stack, name)
        notify(stack, "StageFinished", deploymentId="main-another")
    first, *replies, frozen, other = slack.messages
    assert [(one.thread, one.shown) for one in replies] == [(first.ts, False), (first.ts, True)]
    assert (first.thread, frozen.thread, other.thread) == ("", "", "")


def test_after_a_bad_end_the_environments_are_read(stack: Stack) -> None:
    """N1: the mail says where the release still runs, as the records say."""
    bad = replace(version(RELEASE.commit, "7"), source=f"sources/{RELEASE.repository}/x.zip")
    EnvironmentsTable.connect(stack.clients).save(replace(state(running=bad), environment="test"), LEASE)
    notify(stack, "RollbackFinished", environment="production")
    (mail,) = stack.mails()
    assert "  Still in     test" in mail["Message"].splitlines()


@pytest.mark.parametrize("result", ["restored", "unknown"])
def test_a_mail_links_to_the_commit_and_an_unknown_end_to_its_runbook(stack: Stack, result: str) -> None:
    """With the addresses of the stack's settings, which may end in a slash."""
    notify(stack, "RollbackFinished", result=result)
    (mail,) = stack.mails()
    assert f"https://github.example.com/acme/hello-service/commit/{RELEASE.commit}" in mail["Message"]
    runbook = "https://runbooks.example.com/frozen-environment.md"
    assert (runbook in mail["Message"]) == (result == "unknown")
