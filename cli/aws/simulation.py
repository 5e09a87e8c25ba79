"""IAM policy simulation: whether the caller may do something, without doing it (T1)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from cli.aws.caller import caller
from cli.aws.operator import OutOfReachError
from functions.domain.values import Value
from functions.runtime import Clients

# Policies that limit `iam:PassRole` to some services read this key. One of the services has to stand for all.
_PASSED = {
    "ContextKeyName": "iam:PassedToService",
    "ContextKeyValues": ["lambda.amazonaws.com"],
    "ContextKeyType": "string",
}


class Refusal(Value, frozen=True):
    """An action that is not allowed on a resource; `by` says what denies it."""

    action: str
    resource: str
    by: str


@dataclass(frozen=True, slots=True)
class Simulation:
    """The caller, its account and region; `principal` is the ARN to simulate, "" for the root user (no policies)."""

    aws: Clients
    who: str
    principal: str
    account: str
    region: str
    partition: str

    @classmethod
    def connect(cls) -> Self:
        """The caller that the environment's credentials belong to; works without a stack."""
        aws, (region, identity) = Clients({}), caller()
        partition, account = identity["Arn"].split(":")[1], identity["Account"]
        principal = _principal(aws, identity["Arn"])
        return cls(aws, identity["Arn"], principal, account, region, partition)

    def refused(self, actions: Iterable[str], resource: str) -> Iterator[Refusal]:
        """The actions on a resource that the caller's policies, boundary or organisation do not allow."""
        if not self.principal:
            return
        pages = self.aws.client("iam").get_paginator("simulate_principal_policy")
        question = {
            "PolicySourceArn": self.principal,
            "ActionNames": sorted(actions),
            "ResourceArns": [resource],
            "ContextEntries": [_PASSED],
        }
        for page in pages.paginate(**question):
            for one in page["EvaluationResults"]:
                if one["EvalDecision"] != "allowed":
                    yield Refusal(one["EvalActionName"], resource, _by(one))


def _principal(aws: Clients, arn: str) -> str:
    """The ARN of the user or role; a session's ARN lacks the path of its role, so IAM is queried."""
    kind, *rest = arn.split(":")[5].split("/")
    if kind == "root":
        return ""
    if kind == "user":
        return arn
    if kind != "assumed-role":
        raise OutOfReachError(f"IAM simulates users and roles only, not {arn}: log in as a user or with a role")
    found: str = aws.client("iam").get_role(RoleName=rest[0])["Role"]["Arn"]
    return found


def _by(result: Mapping[str, Any]) -> str:
    if result.get("OrganizationsDecisionDetail") == {"AllowedByOrganizations": False}:
        return "the organisation"
    if result.get("PermissionsBoundaryDecisionDetail") == {"AllowedByPermissionsBoundary": False}:
        return "the permissions boundary"
    if result["EvalDecision"] == "explicitDeny":
        return "a policy that denies it"
    missing = {
        key
        for one in (result, *result.get("ResourceSpecificResults", ()))
        for key in one.get("MissingContextValues", ())
    }
    return (
        f"a condition on {', '.join(sorted(missing))}, which only a real call can meet"
        if missing
        else "no policy allows it"
    )
