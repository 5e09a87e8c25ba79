"""What is switched on by a setting, and left out without it."""

import json

from tests.components.conftest import WEBHOOK_SOURCES
from tests.components.recorder import ACCOUNT, REGION, Outcome

PRODUCT = f"arn:aws:securityhub:{REGION}:{ACCOUNT}:product/{ACCOUNT}/default"


def told(outcome: Outcome, thing: str, name: str) -> str:
    """What a function is told."""
    function = outcome.recorder.one("lambda/function:Function", thing).inputs
    return str(function["environment"]["variables"][name])


def imports(outcome: Outcome) -> list[list[str]]:
    """The resources on which findings may be imported."""
    policy = outcome.recorder.one("iam/rolePolicy:RolePolicy", "events-import-findings").inputs["policy"]
    statements = json.loads(policy)["Statement"]
    return [one["Resource"] for one in statements if "securityhub:BatchImportFindings" in one["Action"]]


def test_findings_may_be_imported_where_that_is_wanted(whole: Outcome, switched_on: Outcome) -> None:
    """Under the account's own product, and nowhere without the setting."""
    assert imports(switched_on) == [[PRODUCT]]
    assert told(switched_on, "events-import-findings", "SECURITY_HUB") == PRODUCT
    assert imports(whole) == []
    assert told(whole, "events-import-findings", "SECURITY_HUB") == "off"


def test_webhooks_know_their_sources(whole: Outcome, switched_on: Outcome) -> None:
    """As given, or anywhere."""
    thing, name = "events-github-webhook", "WEBHOOK_SOURCES"
    assert told(switched_on, thing, name) == ",".join(WEBHOOK_SOURCES)
    assert told(whole, thing, name) == "anywhere"
