"""AWS Security Hub, on moto."""

from functions.adapters.security_hub import SecurityHub
from functions.domain.findings import Finding
from functions.domain.security_hub import imports
from tests.functions.samples import NOW, RELEASE
from tests.functions.stack import ACCOUNT, REGION, Stack

PRODUCT = f"arn:aws:securityhub:{REGION}:{ACCOUNT}:product/{ACCOUNT}/default"


def test_what_is_not_taken_is_told(stack: Stack) -> None:
    """A refused finding is returned with id and reason; the others are imported."""
    found = [Finding("bandit", name, "high", "a.py:1") for name in ("B1", "B2")]
    good, bad = imports(found, RELEASE, PRODUCT, NOW)
    stack.settings["SECURITY_HUB"] = PRODUCT
    taken, refused = SecurityHub.connect(stack.clients).send([{**bad, "Resources": []}, good])
    assert taken == 1
    assert [one.startswith(f"{bad['Id']}: InvalidInput: ") for one in refused] == [True]


def test_nothing_to_bring_asks_nothing(stack: Stack) -> None:
    """Without findings nothing is called; a stack that imports none has no product ARN."""
    stack.recording = True
    hub = SecurityHub.connect(stack.clients)
    assert (hub.product_arn, hub.send([])) == ("", (0, []))
    stack.recording = False
    assert stack.calls == []
