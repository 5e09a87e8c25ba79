"""Topics and bus."""

import json

import pytest

from components.channels import TOPICS, Channels
from components.site import Site
from tests.components.recorder import ACCOUNT, REGION, Outcome, Recorder, run


@pytest.mark.parametrize("email", [None, "ops@example.com"])
def test_the_configured_address_gets_every_topic(email: str | None) -> None:
    """Without an address nobody is subscribed."""
    recorder = Recorder()
    site = Site("test", ACCOUNT, REGION, "aws")
    run(lambda: Channels(site=site, key_arn="arn:aws:kms:::key/k", email=email), "test", {}, recorder)
    subscribed = [one.inputs["endpoint"] for one in recorder.of("sns/topicSubscription:TopicSubscription")]
    assert subscribed == ([email] * len(TOPICS) if email else [])


def test_topics_refuse_what_comes_without_tls(whole: Outcome) -> None:
    """Every topic's policy has the refusal."""
    policies = whole.recorder.of("sns/topicPolicy:TopicPolicy")
    assert len(policies) == len(TOPICS)
    for policy in policies:
        refusals = [s for s in json.loads(policy.inputs["policy"])["Statement"] if s["Effect"] == "Deny"]
        assert [s["Condition"] for s in refusals] == [{"Bool": {"aws:SecureTransport": "false"}}]
