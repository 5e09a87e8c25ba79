"""Values that version 0.1.0 of the platform stored."""

import json
from typing import Any

import pytest

from functions.domain.environments import PartState
from functions.domain.errors import BadInputError
from functions.domain.plans import PartPlan
from functions.domain.rollback import Compensation, Step
from functions.domain.upgrades import upgraded
from functions.handler import decode, encode
from tests.functions.samples import COMMAND, COMMIT, NOW, SERVICE, state, version

# Written by version 0.1.0 before parts had settings.
FUNCTION = json.loads(
    '{"name": "hello", "kind": "lambda", "paths": ["src/*"], "buildspec": "", "function": "hello-{environment}", '
    '"alias": "live", "artifact": "hello.zip", "health": null, "criticalAlarms": [], "warningAlarms": [], '
    '"preview": "", "migration": "reversible"}'
)
BUILDSPEC = json.loads(
    '{"name": "infrastructure", "kind": "command", "paths": ["infra/*"], "buildspec": "infra/buildspec.yml", '
    '"function": "", "alias": "", "artifact": "", "health": null, "criticalAlarms": [], "warningAlarms": [], '
    '"preview": "", "migration": "reversible"}'
)


@pytest.mark.parametrize(("row", "part"), [(FUNCTION, SERVICE), (BUILDSPEC, COMMAND)])
def test_a_part_of_an_earlier_version_is_the_same_part(row: dict[str, Any], part: Any) -> None:
    """A part of an earlier version equals the same part of today, so that no release counts it as changed."""
    assert decode(PartPlan, {"part": row, "reason": ""}).part == part


def test_rows_of_an_earlier_version_are_read() -> None:
    """Part states, ledger entries and rollback steps with such parts are decoded."""
    assert decode(PartState, {**encode(state()), "definition": FUNCTION}) == state()
    entry = Compensation("production", 0, COMMAND, version(COMMIT), SERVICE, NOW)
    assert decode(Compensation, {**encode(entry), "part": BUILDSPEC, "definitionBefore": FUNCTION}) == entry
    step = Step(COMMAND, version())
    assert decode(Step, {**encode(step), "part": BUILDSPEC}) == step


@pytest.mark.parametrize("row", [None, "part", [], {}, {"name": "hello"}, encode(SERVICE)])
def test_anything_else_is_left_as_it_is(row: object) -> None:
    """A part in today's format, and any other value, is unchanged."""
    assert upgraded(row) == row


@pytest.mark.parametrize("kind", ["rocket", None, [], {}])
def test_a_kind_that_never_was_is_named(kind: object) -> None:
    """An unknown kind is an error that names the field."""
    with pytest.raises(BadInputError, match=r"PartPlan: .*kind"):
        decode(PartPlan, {"part": {**FUNCTION, "kind": kind}, "reason": ""})
