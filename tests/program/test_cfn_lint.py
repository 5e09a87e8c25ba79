"""cfn-lint checks every policy, definition and function of a stack, as parts of a template."""

import copy
import json
from typing import Any

import pytest

from tests.components.recorder import REGION, Outcome
from tests.program.converters import WITHOUT
from tests.program.template import CONVERTERS, template, together


def _faults(whole: dict[str, Any]) -> list[str]:
    from cfnlint.api import lint  # type: ignore[import-untyped] # slow, and every worker imports every file

    # Deletion depends on the setting retainStateful, and the template has no metadata. It has the resources of every
    # stack and is never deployed, so their limit (E3010) does not count.
    matches = (match for match in lint(json.dumps(whole), regions=[REGION]) if match.rule.id != "E3010")
    return [f"{match.rule.id} {match.message}" for match in matches if match.rule.id[0] in "EW"]


@pytest.mark.long
def test_the_template_has_no_findings(every: list[Outcome]) -> None:
    """Policies, definitions, patterns, alarms, tables and functions of every stack are valid for AWS."""
    whole = together(every)
    assert "AWS::Events::EventBusPolicy" in {one["Type"] for one in whole["Resources"].values()}
    assert _faults(whole) == []


def test_every_registered_type_has_its_converter(every: list[Outcome]) -> None:
    """Every resource type is checked, or is listed with the reason that it can't be."""
    registered = {one.type for outcome in every for one in outcome.recorder.resources if one.custom}
    assert registered - CONVERTERS.keys() == {kind for kind in WITHOUT if kind in registered}
    assert not CONVERTERS.keys() & WITHOUT.keys()


def test_resources_of_one_stack_only_are_in_the_template(every: list[Outcome]) -> None:
    """A resource that differs in more than its name is checked for each stack."""
    templates = [template(one.recorder)["Resources"].values() for one in every]
    # The signing keys of two stacks differ in names only.
    keys = {
        json.dumps(one)
        for one_template in templates
        for one in one_template
        if one["Type"] == "AWS::KMS::Key" and "KeyUsage" not in one["Properties"]
    }
    assert len(keys) > 1
    assert keys <= {json.dumps(one) for one in together(every)["Resources"].values()}


@pytest.mark.long
def test_a_wrong_action_and_a_wrong_state_are_found(outcomes: dict[str, Outcome]) -> None:
    """The check finds an action that AWS does not have, and a state without a successor."""
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
