"""One state machine: its rendered definition, and a role that may invoke its own functions only."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pulumi
from pulumi_aws import sfn

from components.functions.python_function import PythonFunction
from components.functions.resources import StackResources
from components.platform.projects import BUILD
from components.platform.worker import BUILDSPEC, WORKER_BUILD
from components.stack.logs import log_group
from components.stack.naming import Grant, Naming
from components.stack.role import Role
from functions.domain import budgets
from functions.domain.windows import LOOK_AHEAD_DAYS
from functions.handler import encode
from statemachines import definitions, policies

# A stage may wait for a soak, a window, an approval, an unfreeze (and for the window again after each), a review and
# the lock, then build and roll back.
_LONGEST_QUEUE_SECONDS, _STAGE_WORK_SECONDS = 8 * 3600, 4 * 3600
# The work of a rollback, and the wait of a build for a place in the account's build queue.
_ROLLBACK_SECONDS = 3600 + budgets.QUEUE * 60
# Step Functions needs this rule to learn that a nested execution ended; its name is fixed by AWS.
# https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html
_NESTED_RULE = "rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"
_NESTED = {"StageWorkflow": "stage", "RollbackWorkflow": "rollback", "EnhancedWatchWorkflow": "enhanced_watch"}
_LOGS = Grant(
    (
        "logs:CreateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:DescribeLogGroups",
        "logs:DescribeResourcePolicies",
        "logs:GetLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:UpdateLogDelivery",
    ),
    ("*",),
    why="CloudWatch Logs has no resource-level permission for log delivery",
)
_TRACE = Grant(
    ("xray:GetSamplingRules", "xray:GetSamplingTargets", "xray:PutTelemetryRecords", "xray:PutTraceSegments"),
    ("*",),
    why="X-Ray has no resource-level permission for sampling and writing traces",
)


class Workflow(pulumi.ComponentResource):
    """A workflow of `statemachines/` with the functions of its handlers; its log contains errors, but no data.

    It calls versions of functions and of the workflows in `nested`: what an execution calls is fixed when it begins.
    """

    arn: pulumi.Output[str]
    version_arn: pulumi.Output[str]
    name: str
    role: Role

    def __init__(
        self,
        workflow: str,
        *,
        stack: StackResources,
        functions: Mapping[str, PythonFunction],
        nested: Mapping[str, "Workflow"],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("kiro:index:Workflow", workflow, None, opts)
        inner = pulumi.ResourceOptions(parent=self)
        thing = workflow.replace("_", "-")
        self.name = stack.naming.name(thing)
        called = {state: functions[module] for state, module in definitions.tasks(workflow).items()}
        self.role = Role(
            thing,
            naming=stack.naming,
            trust={"Service": "states.amazonaws.com"},
            grants=list(
                workflow_grants(workflow, [one.arn for one in called.values()], stack.channels.bus.arn, stack.naming)
            ),
            opts=inner,
        )
        logs = log_group(
            thing,
            # CloudWatch adds log groups outside this path to a resource policy, whose size is limited.
            f"/aws/vendedlogs/states/{self.name}",
            key_arn=stack.key_arn,
            retention_days=stack.settings.log_retention_days,
            opts=inner,
        )
        machine = sfn.StateMachine(
            thing,
            name=self.name,
            role_arn=self.role.arn,
            definition=_rendered(workflow, called, nested, stack),
            publish=True,
            logging_configuration=sfn.StateMachineLoggingConfigurationArgs(
                level="ERROR", include_execution_data=False, log_destination=pulumi.Output.concat(logs.arn, ":*")
            ),
            tracing_configuration=sfn.StateMachineTracingConfigurationArgs(enabled=True),
            opts=inner,
        )
        self.arn, self.version_arn = machine.arn, machine.state_machine_version_arn
        self.register_outputs({"arn": self.arn})


def _rendered(
    workflow: str, called: Mapping[str, PythonFunction], nested: Mapping[str, Workflow], stack: StackResources
) -> pulumi.Output[str]:
    backstops, longest = stack.settings.backstops, max(_stage_seconds(stack))
    values: dict[str, pulumi.Input[Any]] = {
        "Environments": encode(stack.environments()),
        "Repositories": encode(stack.settings.github.claims()),
        "EventBus": stack.channels.bus.name,
        "BuildProject": stack.naming.name(BUILD),
        **{placeholder: nested[name].version_arn for placeholder, name in nested_workflows(workflow).items()},
        "StageTimeoutSeconds": longest,
        "RollbackTimeoutSeconds": _ROLLBACK_SECONDS,
        **_worker_values(stack),
        **policies.waits(
            build=backstops.build_seconds,
            approval=backstops.approval_seconds,
            lock=backstops.lock_seconds,
            watch=backstops.watch_seconds,
            enhanced=backstops.enhanced_seconds,
            unfreeze=backstops.unfreeze_seconds,
            worker_minutes=stack.settings.worker.build_minutes,
            longest_approval=max(one.approval_timeout_seconds for one in stack.settings.environments),
            longest_freeze=max(int(one.freeze_wait_days * 86_400) for one in stack.settings.environments),
        ),
        **{state: function.version_arn for state, function in called.items()},
    }
    definition = definitions.load(workflow)
    return pulumi.Output.all(**values).apply(lambda known: json.dumps(definitions.render(definition, known), indent=2))


def nested_workflows(workflow: str) -> dict[str, str]:
    """The workflows that a workflow starts, by placeholder."""
    return {
        placeholder: name for placeholder, name in _NESTED.items() if placeholder in definitions.placeholders(workflow)
    }


def depth(workflow: str) -> int:
    """How deep the workflows that it starts are nested; 0 if it starts none. A workflow is made after those."""
    return 1 + max(map(depth, nested_workflows(workflow).values()), default=-1)


def _worker_values(stack: StackResources) -> dict[str, pulumi.Input[Any]]:
    """The placeholders for the build of a work item."""
    return {
        "StackName": stack.naming.stack,
        "WorkerProject": stack.naming.name(WORKER_BUILD),
        "WorkerProgram": stack.worker.program,
        "WorkerBuildspec": BUILDSPEC.read_text("utf-8"),
        "WorkerMinutes": stack.settings.worker.build_minutes,
    }


def _stage_seconds(stack: StackResources) -> Iterator[int]:
    """The longest duration of a stage, for each environment."""
    soak = max(one.soak_minutes for one in stack.settings.environments)
    for one in stack.settings.environments:
        closed = (3 * LOOK_AHEAD_DAYS if one.windows or one.freezes else 0) + one.freeze_wait_days
        waits = 2 * one.approval_timeout_seconds + 60 * soak
        yield int(closed * 86_400) + waits + one.watch_seconds + _LONGEST_QUEUE_SECONDS + _STAGE_WORK_SECONDS


def workflow_grants(
    workflow: str, called: Iterable[pulumi.Input[str]], bus_arn: pulumi.Input[str], naming: Naming
) -> Iterator[Grant]:
    """A workflow's permissions: to invoke its functions, put events, and start and follow nested workflows."""
    yield Grant(
        ("lambda:InvokeFunction",),
        tuple(one for arn in called for one in (arn, pulumi.Output.concat(arn, ":*"))),
        why="versions of these functions only: an execution calls the versions with which it began",
    )
    yield Grant(("events:PutEvents",), (bus_arn,))
    names = sorted(nested_workflows(workflow).values())
    if names:
        # Step Functions authorizes the use of a version by the ARN of its state machine.
        # https://docs.aws.amazon.com/step-functions/latest/dg/auth-version-alias.html
        yield Grant(("states:StartExecution",), tuple(naming.workflow_arn(name) for name in names))
        yield Grant(
            ("states:DescribeExecution", "states:StopExecution"),
            tuple(naming.executions_arn(name) for name in names),
            why="the ARN of an execution ends in its name, which is known only when it starts",
        )
        yield Grant(
            ("events:DescribeRule", "events:PutRule", "events:PutTargets"), (naming.arn("events", _NESTED_RULE),)
        )
    yield _LOGS
    yield _TRACE
