"""cfn-lint reads every policy, definition and function of a stack, as a template would carry them."""

import copy
import json
from typing import Any

from cfnlint.api import lint  # type: ignore[import-untyped]

from tests.components.recorder import REGION, Outcome
from tests.program.template import template


def _faults(whole: dict[str, Any]) -> list[str]:
    # Deletion is the settings' to decide (retainStateful), and the shadow has no metadata.
    matches = lint(json.dumps(whole), regions=[REGION])
    return [f"{match.rule.id} {match.message}" for match in matches if match.rule.id[0] in "EW"]


def test_nothing_is_wrong_with_the_shadow_template(outcome: Outcome) -> None:
    """IAM policies, ASL, patterns, alarms, tables and functions are all in AWS's form."""
    assert _faults(template(outcome.recorder)) == []


def test_the_shadow_would_show_a_wrong_action_and_a_wrong_state(outcomes: dict[str, Outcome]) -> None:
    """The check bites: an action that AWS does not have and a state without a successor are found."""
    whole = copy.deepcopy(template(outcomes["test"].recorder))
    kinds = ("AWS::IAM::Policy", "AWS::StepFunctions::StateMachine")
    names = [next(name for name, one in whole["Resources"].items() if one["Type"] == kind) for kind in kinds]
    whole["Resources"] = {name: whole["Resources"][name] for name in names}
    policy, machine = whole["Resources"].values()
    policy["Properties"]["PolicyDocument"]["Statement"][0]["Action"] = ["s3:GetObjekt"]
    machine["Properties"]["Definition"]["StartAt"] = "Nowhere"
    faults = "\n".join(_faults(whole))
    assert "getobjekt" in faults.lower()
    assert "Nowhere" in faults
