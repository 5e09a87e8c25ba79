"""ECS has an endpoint of its own on a laptop, which asks here whether a role may make a call, and makes it itself.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html
"""

import contextvars
import json
from collections.abc import Callable
from typing import Any

from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import error_response_json, json_response
from ministack.services import ecr, ecs

from local.strict.around import Answer, around

# The member of a request with the ARN that is the call's resource, as one ARN or the first of a list.
_ARNS = (
    "serviceDeploymentArn",
    "serviceDeploymentArns",
    "serviceRevisionArns",
    "resourceArn",
)


# Of the call that is judged: its cluster, for the condition key `ecs:cluster`, and the roles that it passes to tasks.
_CLUSTER: contextvars.ContextVar[str] = contextvars.ContextVar("cluster", default="")
_PASSED: contextvars.ContextVar[tuple[str, ...]] = contextvars.ContextVar("passed", default=())


@around(iam_actions, "extract_resource_arn")
def name_the_resource(original: Callable[..., str], *request: Any) -> str:
    """The resource of a call; "*" for those that AWS authorizes without one, such as DescribeTaskDefinition."""
    service, _, _, headers, body, _, region, account = request
    if service != "ecs":
        return original(*request)
    given = json.loads(body)
    cluster = str(given.get("cluster", "default")).rpartition("/")[2]
    _CLUSTER.set(f"arn:aws:ecs:{region}:{account}:cluster/{cluster}")
    _PASSED.set(tuple(str(given[name]) for name in ("taskRoleArn", "executionRoleArn") if given.get(name)))
    operation = str(headers.get("x-amz-target", "")).rpartition(".")[2]
    return resource(operation, given, f"arn:aws:ecs:{region}:{account}")


def resource(operation: str, given: dict[str, Any], account: str) -> str:
    """The ARN of the resource of an operation with these parameters; `account` is the beginning of its ARNs."""
    for name in _ARNS:
        if name in given:
            return str(given[name] if isinstance(given[name], str) else given[name][0])
    cluster = str(given.get("cluster", "default")).rpartition("/")[2]

    def arn(kind: str, name: str) -> str:
        inside = "" if kind in ("task-definition", "cluster") else f"{cluster}/"
        return name if name.startswith("arn:") else f"{account}:{kind}/{inside}{name}"

    match operation:
        case "RegisterTaskDefinition":
            return arn("task-definition", f"{given['family']}:*")
        case "RunTask":
            return arn("task-definition", str(given["taskDefinition"]))
        case "CreateService":
            return arn("service", str(given["serviceName"]))
        case "UpdateService" | "DeleteService" | "ListServiceDeployments":
            return arn("service", str(given["service"]))
        case "DescribeServices":
            return arn("service", str(given["services"][0]))
        case "DescribeTasks":
            return arn("task", str(given["tasks"][0]))
        case "StopTask":
            return arn("task", str(given["task"]))
        case _:
            return "*"


@around(iam_evaluator, "enforce")
def judge_the_cluster_and_the_roles(
    original: Callable[..., Answer], access_key: str, action: str, service: str, region: str, **named: Any
) -> Answer:
    """Calls on tasks are bounded by the condition key `ecs:cluster`; the roles of tasks are passed to ECS.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
    """
    if service != "ecs":
        return original(access_key, action, service, region, **named)
    named["service_context"] = {**(named.get("service_context") or {}), "ecs:cluster": _CLUSTER.get()}
    denied = original(access_key, action, service, region, **named)
    for role in _PASSED.get() if denied is None else ():
        passing = {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
        denied = denied or original(
            access_key, "iam:PassRole", "iam", region, resource_arn=role, service_context=passing
        )
    return denied


@around(ecr, "_describe_images")
def miss_the_image(original: Callable[..., Answer], request: dict[str, Any]) -> Answer:
    """DescribeImages refuses an image that does not exist; ministack leaves it out.

    https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html
    """
    name = request.get("repositoryName", "")
    missing = [one for one in request.get("imageIds", ()) if not ecr._find_image(name, one)]
    if missing and name in ecr._repositories:
        return error_response_json("ImageNotFoundException", f"The image with imageId {missing[0]} does not exist", 400)
    return original(request)


@around(ecs, "handle_request")
def change_nothing(_: Callable[..., Answer], *_request: Any) -> Answer:
    """The caller may make the call; the endpoint makes it."""

    async def answer() -> Any:
        return json_response({})

    return answer()
