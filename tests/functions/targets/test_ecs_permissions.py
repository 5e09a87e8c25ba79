"""The deploy role of services on ECS: what it may do, and to what. That it is enough is shown by `test_ecs.py`."""

import json
from collections.abc import Iterator
from typing import Any

from components.stack.environment_settings import EnvironmentSettings
from components.stack.naming import Naming
from functions.targets.base import Packages
from functions.targets.ecs import EcsTarget
from tests.functions.stack import ACCOUNT, REGION

ROLE = f"arn:aws:iam::{ACCOUNT}:role/api-task"
ARN = f"arn:aws:ecs:{REGION}:{ACCOUNT}"


def settings(**given: Any) -> EnvironmentSettings:
    """The settings of an environment, as a stack's file has them."""
    return EnvironmentSettings.model_validate_json(json.dumps({"name": "test", "region": REGION, **given}))


def statements(given: EnvironmentSettings) -> Iterator[dict[str, Any]]:
    """The deploy role's statements as IAM has them."""
    naming = Naming("test", ACCOUNT, REGION, "aws")
    for one in EcsTarget.deploy_permissions(given, naming, Packages("", "")):
        condition = {"Condition": one.condition} if one.condition else {}
        yield {"Effect": "Allow", "Action": list(one.actions), "Resource": list(one.resources), **condition}


def test_services_are_bounded_by_the_settings() -> None:
    """I7: changes reach the services that are listed, their deployments, and tasks in their clusters."""
    found = {action: one for one in statements(settings(ecsServices=["shop/api"])) for action in one["Action"]}
    assert found["ecs:UpdateService"]["Resource"] == [f"{ARN}:service/shop/api"]
    ours = [f"{ARN}:service/shop/api", f"{ARN}:service-deployment/shop/api/*"]
    assert found["ecs:StopServiceDeployment"]["Resource"] == ours
    assert found["ecs:RunTask"]["Condition"] == {"ArnEquals": {"ecs:cluster": [f"{ARN}:cluster/shop"]}}
    assert "iam:PassRole" not in found
    assert list(statements(settings())) == []


def test_roles_are_passed_to_tasks_only() -> None:
    """I7: those of the settings, and to no other service."""
    given = settings(ecsServices=["shop/api"], ecsTaskRoleArns=[ROLE])
    passed = [one for one in statements(given) if one["Action"] == ["iam:PassRole"]]
    assert [(one["Resource"], one["Condition"]) for one in passed] == [
        ([ROLE], {"StringEquals": {"iam:PassedToService": ["ecs-tasks.amazonaws.com"]}})
    ]
