"""The two roles of services on ECS: what they may do, and to what. That it is enough is shown by `test_ecs.py`."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from components.stack.environment_settings import EnvironmentSettings
from components.stack.naming import Naming
from functions.targets.base import Packages, Statement
from functions.targets.ecs import EcsTarget
from tests.functions.stack import ACCOUNT, REGION

ROLE = f"arn:aws:iam::{ACCOUNT}:role/api-task"
ARN = f"arn:aws:ecs:{REGION}:{ACCOUNT}"
NAMING = Naming("test", ACCOUNT, REGION, "aws")


def settings(**given: Any) -> EnvironmentSettings:
    """The settings of an environment, as a stack's file has them."""
    return EnvironmentSettings.model_validate_json(json.dumps({"name": "test", "region": REGION, **given}))


def statements(given: EnvironmentSettings) -> Iterator[dict[str, Any]]:
    """The deploy role's statements as IAM has them."""
    return _as_iam(EcsTarget.deploy_permissions(given, NAMING, Packages("", "")))


def reading(given: EnvironmentSettings) -> Iterator[dict[str, Any]]:
    """The read role's statements as IAM has them."""
    return _as_iam(EcsTarget.read_permissions(given, NAMING))


def _as_iam(wanted: Iterable[Statement]) -> Iterator[dict[str, Any]]:
    for one in wanted:
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
    assert [*statements(settings()), *reading(settings())] == []


def test_images_are_bounded_by_the_settings() -> None:
    """I7: the read role sees the listed repositories of its account; without a list all, whose reason is given."""
    registry, other = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com", f"210987654321.dkr.ecr.{REGION}.amazonaws.com"

    def seen(**given: Any) -> list[Any]:
        read = reading(settings(ecsServices=["shop/api"], **given))
        return [one["Resource"] for one in read if one["Action"] == ["ecr:DescribeImages"]]

    repository = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository"
    assert seen() == [[f"{repository}/*"]]
    assert seen(imageRepositories=[f"{registry}/team/api", f"{other}/web"]) == [[f"{repository}/team/api"]]
    assert seen(imageRepositories=[f"{other}/web"]) == []


def test_the_read_role_changes_nothing() -> None:
    """I7: it only describes and lists, and the deploy role does neither."""
    given = settings(ecsServices=["shop/api"], ecsTaskRoleArns=[ROLE])
    read, change = ({action for one in of(given) for action in one["Action"]} for of in (reading, statements))
    assert all(action.split(":")[1].startswith(("Describe", "List")) for action in read)
    assert not any(action.split(":")[1].startswith(("Describe", "List", "Get")) for action in change)


def test_roles_are_passed_to_tasks_only() -> None:
    """I7: those of the settings, and to no other service."""
    given = settings(ecsServices=["shop/api"], ecsTaskRoleArns=[ROLE])
    passed = [one for one in statements(given) if one["Action"] == ["iam:PassRole"]]
    assert [(one["Resource"], one["Condition"]) for one in passed] == [
        ([ROLE], {"StringEquals": {"iam:PassedToService": ["ecs-tasks.amazonaws.com"]}})
    ]
