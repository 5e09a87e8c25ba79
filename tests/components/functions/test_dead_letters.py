"""Queues of events that could not be handled."""

import json

from tests.components.recorder import Outcome


def test_queues_take_events_of_their_rules_over_tls_only(whole: Outcome) -> None:
    """Every queue's policy denies sending without TLS, and allows it to EventBridge for named rules."""
    policies = whole.recorder.of("sqs/queuePolicy:QueuePolicy")
    assert len(policies) == len(whole.recorder.of("sqs/queue:Queue")) > 0
    for policy in policies:
        allowed, refused = json.loads(policy.inputs["policy"])["Statement"]
        assert (allowed["Effect"], allowed["Principal"]) == ("Allow", {"Service": "events.amazonaws.com"})
        assert all(":rule/" in arn for arn in allowed["Condition"]["ArnEquals"]["aws:SourceArn"])
        assert (refused["Effect"], refused["Principal"]) == ("Deny", "*")
        assert refused["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
