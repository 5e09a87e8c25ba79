"""The rule and the severity of a SARIF result; sections are those of OASIS SARIF 2.1.0."""

from typing import Any

import pytest

from functions.adapters.sarif_rules import Rule, Rules, severity_of

TOOL: dict[str, Any] = {
    "driver": {"name": "t", "rules": [{"id": "R1", "defaultConfiguration": {"level": "error"}}]},
    "extensions": [{"name": "more", "rules": [{"id": "X1", "properties": {"security-severity": "9.8"}}]}],
}


@pytest.mark.parametrize(
    ("result", "rule_id"),
    [
        ({"ruleId": "R1"}, "R1"),
        ({"ruleId": "R1/sub"}, "R1"),
        ({"ruleIndex": 0}, "R1"),
        ({"rule": {"index": 0}}, "R1"),
        ({"rule": {"index": 0, "toolComponent": {"index": 0}}}, "X1"),
        ({"rule": {"id": "X1", "toolComponent": {"name": "more"}}}, "X1"),
        ({"ruleId": "X1"}, "X1"),
    ],
)
def test_a_rule_is_found_by_every_reference(result: dict[str, Any], rule_id: str) -> None:
    """By id, hierarchical id and index (3.27.5 to 3.27.7), in the driver and in extensions (3.52, 3.54)."""
    assert Rules(TOOL, ()).of(result).descriptor["id"] == rule_id


def test_a_reference_to_nothing_is_refused_and_no_reference_is_no_rule() -> None:
    """A reference to a missing rule is an error, because the severity is unknown."""
    rules = Rules(TOOL, ())
    with pytest.raises(ValueError, match="refers to rule 7, which is not in the report"):
        rules.of({"ruleIndex": 7})
    assert rules.of({"message": {"text": "m"}}) == Rule({})


@pytest.mark.parametrize(
    ("result", "severity"),
    [
        ({"ruleId": "X1"}, "critical"),
        ({"ruleId": "R1"}, "high"),
        ({"ruleId": "R1", "level": "note"}, "low"),
        ({"ruleId": "R1", "properties": {"security-severity": "MEDIUM"}}, "medium"),
        ({"ruleId": "none", "message": {"text": "a secret was found"}}, "high"),
        ({"ruleId": "none", "message": {"text": "line too long"}}, "medium"),
    ],
)
def test_a_severity_is_the_score_else_the_level_else_the_default(result: dict[str, Any], severity: str) -> None:
    """The default level is `warning` (3.27.10); a finding about secrets without a severity is high."""
    rules = Rules(TOOL, ())
    assert severity_of(rules, rules.of(result), result) == severity
