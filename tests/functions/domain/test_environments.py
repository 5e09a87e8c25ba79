"""An environment and what runs in it."""

from dataclasses import fields

from functions.domain.environments import Environment, PartState


def test_an_environment_needs_only_what_every_environment_has() -> None:
    """Alarms and variables may be left out, and no two environments share them."""
    needed = {
        f.name: "x" for f in fields(Environment) if f.name not in ("critical_alarms", "warning_alarms", "variables")
    }
    one, other = Environment(**needed), Environment(**needed)  # type: ignore[arg-type]
    assert one == other
    assert one.variables is not other.variables


def test_a_part_that_never_ran_knows_nothing() -> None:
    """No version, no good one, no definition."""
    state = PartState("test", "hello")
    assert (state.running, state.good, state.definition, state.outputs) == (None, None, None, {})
