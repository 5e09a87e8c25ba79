"""The IAM policies for people: what an operator, an approver, and who only reads, may do in a stack.

An administrator attaches them. None may start a stage, read a secret or complete a wait: what a stage changes is what
its deployment recorded. An operator does not approve, and an approver starts nothing.
"""

from collections.abc import Mapping
from typing import Any

import pulumi

from components.functions.resources import StackResources
from components.platform.console import open_grants
from components.stack.naming import Grant
from components.stack.role import document, statement
from statemachines.definitions import WORKFLOWS

_EXECUTION = "an execution's ARN ends in its name"
# A task token is of use only with one of these actions, whoever has seen it.
_TOKENS = ("states:SendTaskFailure", "states:SendTaskHeartbeat", "states:SendTaskSuccess")


def reader_grants(stack: StackResources) -> list[Grant]:
    """What `kiro-worker status`, `history`, `locks` and `items` read, and what `kiro-worker open` needs."""
    naming, storage = stack.naming, stack.storage
    workflows = tuple(naming.workflow_arn(workflow) for workflow in WORKFLOWS)
    executions = tuple(naming.executions_arn(workflow) for workflow in WORKFLOWS)
    return [
        Grant(
            ("dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan"),
            (storage.deployments.arn, storage.environments.arn, storage.locks.arn),
        ),
        Grant(
            ("dynamodb:Query",),
            tuple(
                pulumi.Output.concat(storage.deployments.arn, f"/index/{name}")
                for name in ("EnvironmentStatusIndex", "StartedIndex")
            ),
        ),
        Grant(("dynamodb:Query",), (pulumi.Output.concat(storage.work_items.arn, "/index/StateIndex"),)),
        Grant(("states:DescribeStateMachine", "states:ListExecutions"), workflows),
        Grant(("states:DescribeExecution",), executions, why=_EXECUTION),
        Grant(
            ("cloudwatch:DescribeAlarms",),
            ("*",),
            why="DescribeAlarms returns composite alarms only if it is allowed for all alarms",
        ),
        *open_grants(stack),
    ]


def operator_grants(stack: StackResources) -> list[Grant]:
    """What the other commands of an operator need, but for those that set a stack up or remove something for good.

    A freeze or a pin writes two attributes and no version; a rollback writes records of its own, which have its name.
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-conditions.html
    """
    naming, storage = stack.naming, stack.storage
    executions = tuple(naming.executions_arn(workflow) for workflow in WORKFLOWS)
    # Of freezes and pins.
    held = {"dynamodb:Attributes": ["environment", "part", "frozen", "unfrozen", "pin", "ended"]}
    told = ["EnvironmentFrozen", "EnvironmentUnfrozen", "PartsPinned", "PartsUnpinned"]
    events = {"events:source": ["kiro.pipeline"], "events:detail-type": told}
    return [
        *reader_grants(stack),
        Grant(("states:GetExecutionHistory", "states:StopExecution"), executions, why=_EXECUTION),
        Grant(("states:StartExecution",), (naming.workflow_arn("deployment"), naming.workflow_arn("rollback"))),
        Grant(("dynamodb:GetItem",), (storage.waits.arn,)),
        Grant(
            ("dynamodb:Query",),
            tuple(pulumi.Output.concat(storage.waits.arn, f"/index/{one}") for one in ("ExecutionIndex", "OpenIndex")),
        ),
        Grant(
            ("s3:GetObject",),
            tuple(pulumi.Output.concat(storage.bucket.arn, f"/{prefix}/*") for prefix in ("provenance", "builds")),
            why="the evidence of any release, and the reports in its artifact",
        ),
        Grant(("kms:Decrypt",), (stack.key_arn,)),
        Grant(("kms:GetPublicKey",), (stack.signing.arn,)),
        Grant(("dynamodb:UpdateItem",), (storage.environments.arn,), condition=_only("StringEquals", held)),
        Grant(
            ("dynamodb:UpdateItem",),
            (storage.deployments.arn,),
            condition=_only("StringLike", {"dynamodb:LeadingKeys": ["rollback-*"]}),
        ),
        Grant(("events:PutEvents",), (stack.channels.bus.arn,), condition=_only("StringEquals", events)),
    ]


def approver_grants(stack: StackResources) -> list[Grant]:
    """What `approvals`, `approve` and `reject` need; the function that decides compares the caller's identity.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-access-control-iam.html
    """
    decision = pulumi.Output.concat(stack.api_arn, "/$default/POST/approvals/*/decision")
    return [
        *reader_grants(stack),
        Grant(("dynamodb:Query",), (pulumi.Output.concat(stack.storage.waits.arn, "/index/OpenIndex"),)),
        Grant(("lambda:GetFunctionConfiguration",), (stack.naming.function_arn("stage-request-approval"),)),
        Grant(("execute-api:Invoke",), (decision,), why="the id of a request is part of the path"),
    ]


def _only(operator: str, allowed: Mapping[str, list[str]]) -> dict[str, Any]:
    """The condition that a request has these keys, and no other values of them.

    `ForAllValues` holds for a request without the key, too; `Null` demands that it is there.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition_examples-multi-valued-context-keys.html
    """
    return {f"ForAllValues:{operator}": dict(allowed), "Null": dict.fromkeys(allowed, "false")}


def policy(holder: str, grants: list[Grant]) -> pulumi.Output[str]:
    """The grants as a policy document, with the denial of what a token could be used for."""
    denial: dict[str, Any] = {"Effect": "Deny", "Action": list(_TOKENS), "Resource": "*"}
    return document([*(statement(holder, grant) for grant in grants), denial])
