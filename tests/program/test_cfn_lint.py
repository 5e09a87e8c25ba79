"""cfn-lint reads every policy, definition and function of a stack, as a template would carry them."""

import copy
import json
import re
from typing import Any

from tests.components.recorder import REGION, Outcome
from tests.program.shadows import WITHOUT
from tests.program.template import SHADOWS, template


def _faults(whole: dict[str, Any]) -> list[str]:
    from cfnlint.api import lint  # type: ignore[import-untyped] # slow, and every worker imports every file

    # Deletion is the settings' to decide (retainStateful), and the shadow has no metadata.
    matches = lint(json.dumps(whole), regions=[REGION])
    return [f"{match.rule.id} {match.message}" for match in matches if match.rule.id[0] in "EW"]


def _all(outcomes: dict[str, Outcome]) -> dict[str, Any]:
    """The resources of every stack in one template; what differs between stacks in their names alone is there once."""
    found: dict[str, tuple[str, Any]] = {}
    # the longest names first: these are the ones that stay
    for stack in sorted(outcomes, key=len, reverse=True):
        shadow = template(outcomes[stack].recorder)
        for name, one in shadow["Resources"].items():
            found.setdefault(re.sub(rf"\b(kiro-\w+)-{stack}\b", r"\1", json.dumps(one)), (f"{stack}{name}", one))
    return {**shadow, "Resources": dict(found.values())}


def test_nothing_is_wrong_with_the_shadow_template(outcomes: dict[str, Outcome]) -> None:
    """IAM policies, ASL, patterns, alarms, tables and functions of every stack are all in AWS's form."""
    assert _faults(_all(outcomes)) == []


def test_every_registered_type_has_its_shadow(outcomes: dict[str, Outcome]) -> None:
    """A resource that nobody reads can be wrong in any of its properties; what can have none says why."""
    registered = {one.type for outcome in outcomes.values() for one in outcome.recorder.resources if one.custom}
    assert registered - SHADOWS.keys() == {kind for kind in WITHOUT if kind in registered}
    assert not SHADOWS.keys() & WITHOUT.keys()


def test_what_one_stack_alone_has_is_in_the_shadow(outcomes: dict[str, Outcome]) -> None:
    """A resource that differs in more than its name is read for each stack that has it."""
    shadows = [template(one.recorder)["Resources"].values() for one in outcomes.values()]
    keys = {json.dumps(one) for shadow in shadows for one in shadow if one["Type"] == "AWS::KMS::Key"}
    assert len(keys) > 1
    assert keys <= {json.dumps(one) for one in _all(outcomes)["Resources"].values()}


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
