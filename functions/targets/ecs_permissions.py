"""The IAM statements of kind `ecs`.

Resources and conditions of each action:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html
"""

from typing import TYPE_CHECKING

from functions.domain.images import ecr_repository
from functions.targets.base import Statement

if TYPE_CHECKING:
    from components.stack.environment_settings import EnvironmentSettings
    from components.stack.naming import Naming

_ANY = "of these services only"


def read_statements(settings: "EnvironmentSettings", naming: "Naming") -> tuple[Statement, ...]:
    """To read the services in the environment's settings, with their deployments, tasks and images."""
    if not settings.ecs_services:
        return ()
    return (
        Statement(("ecs:DescribeServices", "ecs:ListServiceDeployments"), _of_services("service", settings, naming)),
        Statement(
            ("ecs:DescribeServiceDeployments", "ecs:DescribeServiceRevisions"),
            (
                *_of_services("service", settings, naming),
                *_of_services("service-deployment", settings, naming),
                *_of_services("service-revision", settings, naming),
            ),
            why=f"deployments and revisions {_ANY}",
        ),
        Statement(
            ("ecs:DescribeTaskDefinition",), ("*",), why="DescribeTaskDefinition can't be restricted to a resource"
        ),
        Statement(
            ("ecs:DescribeTasks",),
            tuple(naming.arn("ecs", f"task/{one}/*", settings.region) for one in _clusters(settings)),
            why="tasks of the clusters of these services only",
        ),
        Statement(
            ("ecs:ListTasks",),
            ("*",),
            why="ListTasks is restricted by its cluster",
            condition=_in_clusters(settings, naming),
        ),
        Statement(
            ("elasticloadbalancing:DescribeTargetGroups",),
            ("*",),
            why="DescribeTargetGroups can't be restricted to a resource",
        ),
        *_images(settings, naming),
    )


def change_statements(settings: "EnvironmentSettings", naming: "Naming") -> tuple[Statement, ...]:
    """To deploy the services in the environment's settings, and to pass the roles of their tasks."""
    if not settings.ecs_services:
        return ()
    definitions = naming.arn("ecs", "task-definition/*:*", settings.region)
    passed = Statement(
        ("iam:PassRole",),
        settings.ecs_task_role_arns,
        condition={"StringEquals": {"iam:PassedToService": ["ecs-tasks.amazonaws.com"]}},
    )
    return (
        Statement(("ecs:UpdateService",), _of_services("service", settings, naming)),
        Statement(
            ("ecs:ContinueServiceDeployment", "ecs:StopServiceDeployment"),
            (*_of_services("service", settings, naming), *_of_services("service-deployment", settings, naming)),
            why=f"deployments {_ANY}",
        ),
        Statement(
            ("ecs:RegisterTaskDefinition", "ecs:TagResource"),
            (definitions,),
            why="the family of a service's task definitions has a name of its own",
        ),
        Statement(
            ("ecs:RunTask",),
            (definitions,),
            why="the family of a service's task definitions has a name of its own; the cluster is that of a service",
            condition=_in_clusters(settings, naming),
        ),
        *((passed,) if settings.ecs_task_role_arns else ()),
    )


def _images(settings: "EnvironmentSettings", naming: "Naming") -> tuple[Statement, ...]:
    """To ask whether an image is still there; those of another account's registry are not asked about."""
    if settings.image_repositories:
        own = [one for one in settings.image_repositories if ecr_repository(one).account == naming.account]
        arns = tuple(naming.image_repository_arn(one) for one in own)
        return (Statement(("ecr:DescribeImages",), arns),) if arns else ()
    return (
        Statement(
            ("ecr:DescribeImages",),
            (naming.arn("ecr", "repository/*", settings.region),),
            why="a rollback asks whether an image is still there; manifests name the repositories",
        ),
    )


def _of_services(kind: str, settings: "EnvironmentSettings", naming: "Naming") -> tuple[str, ...]:
    """The ARNs of the services, or of what belongs to them."""
    end = "" if kind == "service" else "/*"
    return tuple(naming.arn("ecs", f"{kind}/{one}{end}", settings.region) for one in settings.ecs_services)


def _clusters(settings: "EnvironmentSettings") -> list[str]:
    return sorted({one.partition("/")[0] for one in settings.ecs_services})


def _in_clusters(settings: "EnvironmentSettings", naming: "Naming") -> dict[str, dict[str, list[str]]]:
    arns = [naming.arn("ecs", f"cluster/{one}", settings.region) for one in _clusters(settings)]
    return {"ArnEquals": {"ecs:cluster": arns}}
