"""The environments that executions carry, made from the settings."""

from typing import Any

import pytest
from msgspec.structs import fields

from components.functions.resources import NOT_CARRIED, carried
from components.stack.environment_settings import EnvironmentSettings
from functions.domain.environments import Environment
from functions.handler import camel, decode, encode

COMPUTED: dict[str, Any] = {
    "region": "eu-central-1",
    "deploy_role_arn": "arn:aws:iam::123456789012:role/deploy-test",
    "read_role_arn": "arn:aws:iam::123456789012:role/read-test",
    "deploy_project": "deploy-test",
    "test_project": "tests-0",
    "windows": [],
    "freezes": [],
    "demanded_gates": ["tests"],
}
# Each setting that is copied, with a value that is not its default.
SET: dict[str, Any] = {
    "name": "staging",
    "approval": True,
    "approvers": ("ada@example.com", "grace@example.com"),
    "approvals_needed": 2,
    "author_may_approve": False,
    "approval_timeout_seconds": 61,
    "approval_wait_seconds": 1,
    "watch_seconds": 301,
    "on_active_alarm": "ask",
    "on_missing_alarm_data": "block",
    "enhanced_watch_seconds": 2,
    "soak_minutes": 1,
    "skippable": True,
    "freeze_wait_days": 2,
    "stabilise_seconds": 61,
    "unhealthy_samples": 4,
    "worse_error_percent": 9.5,
    "worse_latency_percent": 40.5,
    "compared_requests": 51,
    "coverage_percent": 81.5,
    "critical_alarms": ("errors",),
    "warning_alarms": ("latency",),
    "variables": {"DOMAIN_NAME": "example.com"},
    "pulumi_bucket": "states",
    "image_repositories": ("123456789012.dkr.ecr.eu-central-1.amazonaws.com/api",),
}

KEY = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd"


def settings(**changes: Any) -> EnvironmentSettings:
    """An environment's settings, spelled as in `Pulumi.<stack>.yaml`."""
    return EnvironmentSettings.model_validate(
        {camel(name): value for name, value in ({"name": "test"} | changes).items()}
    )


def test_every_setting_of_an_environment_is_carried_or_listed_as_not() -> None:
    """F3: a new setting that reaches no deployment, or a field without a setting, fails this test."""
    known, environment = set(EnvironmentSettings.model_fields), {one.name for one in fields(Environment)}
    assert known - environment == NOT_CARRIED
    assert environment - known == {"deploy_project", "test_project"}
    assert SET.keys() | COMPUTED.keys() == environment


@pytest.mark.parametrize("name", SET)
def test_a_setting_arrives_as_it_was_set(name: str) -> None:
    """Each setting has its own field and value."""
    logins = dict(zip(SET["approvers"], ("ada", "grace"), strict=True))
    others: dict[str, Any] = {"approvers": SET["approvers"], "approver_logins": logins}  # two approvals need two
    usual = carried(settings(**({} if name == "approvers" else others)), **COMPUTED)
    needed = {"pulumi_key_arn": KEY} if name == "pulumi_bucket" else {}
    found = carried(settings(**{**others, **needed, name: SET[name]}), **COMPUTED)
    assert encode(getattr(found, name)) == encode(SET[name])
    assert {one for one in SET if getattr(found, one) != getattr(usual, one)} == {name}


def test_computed_values_replace_settings() -> None:
    """The region and role of the stack, if an environment names none."""
    found = carried(settings(), **COMPUTED)
    assert {name: getattr(found, name) for name in COMPUTED} == COMPUTED


def test_an_environment_survives_the_way_through_json() -> None:
    """The deployment's definition contains it as JSON, and handlers decode it."""
    more = {"approver_logins": {"ada@example.com": "ada", "grace@example.com": "g"}, "pulumi_key_arn": KEY}
    found = carried(settings(**SET, **more), **COMPUTED)
    assert decode(Environment, encode(found)) == found
