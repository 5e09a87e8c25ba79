"""A second tool for each language that cfn-lint reads: AWS's own for templates, a schema for definitions."""

import copy
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cloudformation_validate import CompositeEngine

from statemachines.definitions import WORKFLOWS
from tests.components.recorder import Outcome
from tests.program.template import template, together

# Where `npm install --prefix build/npm asl-validator@4.0.0 …` puts it; `make test` does when npm is there.
ASL_VALIDATOR = Path(__file__).parents[2] / "build" / "npm" / "node_modules" / "asl-validator" / "dist" / "src"
needs_npm = pytest.mark.skipif(
    not ASL_VALIDATOR.exists() or shutil.which("node") is None, reason="npm's asl-validator is not installed"
)
# Findings about hard-coded ARNs and accounts, and the limit of resources: the program writes the ARNs of one account,
# and the template, which has the resources of every stack, is never deployed.
ALLOWED = {"W9002", "W9013", "F0007"}
# The recorder names keys after their resources; AWS gives a UUID.
KEY, A_KEY = re.compile(r":key/[\w-]+"), ":key/1234abcd-12ab-34cd-56ef-1234567890ab"


@cache
def _engine() -> CompositeEngine:
    return CompositeEngine()


def _findings(whole: dict[str, Any]) -> list[str]:
    """What https://github.com/aws-cloudformation/cloudformation-validate finds: warnings and worse."""
    report = _engine().validate_template(KEY.sub(A_KEY, json.dumps(whole)).encode())
    return sorted(
        f"{one.rule_id} {one.message}"
        for one in report.diagnostics
        if one.severity.name != "INFO" and one.rule_id not in ALLOWED
    )


@pytest.mark.long
def test_the_template_has_no_findings(every: list[Outcome]) -> None:
    """The resources of every stack obey CloudFormation's own schemas and rules."""
    assert _findings(together(every)) == []


@pytest.mark.parametrize(
    ("kind", "wrong", "found"),
    [
        ("AWS::Lambda::Function", {"Layrs": []}, "'Layrs' was unexpected"),
        *(
            pytest.param(*more, marks=pytest.mark.long)
            for more in (
                ("AWS::Lambda::Function", {"Timeout": 901}, "901 exceeds maximum 900"),
                ("AWS::Events::Rule", {"ScheduleExpression": "rate(1 minutes)"}, "'minutes' is not one of"),
                ("AWS::CloudWatch::Alarm", {"TreatMissingData": "never"}, "'never' is not one of"),
            )
        ),
    ],
)
def test_a_wrong_property_is_found(outcomes: dict[str, Outcome], kind: str, wrong: dict[str, Any], found: str) -> None:
    """An unknown property, a number out of range, a schedule and a value outside its list."""
    whole = copy.deepcopy(template(outcomes["test"].recorder))
    one = next(one for one in whole["Resources"].values() if one["Type"] == kind)
    one["Properties"] |= wrong
    assert found in "\n".join(_findings(whole))


def _definitions(outcome: Outcome) -> Iterator[dict[str, Any]]:
    for one in outcome.recorder.of("sfn/stateMachine:StateMachine"):
        yield json.loads(one.inputs["definition"])


def _one_line(value: Any) -> Any:
    """The same definition with texts of one line: the schema's patterns match no other, and AWS takes any."""
    if isinstance(value, dict):
        return {key: _one_line(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_one_line(item) for item in value]
    return (value.replace("\n", " ") or "-") if isinstance(value, str) else value


def _errors(definitions: list[dict[str, Any]]) -> str:
    """What https://github.com/ChristopheBougere/asl-validator says."""
    script = f"const check = require({str(ASL_VALIDATOR / 'validator.js')!r});" + (
        "for (const one of JSON.parse(require('fs').readFileSync(0)))"
        " { const done = (check.default || check)(one); if (!done.isValid) console.log(JSON.stringify(done.errors)) }"
    )
    given = json.dumps(_one_line(definitions))
    return subprocess.run(["node", "-e", script], input=given, capture_output=True, text=True, check=True).stdout


@pytest.mark.long
@needs_npm
def test_definitions_obey_the_published_schema(every: list[Outcome]) -> None:
    """Every field of every state of every stack is one that the Amazon States Language has."""
    found = [one for outcome in every for one in _definitions(outcome)]
    assert len(found) == len(every) * len(WORKFLOWS)
    assert _errors(found) == ""


@needs_npm
def test_a_wrong_state_is_found(outcomes: dict[str, Outcome]) -> None:
    """A misspelt field is an error: AWS would refuse the definition."""
    definition = copy.deepcopy(next(_definitions(outcomes["test"])))
    first = definition["States"][definition["StartAt"]]
    first["Nxt"] = first.pop("Next")
    assert f"/States/{definition['StartAt']} is invalid" in _errors([definition])
