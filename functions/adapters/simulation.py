"""IAM's own simulation: may whoever asks do this? Nothing is done (T1)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Self

from functions.adapters.operator import OutOfReachError
from functions.runtime import Clients


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
        for page in pages.paginate(
            PolicySourceArn=self.principal, ActionNames=sorted(actions), ResourceArns=[resource]
        ):
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


def _by(result: dict[str, object]) -> str:
    if result.get("OrganizationsDecisionDetail") == {"AllowedByOrganizations": False}:
        return "the organisation"
    if result.get("PermissionsBoundaryDecisionDetail") == {"AllowedByPermissionsBoundary": False}:
        return "the permissions boundary"
    return "a policy that denies it" if result["EvalDecision"] == "explicitDeny" else "no policy allows it"
