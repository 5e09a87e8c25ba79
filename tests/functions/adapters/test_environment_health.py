"""Reading the alarms and probing the services of an environment."""

import pytest
from msgspec.structs import replace

from functions.adapters.environment_health import EnvironmentHealth
from functions.adapters.environments_table import EnvironmentsTable
from functions.domain.environments import PartState
from functions.domain.errors import ManifestError
from functions.domain.manifests import Health
from functions.domain.outside_alarms import OutsideAlarm
from functions.domain.watches import AlarmChange, CloudWatch, Monitor
from tests.functions.delivered import Service, runs
from tests.functions.samples import COMMAND, COMMIT, LEASE, NOW, RELEASE, SERVICE, environment, state, version
from tests.functions.stack import ACCOUNT, REGION, Stack


def test_alarms_are_the_environments_and_those_of_what_runs(stack: Stack) -> None:
    """Alarms of environment and parts are read once each, with placeholders replaced."""
    part = replace(SERVICE, critical_alarms=["{environment}-errors", "shared"], warning_alarms=["{DOMAIN}-slow"])
    runs(stack, state(part), PartState("production", "bare"))
    watched = environment(critical_alarms=["shared"], warning_alarms=["cpu"])
    assert EnvironmentHealth.connect(stack.clients).alarm_names(watched, "") == (
        ["production-errors", "shared"],
        ["cpu", "example.com-slow"],
    )


def test_what_a_release_leaves_behind_is_left_out(stack: Stack, service: Service) -> None:
    """A part that is left out is not probed, and its alarms are not read; all others are."""
    part = replace(SERVICE, critical_alarms=["old"], health=Health("http://127.0.0.1:9/"))
    stays = replace(SERVICE, name="stays", critical_alarms=["new"], health=Health(service.url))
    runs(stack, state(part), state(stays, version(COMMIT)))
    service.says(version=COMMIT)
    health = EnvironmentHealth.connect(stack.clients)
    assert [probe.part for probe in health.probes(environment(), ["hello"])] == ["stays"]
    assert [alarm.name for alarm in health.alarms(environment(), "", ["hello"])] == ["new"]
    assert health.alarm_names(environment(), "", ["hello"]) == (["new"], [])


def test_alarms_of_other_repositories_decide_nothing(stack: Stack) -> None:
    """With a repository, only the environment's alarms, those of its own parts and those of nobody known are read."""
    theirs = version(source=f"sources/acme/blog/{COMMIT}.zip")
    for name, running, owner in (
        ("mine", version(), RELEASE.repository),
        ("mine-before-owners", version(), ""),
        ("theirs", theirs, "acme/blog"),
        ("theirs-before-owners", theirs, ""),
        ("by-hand", version(source=""), ""),
    ):
        part = replace(SERVICE, name=name, critical_alarms=[name])
        runs(stack, state(part, running, repository=owner), lease=replace(LEASE, repository=owner))
    health, watched = EnvironmentHealth.connect(stack.clients), environment(critical_alarms=["whole"])
    critical, _ = health.alarm_names(watched, RELEASE.repository)
    assert critical == ["by-hand", "mine", "mine-before-owners", "whole"]
    everything, _ = health.alarm_names(watched, "")
    assert set(everything) - set(critical) == {"theirs", "theirs-before-owners"}
    for name, concerned in (("mine", True), ("theirs", False), ("whole", True)):
        change = AlarmChange(CloudWatch(ACCOUNT, REGION), name, "ALARM", "above 5", NOW)
        assert health.concerns(change, watched, RELEASE.repository) is concerned


def test_an_alarm_name_that_cannot_be_filled_in_is_named(stack: Stack) -> None:
    """The error about a placeholder in an alarm's name names the part."""
    runs(stack, state(replace(SERVICE, warning_alarms=["{gone}"])))
    with pytest.raises(ManifestError, match="hello: alarms"):
        EnvironmentHealth.connect(stack.clients).alarm_names(environment(), "")


def test_services_are_asked_where_the_parts_before_them_put_them(stack: Stack, service: Service) -> None:
    """Outputs of the infrastructure are filled into the URL; a part that never ran is not probed."""
    part = replace(SERVICE, name="shop/hello", health=Health("{address}"))
    runs(
        stack,
        state(replace(COMMAND, name="shop/infrastructure"), outputs={"address": service.url}),
        state(part, version(COMMIT)),
        PartState("production", "shop/idle", definition=replace(part, name="shop/idle")),
    )
    service.says(version=COMMIT)
    (probe,) = EnvironmentHealth.connect(stack.clients).probes(environment())
    assert (probe.part, probe.healthy) == ("shop/hello", True)


def test_what_is_in_doubt_may_answer_as_anything(stack: Stack, service: Service) -> None:
    """A part that is in doubt is probed without a commit, because the recorded commit may be wrong."""
    runs(stack, state(replace(SERVICE, health=Health(service.url)), version(COMMIT), in_doubt="main-that-died"))
    service.says(version="whatever")
    (probe,) = EnvironmentHealth.connect(stack.clients).probes(environment())
    assert probe.healthy


def test_no_service_is_asked_at_another_repositorys_address(stack: Stack, service: Service) -> None:
    """Outputs with the same name in two repositories are filled in from the service's own repository."""
    service.says(version=COMMIT)
    for shop, url in (("blog", "http://127.0.0.1:9/"), ("shop", service.url), ("wiki", "http://127.0.0.1:9/")):
        runs(stack, state(replace(COMMAND, name=f"{shop}/infrastructure"), outputs={"address": url}))
    runs(stack, state(replace(SERVICE, name="shop/hello", health=Health("{address}")), version(COMMIT)))
    (probe,) = EnvironmentHealth.connect(stack.clients).probes(environment())
    assert (probe.part, probe.healthy, probe.reason) == ("shop/hello", True, "")


@pytest.mark.parametrize(
    ("origin", "name", "concerned"),
    [
        (CloudWatch(ACCOUNT, REGION), "errors", True),
        (CloudWatch(ACCOUNT, REGION), "cpu", True),
        (CloudWatch(ACCOUNT, REGION), "other", False),
        (CloudWatch("999999999999", REGION), "errors", False),
        (CloudWatch(ACCOUNT, "us-east-1"), "errors", False),
        (CloudWatch(ACCOUNT, REGION), "checkout", False),
        (Monitor("production"), "checkout", True),
        (Monitor("test"), "checkout", False),
        (Monitor("production"), "errors", False),
    ],
)
def test_an_event_concerns_the_alarm_of_its_account_region_or_monitor(
    stack: Stack, origin: CloudWatch | Monitor, name: str, concerned: bool
) -> None:
    """R1: an alarm of the same name elsewhere is another alarm."""
    alarm = OutsideAlarm("checkout", "ALARM", "critical", "p99 4 s", "", NOW)
    EnvironmentsTable.connect(stack.clients).note_outside("production", alarm)
    watched = environment(critical_alarms=["errors"], warning_alarms=["cpu"])
    change = AlarmChange(origin, name, "ALARM", "above 5", NOW)
    assert EnvironmentHealth.connect(stack.clients).concerns(change, watched, "") is concerned
