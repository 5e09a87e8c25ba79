"""A task of a state machine needs permissions of the state machine's role; ministack evaluates those of functions only.

Not evaluated: what Step Functions does beside its tasks (deliver logs, write traces, stop nested executions).
"""

import contextvars
from collections.abc import Callable, Iterator
from typing import Any

from ministack.core import iam_evaluator
from ministack.services import stepfunctions

from local.strict.arns import of_the_machine
from local.strict.around import Answer, around

# The role of the state machine whose task this thread runs.
_MACHINE_ROLE: contextvars.ContextVar[str] = contextvars.ContextVar("role of the state machine", default="")
# What a nested execution with `.sync` needs to learn of its end.
# https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html
NESTED_RULE = "rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"
FOLLOWED = ("events:PutTargets", "events:PutRule", "events:DescribeRule")


@around(stepfunctions, "_execute_task")
def take_the_role(original: Callable[..., Answer], state: Any, given: Any, execution: Any, context: Any) -> Answer:
    """A task has the permissions of its state machine's role."""
    machine = stepfunctions._state_machines.get(execution["stateMachineArn"]) or {}
    _MACHINE_ROLE.set(machine.get("roleArn", ""))
    return original(state, given, execution, context)


@around(stepfunctions, "_invoke_resource")
def demand_of_the_machine(original: Callable[..., Answer], resource: str, given: Any) -> Answer:
    """Refuse a task for which the state machine's role has no permission."""
    _demand(resource, given)
    return original(resource, given)


@around(stepfunctions, "_invoke_with_callback")
def demand_of_the_machine_too(original: Callable[..., Answer], resource: str, given: Any, *more: Any) -> Answer:
    """The same for a task that waits for its token."""
    _demand(resource, given)
    return original(resource, given, *more)


def _demand(resource: str, given: Any) -> None:
    """States.Permissions: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html."""
    arn = _MACHINE_ROLE.get()
    if not arn:
        return  # the state machine was deleted while its last execution runs
    account, role = arn.split(":")[4], arn.rpartition("/")[2]
    policies = iam_evaluator._gather_role_policies(role, account)
    for action, of in _needed(resource, given, f"{stepfunctions.get_region()}:{account}"):
        context = iam_evaluator.EvalContext(
            principal_arn=f"arn:aws:sts::{account}:assumed-role/{role}/execution",
            principal_type="AssumedRole",
            principal_account=account,
            action=action,
            resource_arn=of,
            region=stepfunctions.get_region(),
        )
        if iam_evaluator.evaluate(context, policies).decision != "Allow":
            message = f"User: {context.principal_arn} is not authorized to perform: {action} on resource: {of}"
            raise stepfunctions._ExecutionError("States.Permissions", message)


def _needed(resource: str, given: Any, owner: str) -> Iterator[tuple[str, str]]:
    """The actions of a task with their resources; `owner` is region and account."""
    if "states:::lambda:invoke" in resource:
        name = given["FunctionName"]
        yield "lambda:InvokeFunction", name if name.startswith("arn:") else f"arn:aws:lambda:{owner}:function:{name}"
    elif ":lambda:" in resource:
        yield "lambda:InvokeFunction", resource
    elif "states:::states:startExecution" in resource:
        machine = of_the_machine(given["StateMachineArn"])
        yield "states:StartExecution", machine
        if ".sync" in resource:
            execution = machine.replace(":stateMachine:", ":execution:")
            yield "states:DescribeExecution", f"{execution}:{given.get('Name', 'any')}"
            yield from ((action, f"arn:aws:events:{owner}:{NESTED_RULE}") for action in FOLLOWED)
    elif "states:::events:putEvents" in resource:
        for entry in given["Entries"]:
            yield "events:PutEvents", f"arn:aws:events:{owner}:event-bus/{entry.get('EventBusName', 'default')}"
