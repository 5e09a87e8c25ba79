"""IAM's own simulation: may whoever asks do this? Nothing is done (T1)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from cli.aws.operator import OutOfReachError
from functions.runtime import Clients

# Policies that let roles be passed to some services only ask for this; whoever may pass to one may pass to the others.
_PASSED = {
    "ContextKeyName": "iam:PassedToService",
    "ContextKeyValues": ["lambda.amazonaws.com"],
    "ContextKeyType": "string",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """An action that is not allowed on a resource, and by what."""

    action: str
    resource: str
    by: str


@dataclass(frozen=True, slots=True)
class Simulation:
    """The caller and where it calls from; `principal` is "" for the root user, whom no policy binds."""

    aws: Clients
    who: str
    principal: str
    account: str
    region: str
    partition: str

    @classmethod
    def connect(cls) -> Self:
        """Whoever the environment's credentials belong to; no stack is needed."""
        aws = Clients({})
        sts = aws.client("sts")
        identity = sts.get_caller_identity()
        partition, account = identity["Arn"].split(":")[1], identity["Account"]
        principal = _principal(aws, identity["Arn"])
        return cls(aws, identity["Arn"], principal, account, sts.meta.region_name, partition)

    def refused(self, actions: Iterable[str], resource: str) -> Iterator[Refusal]:
        """What the caller may not do with a resource, as its policies, boundary and organisation say."""
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
    """Policies belong to the role, not to its session, and only IAM knows the role's path."""
    kind, *rest = arn.split(":")[5].split("/")
    if kind == "root":
        return ""
    if kind == "user":
        return arn
    if kind != "assumed-role":
        raise OutOfReachError(f"IAM simulates users and roles, and you are {arn}: log in as one of these")
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
