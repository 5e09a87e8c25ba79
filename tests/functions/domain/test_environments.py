"""An environment's settings, and the state of its parts."""

from dataclasses import MISSING, fields

from functions.domain.environments import Environment, PartState


def test_an_environment_needs_only_what_every_environment_has() -> None:
    """Alarms, variables, windows and freezes may be left out, and no two environments share them."""
    needed = {f.name: "x" for f in fields(Environment) if f.default is MISSING and f.default_factory is MISSING}
    one, other = Environment(**needed), Environment(**needed)  # type: ignore[arg-type]
    assert one == other
    for shared in ("critical_alarms", "warning_alarms", "variables", "windows", "freezes"):
        assert not getattr(one, shared)
        assert getattr(one, shared) is not getattr(other, shared)
    assert (one.on_active_alarm, one.on_missing_alarm_data, one.enhanced_watch_seconds) == ("block", "ignore", 0)


def test_a_part_that_never_ran_knows_nothing() -> None:
    """The state of a part that never ran has no version, no last known good and no definition."""
    state = PartState("test", "hello")
    assert (state.running, state.good, state.definition, state.outputs) == (None, None, None, {})
