"""An environment's settings, and the state of its parts."""

import pytest
from msgspec.structs import fields, replace

from functions.domain.environments import Environment, PartState, addresses
from functions.domain.manifests import Health
from tests.functions.samples import COMMAND, ENVIRONMENT, SERVICE, state

OWN, BUILT = replace(SERVICE, name="shop/hello"), replace(COMMAND, name="shop/infrastructure")


def test_an_environment_needs_only_what_every_environment_has() -> None:
    """Alarms, variables, windows and freezes may be left out, and no two environments share them."""
    needed = {f.name: "x" for f in fields(Environment) if f.required}
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


@pytest.mark.parametrize(
    ("health", "address"),
    [
        ("{url}/health", "https://x.example.com/live"),
        ("https://{environment}.{DOMAIN}/api/health?deep=1", "https://production.example.com/api"),
        ("https://x.example.com", "https://x.example.com"),
        ("https://{unknown}/health", ""),
        ("javascript:alert(1)", ""),
        ("http://[/health", ""),
    ],
)
def test_the_address_of_a_service_is_where_its_health_is_probed(health: str, address: str) -> None:
    """With what its own manifest's builds left, and the variables of the environment; only what a browser opens."""
    service = state(replace(OWN, health=Health(health)))
    built = state(BUILT, outputs={"url": "https://x.example.com/live"})
    found = addresses((service, built), ENVIRONMENT.fill_values)
    assert found.get(service.part, "") == address


def test_without_a_health_url_the_output_of_a_build_is_the_address() -> None:
    """Said once, and not if it is the address of a service."""
    built = state(BUILT, outputs={"url": "https://x.example.com/"})
    assert addresses((built,), {}) == {BUILT.name: "https://x.example.com/"}
    service = state(replace(OWN, health=Health("{url}health")))
    assert addresses((built, service), {}) == {service.part: "https://x.example.com"}
    assert addresses((state(OWN, outputs={"url": "javascript:alert(1)"}), state(BUILT)), {}) == {}
