"""One IAM role: its trust policy, and one inline policy in which each wildcard has a reason (I6)."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi_aws import iam

from components.stack.naming import BroadGrant, Grant, Naming

# These services send aws:SourceAccount when they assume a role. Lambda does not: the condition would lock it out.
_SEND_SOURCE_ACCOUNT = ("states.amazonaws.com", "codebuild.amazonaws.com")


class Role(pulumi.ComponentResource):
    """A role with its trust and its policy; `arn` is known only after the policy is attached."""

    arn: pulumi.Output[str]
    name: str

    def __init__(
        self,
        name: str,
        *,
        naming: Naming,
        trust: Mapping[str, pulumi.Input[Any]],
        grants: Sequence[Grant],
        managed_policies: Sequence[str] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("kiro:index:Role", name, None, opts)
        self.name = naming.name(name)
        inner = pulumi.ResourceOptions(parent=self)
        made = iam.Role(name, name=self.name, assume_role_policy=document([_trusting(trust, naming)]), opts=inner)
        # A policy needs a statement: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
        text = [policy_text(self.name, naming, grants)] if grants else []
        policies = [iam.RolePolicy(name, name=self.name, role=made.name, policy=one, opts=inner) for one in text]
        for managed in managed_policies:
            attached = f"{name}-{managed.rsplit('/', 1)[-1]}"
            iam.RolePolicyAttachment(attached, role=made.name, policy_arn=managed, opts=inner)
        # Resources with this role wait for its policy: a state machine's creation tests the permission to log.
        self.arn = pulumi.Output.all(made.arn, *(one.id for one in policies)).apply(lambda known: str(known[0]))
        self.register_outputs({"arn": self.arn})


def policy_text(holder: str, naming: Naming, grants: Sequence[Grant]) -> pulumi.Output[str]:
    """The grants as a policy document; each wildcard is collected in `naming`, or is a ValueError without a reason."""
    for grant in grants:
        wild = [action for action in grant.actions if "*" in action]
        if wild:
            raise ValueError(f"{holder}: {', '.join(wild)} is a wildcard; name the actions that are needed")
        if grant.why:
            naming.broad_grants.append(BroadGrant(holder, grant.actions, grant.why))
    return document([statement(holder, grant) for grant in grants])


def document(statements: Sequence[pulumi.Input[Mapping[str, Any]]]) -> pulumi.Output[str]:
    """A policy document of statements that may hold outputs."""
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": list(statements)})


def statement(holder: str, grant: Grant) -> pulumi.Output[dict[str, Any]]:
    """The grant as a statement of the policy of `holder`; a wildcard without a reason is a ValueError."""
    return pulumi.Output.all(*grant.resources).apply(lambda arns: _statement(holder, grant, arns))


def _statement(holder: str, grant: Grant, arns: Sequence[str]) -> dict[str, Any]:
    wild = [arn for arn in arns if "*" in arn]
    if wild and not grant.why:
        raise ValueError(f"{holder}: {', '.join(grant.actions)} on {wild[0]} needs a reason for its wildcard (why)")
    statement = {"Effect": "Allow", "Action": list(grant.actions), "Resource": list(arns)}
    return {**statement, "Condition": grant.condition} if grant.condition else statement


def _trusting(trust: Mapping[str, pulumi.Input[Any]], naming: Naming) -> dict[str, Any]:
    """Services may assume the role for this account only (the confused deputy problem), if they send the account."""
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": dict(trust), "Action": "sts:AssumeRole"}
    if trust.get("Service") in _SEND_SOURCE_ACCOUNT:
        statement["Condition"] = {"StringEquals": {"aws:SourceAccount": naming.account}}
    return statement
