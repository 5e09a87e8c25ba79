"""The approvers of the stack's settings, as the approval page reads them."""

import json

from functions.adapters.approver_settings import ApproverSettings
from functions.domain.approvers import Approvers
from tests.functions.stack import Stack


def test_each_environment_has_its_own(stack: Stack) -> None:
    """An environment that the stack does not have has none."""
    stack.settings["APPROVERS"] = json.dumps(
        {"production": {"logins": {"ada@example.com": "ada"}, "needed": 2}, "staging": {}}
    )
    settings = ApproverSettings.connect(stack.clients)
    assert settings.of("production") == Approvers({"ada@example.com": "ada"}, 2)
    assert settings.of("staging") == Approvers()
    assert settings.of("moon") is None
