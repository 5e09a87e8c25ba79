"""Topics and bus."""

import json

import pytest

from components.stack.channels import TOPICS, Channels
from components.stack.naming import Naming
from local.buses import Bus, admitted
from tests.components.recorder import ACCOUNT, FOREIGN, REGION, Outcome, Recorder, run


@pytest.mark.parametrize("email", [None, "ops@example.com"])
def test_the_configured_address_gets_every_topic(email: str | None) -> None:
    """Without an address there is no subscription."""
    recorder = Recorder()
    naming = Naming("test", ACCOUNT, REGION, "aws")
    run(lambda: Channels(naming=naming, key_arn="arn:aws:kms:::key/k", email=email), "test", {}, recorder)
    subscribed = [one.inputs["endpoint"] for one in recorder.of("sns/topicSubscription:TopicSubscription")]
    assert subscribed == ([email] * len(TOPICS) if email else [])


def test_topics_refuse_what_comes_without_tls(whole: Outcome) -> None:
    """Every topic's policy denies publishing without TLS."""
    policies = whole.recorder.of("sns/topicPolicy:TopicPolicy")
    assert len(policies) == len(TOPICS)
    for policy in policies:
        refusals = [s for s in json.loads(policy.inputs["policy"])["Statement"] if s["Effect"] == "Deny"]
        assert [s["Condition"] for s in refusals] == [{"Bool": {"aws:SecureTransport": "false"}}]


def test_a_personal_link_reaches_its_holder_only() -> None:
    """Each approver's subscription filters for their own mails, and the shared address does not receive them."""
    recorder = Recorder()
    naming = Naming("test", ACCOUNT, REGION, "aws")
    people = ["ada@example.com", "bob@example.com"]
    run(
        lambda: Channels(naming=naming, key_arn="arn:aws:kms:::key/k", email="ops@example.com", approvers=people),
        "test",
        {},
        recorder,
    )
    filters = {
        one.inputs["endpoint"]: json.loads(one.inputs["filterPolicy"])
        for one in recorder.of("sns/topicSubscription:TopicSubscription")
        if one.inputs.get("filterPolicy")
    }
    assert filters == {
        "ops@example.com": {"approver": [{"exists": False}]},
        **{person: {"approver": [person]} for person in people},
    }


BUS, ANY_ROLE = Bus(ACCOUNT, REGION, "kiro-pipeline-test-events"), f"arn:aws:iam::{FOREIGN}:role/any"


def _may_put(policy: str, account: str, source: str, detail_type: str) -> bool:
    """Whether the bus's policy lets a role of an account put such an event."""
    return admitted(policy, BUS, f"arn:aws:iam::{account}:role/any", {"source": source, "detail-type": detail_type})


def test_the_bus_admits_alarm_events_of_the_accounts_of_environments(switched_on: Outcome) -> None:
    """No other account, and no other event: an account could else send the stack's own events."""
    (policy,) = [p.inputs["policy"] for p in switched_on.recorder.of("cloudwatch/eventBusPolicy:EventBusPolicy")]
    alarm = ("aws.cloudwatch", "CloudWatch Alarm State Change")
    assert _may_put(policy, FOREIGN, *alarm)
    assert not _may_put(policy, "888888888888", *alarm)
    assert not _may_put(policy, FOREIGN, "kiro.pipeline", alarm[1])
    assert not _may_put(policy, FOREIGN, alarm[0], "DeploymentEnded")
    # Without a source `ForAllValues` alone would hold:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition_examples-multi-valued-context-keys.html
    assert not admitted(policy, BUS, ANY_ROLE, {"source": None, "detail-type": alarm[1]})
    assert json.loads(policy)["Statement"][0]["Principal"] == {"AWS": [f"arn:aws:iam::{FOREIGN}:root"]}
