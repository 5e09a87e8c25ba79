"""Roles of the tasks, and of ECS itself."""

import json
from typing import NamedTuple

import pulumi
from pulumi_aws import iam

_MANAGED = "arn:aws:iam::aws:policy"


class Roles(NamedTuple):
    """ARNs: what starts tasks, what the code in them may do (nothing in AWS), and what shifts requests for ECS."""

    execution: pulumi.Output[str]
    task: pulumi.Output[str]
    shifts: pulumi.Output[str]


def roles(name: str, secret: pulumi.Output[str]) -> Roles:
    """Create the roles; the first may read the password of the database only.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/AmazonECSInfrastructureRolePolicyForLoadBalancers.html
    """
    execution = _role(f"{name}-execution", "ecs-tasks.amazonaws.com")
    _attach(f"{name}-execution", execution, f"{_MANAGED}/service-role/AmazonECSTaskExecutionRolePolicy")
    statement = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": secret}
    policy = pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.RolePolicy(f"{name}-password", role=execution.name, policy=policy)
    task = _role(f"{name}-task", "ecs-tasks.amazonaws.com")
    shifts = _role(f"{name}-shifts", "ecs.amazonaws.com")
    _attach(f"{name}-shifts", shifts, f"{_MANAGED}/AmazonECSInfrastructureRolePolicyForLoadBalancers")
    return Roles(execution.arn, task.arn, shifts.arn)


def _role(name: str, service: str) -> iam.Role:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return iam.Role(name, name=name, assume_role_policy=trust)


def _attach(name: str, role: iam.Role, policy: str) -> None:
    iam.RolePolicyAttachment(name, role=role.name, policy_arn=policy)
