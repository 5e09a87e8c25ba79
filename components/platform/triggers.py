"""What invokes each handler of `functions/events`: events of AWS and of the stack's own bus, and schedules."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

import pulumi

from components.functions.handlers import FoundHandler
from components.functions.resources import StackResources
from components.platform import console
from components.platform.endpoints import ROUTES
from forwarding.places import Place
from functions.adapters.bus import SOURCE
from functions.adapters.ecs_services import STARTED_BY
from functions.domain.attestations import Attested
from functions.domain.events import (
    DeploymentFinished,
    EnvironmentUnfrozen,
    GatesJudged,
    RollbackFinished,
    StageFinished,
)
from statemachines.definitions import WORKFLOWS

Pattern = dict[str, Any]
_EVERY_MINUTE = "rate(1 minute)"
_OFTEN = "rate(10 minutes)"
_TWICE_A_DAY = "rate(12 hours)"
_EVERY_DAY = "rate(1 day)"


@dataclass(frozen=True, slots=True)
class Trigger:
    """An event pattern, a schedule, or both; events come from the account's default bus unless `own_bus`."""

    pattern: Callable[[StackResources], pulumi.Input[Pattern]] | None = None
    own_bus: bool = False
    schedule: Callable[[StackResources], str] | None = None


def _builds(stack: StackResources) -> Pattern:
    """By the beginning of the names: a pattern has 2,048 characters at most, whatever the number of repositories.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
    """
    return {
        "source": ["aws.codebuild"],
        "detail-type": ["CodeBuild Build State Change"],
        "detail": {
            "build-status": ["SUCCEEDED", "FAILED", "FAULT", "TIMED_OUT", "STOPPED"],
            "project-name": [{"prefix": f"{name}-"} for name in stack.project_names()],
        },
    }


def _alarms(_: StackResources) -> Pattern:
    """All alarms of the account: the handler selects by name, because releases may create their own alarms.

    Every state: ALARM ends watches and approvals, the end of ALARM the wait of a rollback.
    """
    return {"source": ["aws.cloudwatch"], "detail-type": ["CloudWatch Alarm State Change"]}


def _rollouts(_: StackResources) -> Pattern:
    """All service deployments of the account, and the ends of migrations: the handler asks about what is awaited.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/pause-lifecycle-hooks.html
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_deployment_events.html
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html ($or)
    """
    ended = {"lastStatus": ["STOPPED"], "startedBy": [STARTED_BY]}
    return {
        "source": ["aws.ecs"],
        "$or": [
            {"detail-type": ["ECS Hook State Change", "ECS Deployment State Change"]},
            {"detail-type": ["ECS Task State Change"], "detail": ended},
        ],
    }


def _images(_: StackResources) -> Pattern:
    """All pushes to the registry of this account and region: the handler selects by the settings.

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-eventbridge.html
    """
    return {
        "source": ["aws.ecr"],
        "detail-type": ["ECR Image Action"],
        "detail": {"action-type": ["PUSH"], "result": ["SUCCESS"]},
    }


def _executions(stack: StackResources) -> Pattern:
    return {
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": {
            "status": ["FAILED", "TIMED_OUT", "ABORTED"],
            "stateMachineArn": [stack.naming.workflow_arn(workflow) for workflow in WORKFLOWS],
        },
    }


def _work_items_ended(stack: StackResources) -> Pattern:
    """Any end of a work item: the next one can start."""
    return {
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": {
            "status": ["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"],
            "stateMachineArn": [stack.naming.workflow_arn("work_item")],
        },
    }


def _poll_rate(stack: StackResources) -> str:
    minutes = stack.settings.poll_minutes
    return f"rate({minutes} minute{'s' if minutes > 1 else ''})"


def _drift_rate(stack: StackResources) -> str:
    minutes = stack.settings.drift_minutes
    return f"rate({minutes} minute{'s' if minutes > 1 else ''})"


def _own(_: StackResources) -> Pattern:
    return {"source": [SOURCE]}


def _gates(_: StackResources) -> Pattern:
    return {"source": [SOURCE], "detail-type": [GatesJudged.__name__]}


def _lets_jobs_in(_: StackResources) -> Pattern:
    """What a job of GitHub Actions may wait for; windows, soaks and alarms come with the schedule."""
    kinds = (GatesJudged, StageFinished, DeploymentFinished, EnvironmentUnfrozen, RollbackFinished)
    return {"source": [SOURCE], "detail-type": [kind.__name__ for kind in kinds]}


def _attested(_: StackResources) -> Pattern:
    """What people decided, and every end."""
    return {"source": [SOURCE], "detail-type": [kind.__name__ for kind in get_args(Attested)]}


def _deployed(_: StackResources) -> Pattern:
    """The ends of deployments that changed something and stayed."""
    return {"source": [SOURCE], "detail-type": [DeploymentFinished.__name__], "detail": {"outcome": ["deployed"]}}


def _unfrozen(_: StackResources) -> Pattern:
    """A restored rollback ends the freeze of an earlier one."""
    return {"source": [SOURCE], "detail-type": [EnvironmentUnfrozen.__name__, RollbackFinished.__name__]}


TRIGGERS: Mapping[str, Trigger] = {
    "upload_sarif": Trigger(_gates, own_bus=True),
    "publish_checks": Trigger(_gates, own_bus=True),
    "import_findings": Trigger(_gates, own_bus=True),
    "build_finished": Trigger(_builds),
    "alarm_changed": Trigger(_alarms),
    "rollout_changed": Trigger(_rollouts),
    "image_pushed": Trigger(_images),
    "execution_ended": Trigger(_executions),
    "unfrozen": Trigger(_unfrozen, own_bus=True),
    "poll_board": Trigger(_work_items_ended, schedule=_poll_rate),
    "notify": Trigger(_own, own_bus=True),
    "publish_status": Trigger(_own, own_bus=True),
    "publish_metrics": Trigger(_own, own_bus=True),
    "publish_version": Trigger(_deployed, own_bus=True),
    "track_incident": Trigger(_own, own_bus=True),
    "attest": Trigger(_attested, own_bus=True),
    "plan_pull_requests": Trigger(schedule=lambda _: _OFTEN),
    "review_jobs": Trigger(schedule=lambda _: _EVERY_MINUTE),
    "reconcile": Trigger(schedule=lambda _: _EVERY_MINUTE),
    "check_drift": Trigger(schedule=_drift_rate),
    "measure_secrets": Trigger(schedule=lambda _: _TWICE_A_DAY),
    "prune_versions": Trigger(schedule=lambda _: _EVERY_DAY),
    "keep_artifacts": Trigger(schedule=lambda _: _EVERY_DAY),
}


# A rule has one bus: what events of the stack's bus invoke beside a schedule, with the end of the rule's name.
BESIDE: Mapping[str, tuple[str, Trigger]] = {
    "plan_pull_requests": ("built", Trigger(_gates, own_bus=True)),
    "review_jobs": ("freed", Trigger(_lets_jobs_in, own_bus=True)),
}

BY_BUILDS = frozenset({"git_token"})
"""The handlers that builds of the worker invoke themselves, and wait for."""


def require_handlers(handlers: Mapping[str, FoundHandler]) -> None:
    """Raise ValueError unless every trigger and route has a handler, and every handler of `events` has one of them."""
    there = {handler.name for handler in handlers.values() if not handler.is_task}
    wanted = {*TRIGGERS, *ROUTES.values(), *console.ROUTES.values(), *BY_BUILDS}
    if wanted - there:
        missing = ", ".join(f"functions/events/{name}.py" for name in sorted(wanted - there))
        raise ValueError(
            f"{missing} is missing: write the handler, or remove it from TRIGGERS (components/platform/triggers.py) "
            "or ROUTES (components/platform/endpoints.py)"
        )
    if there - wanted:
        raise ValueError(
            f"nothing invokes {', '.join(sorted(there - wanted))}: "
            "add it to TRIGGERS (components/platform/triggers.py) "
            "or ROUTES (components/platform/endpoints.py)"
        )


def forwarded(place: Place) -> Callable[[StackResources], Pattern]:
    """The alarm events of another account and region: the other program forwards them to the stack's bus."""
    return lambda stack: {**_alarms(stack), "account": [place.account], "region": [place.region]}
