"""The endpoint answers boto3 as ECS does, also when a call is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from local.ecs.configuration import checked
from local.ecs.errors import InvalidParameterError
from tests.roles import new_role

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.local.ecs.support import Workbench

Record = dict[str, Any]
PAUSE = {"targetType": "PAUSE", "lifecycleStages": ["POST_SCALE_UP"]}


def refused(call: Callable[..., Any], **arguments: Any) -> str:
    """Return the code of the error a call is answered with."""
    with pytest.raises(ClientError) as raised:
        call(**arguments)
    return str(raised.value.response["Error"]["Code"])


def test_task_definitions(bench: Workbench) -> None:
    """Revisions count up, are found by family, and can't be used once they are deregistered.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeregisterTaskDefinition.html
    """
    ecs, image = bench.ecs, bench.image("api")
    first, second = (bench.definition(image, "counted") for _ in range(2))
    assert [first.rpartition("/")[2], second.rpartition("/")[2]] == ["counted:1", "counted:2"]
    newest = ecs.describe_task_definition(taskDefinition="counted", include=["TAGS"])
    assert newest["taskDefinition"]["taskDefinitionArn"] == second
    ecs.tag_resource(resourceArn=second, tags=[{"key": "team", "value": "shop"}])
    assert ecs.list_tags_for_resource(resourceArn=second)["tags"] == [{"key": "team", "value": "shop"}]
    ecs.deregister_task_definition(taskDefinition=second)
    assert ecs.list_task_definitions(familyPrefix="counted")["taskDefinitionArns"] == [first]
    assert refused(ecs.run_task, cluster="shop", taskDefinition=second) == "ClientException"
    assert refused(ecs.describe_task_definition, taskDefinition="nobody") == "ClientException"


def test_refusals(bench: Workbench) -> None:
    """Wrong calls are refused with AWS's codes, and what is not supported here by its name."""
    ecs = bench.ecs
    assert refused(ecs.list_services, cluster="nobody") == "ClusterNotFoundException"
    assert refused(ecs.update_service, cluster="shop", service="nobody") == "ServiceNotFoundException"
    missing = "arn:aws:ecs:eu-central-1:123456789012:service-deployment/shop/nobody/1"
    assert refused(ecs.stop_service_deployment, serviceDeploymentArn=missing) == "ServiceDeploymentNotFoundException"
    assert refused(ecs.list_services, cluster="shop", nextToken="x") == "InvalidParameterException"
    assert refused(ecs.list_attributes, targetType="container-instance") == "InvalidParameterException"
    volumes = {"family": "f", "containerDefinitions": [], "volumes": [{"name": "v"}]}
    with pytest.raises(ClientError, match="RegisterTaskDefinition: volumes is not supported"):
        ecs.register_task_definition(**volumes)
    definition = bench.definition(bench.image("api"), "refused")
    balancer = {"targetGroupArn": "arn:nobody", "containerName": "app", "containerPort": 80}
    service = {"cluster": "shop", "serviceName": "s", "taskDefinition": definition, "loadBalancers": [balancer]}
    assert refused(ecs.create_service, **service) == "InvalidParameterException"
    assert ecs.describe_services(cluster="shop", services=["nobody"])["failures"][0]["reason"] == "MISSING"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"strategy": "BLUE_GREEN"}, "bakeTimeInMinutes must be specified"),
        ({"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 0.05}}, "canaryPercent must be between"),
        ({"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 10.05}}, "multiple of 0.1"),
        ({"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 2.0}}, "stepPercent must be between 3"),
        ({"strategy": "CANARY", "linearConfiguration": {}}, "for the strategy LINEAR only"),
        ({"strategy": "CANARY", "deploymentCircuitBreaker": {"enable": True, "rollback": True}}, "ROLLING only"),
        ({"strategy": "LINEAR", "lifecycleHooks": [PAUSE] * 11}, "At most 10 pause hooks"),
        ({"strategy": "LINEAR", "lifecycleHooks": [{**PAUSE, "lifecycleStages": ["TEST_TRAFFIC_SHIFT"]}]}, "TEST_TRA"),
        ({"strategy": "LINEAR", "lifecycleHooks": [{**PAUSE, "hookTargetArn": "arn:x"}]}, "hookTargetArn"),
        (
            {"strategy": "LINEAR", "lifecycleHooks": [{**PAUSE, "timeoutConfiguration": {"timeoutInMinutes": 20_161}}]},
            "timeoutInMinutes must be between 1 and 20160",
        ),
        ({"alarms": {"enable": True, "rollback": True, "alarmNames": []}}, "alarms is not supported"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_configurations(given: Record, message: str) -> None:
    """Limits of the API's pages about DeploymentConfiguration and its members, and of the guide's about pause hooks."""
    with pytest.raises(InvalidParameterError, match=message):
        checked(given, balanced=True, shifts=True)


def test_shifts_need_two_target_groups() -> None:
    """A strategy that shifts requests has a second target group to shift them to.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/alb-resources-for-blue-green.html
    """
    with pytest.raises(InvalidParameterError, match="advancedConfiguration"):
        checked({"strategy": "CANARY"}, balanced=True, shifts=False)


def test_thresholds() -> None:
    """Half of the tasks open the circuit breaker, at least 3 and at most 200, unless the threshold says otherwise.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ThresholdConfiguration.html
    """

    def threshold(desired: int, **own: Any) -> int:
        breaker = {"enable": True, "rollback": True, **({"thresholdConfiguration": own} if own else {})}
        return checked({"deploymentCircuitBreaker": breaker}, balanced=False, shifts=False).threshold(desired)

    assert [threshold(1), threshold(20), threshold(1000)] == [3, 10, 200]
    assert threshold(20, type="UNBOUNDED_PERCENT", value=10) == 2
    assert threshold(20, type="COUNT", value=7) == 7


def test_same_task_definition(bench: Workbench) -> None:
    """An update that changes nothing begins no deployment; force does."""
    name = bench.service(bench.image("api"), shifts=False)
    before = bench.deployment(name)
    given = {"cluster": "shop", "service": name, "taskDefinition": f"{name}:1"}
    bench.ecs.update_service(**given)
    assert bench.deployment(name) == before
    bench.ecs.update_service(**given, forceNewDeployment=True)
    assert bench.deployment(name, after=before)


def test_deletion(bench: Workbench) -> None:
    """A service with tasks is deleted by force only, and its tasks end."""
    name = bench.service(bench.image("api"), shifts=False)
    given = {"cluster": "shop", "service": name}
    assert refused(bench.ecs.delete_service, **given) == "InvalidParameterException"
    bench.ecs.delete_service(**given, force=True)
    bench.wait(lambda: not bench.tasks(name), "the end of the tasks")
    bench.wait(lambda: refused(bench.ecs.update_service, **given) == "ServiceNotFoundException", "its end")


SERVICE = "service/shop/api"
CALLS: list[tuple[str, Record, str, str]] = [
    ("update_service", {"cluster": "shop", "service": "api"}, "ecs:UpdateService", SERVICE),
    ("describe_services", {"cluster": "shop", "services": ["api"]}, "ecs:DescribeServices", SERVICE),
    ("list_service_deployments", {"cluster": "shop", "service": "api"}, "ecs:ListServiceDeployments", SERVICE),
    (
        "continue_service_deployment",
        {"serviceDeploymentArn": "{arn}:service-deployment/shop/api/1", "hookId": "x"},
        "ecs:ContinueServiceDeployment",
        "service-deployment/shop/api/1",
    ),
    (
        "describe_service_revisions",
        {"serviceRevisionArns": ["{arn}:service-revision/shop/api/1"]},
        "ecs:DescribeServiceRevisions",
        "service-revision/shop/api/1",
    ),
    (
        "register_task_definition",
        {"family": "api", "containerDefinitions": []},
        "ecs:RegisterTaskDefinition",
        "task-definition/api:*",
    ),
    ("run_task", {"cluster": "shop", "taskDefinition": "api:1"}, "ecs:RunTask", "task-definition/api:1"),
    ("describe_tasks", {"cluster": "shop", "tasks": ["{arn}:task/shop/1"]}, "ecs:DescribeTasks", "task/shop/1"),
    ("list_tasks", {"cluster": "shop"}, "ecs:ListTasks", "*"),
]


@pytest.mark.parametrize(("operation", "given", "action", "resource"), CALLS, ids=[one[0] for one in CALLS])
def test_permissions(bench: Workbench, operation: str, given: Record, action: str, resource: str) -> None:
    """A role may make a call on the resource that AWS checks for it, and no other.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html
    """
    arn = "arn:aws:ecs:eu-central-1:123456789012"

    def filled(value: Any) -> Any:
        return [filled(one) for one in value] if isinstance(value, list) else str(value).replace("{arn}", arn)

    asked = {name: value if isinstance(value, list) and not value else filled(value) for name, value in given.items()}
    on = "*" if resource == "*" else f"{arn}:{resource}"
    allowed, denied = (
        {"Effect": "Allow", "Action": action, "Resource": on},
        {"Effect": "Allow", "Action": action, "Resource": f"{arn}:service/other/api"},
    )
    codes = [_code(bench, statement, operation, asked) for statement in (allowed, denied)]
    assert codes[0] != "AccessDeniedException"
    assert codes[1] == "AccessDeniedException"


def _code(bench: Workbench, statement: Record, operation: str, given: Record) -> str:
    """The error code of a call by a role with one statement; "" if it succeeds."""
    root = {"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "sts:AssumeRole"}
    role = new_role(bench.aws, statement, trust=root)
    credentials = bench.aws.client("sts").assume_role(RoleArn=role, RoleSessionName="session")["Credentials"]
    with bench.aws.acting_as(credentials) as acting:
        try:
            getattr(acting.client("ecs"), operation)(**given)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
    return ""
