"""An environment's settings, and the state of its parts."""

from dataclasses import MISSING, fields, replace

from functions.domain.environments import Environment, PartState
from tests.functions.samples import ENVIRONMENT


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


def test_an_environment_is_in_the_account_of_its_deploy_role() -> None:
    """I7: its builds get account and region as variables, beside its name."""
    one = replace(ENVIRONMENT, region="us-east-1", deploy_role_arn="arn:aws:iam::222233334444:role/deploy")
    assert one.build_variables == {
        "KIRO_ENVIRONMENT": "production",
        "KIRO_ACCOUNT": "222233334444",
        "KIRO_REGION": "us-east-1",
    }
