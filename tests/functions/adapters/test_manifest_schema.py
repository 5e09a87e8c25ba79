"""The schema of the manifest."""

import pytest
from pydantic import ValidationError

from functions.adapters.manifest_schema import Closed, schema
from functions.gates.registry import GATES
from functions.targets.registry import KINDS


def test_an_unknown_key_and_another_type_are_refused() -> None:
    """No unknown key is ignored, and no value is converted."""

    class Group(Closed):
        number: int

    for wrong in ({"number": 1, "more": 2}, {"number": "1"}, {}):
        with pytest.raises(ValidationError):
            Group.model_validate(wrong)


def test_every_kind_and_every_gate_has_its_keys() -> None:
    """Every registered target is a kind of service, and every key of a gate is in its section."""
    whole = schema().model_json_schema()
    (services,) = whole["properties"]["services"]["patternProperties"].values()
    kinds = services["discriminator"]["mapping"]
    assert set(kinds) == set(KINDS)
    for section in ("build", "gates", "afterDeploy"):
        keys = {key for gate in GATES for key in gate.manifest(section)}
        assert keys <= set(whole["$defs"][section]["properties"])
