"""The settings that the definition of the workflow `deployment` carries: its environments and repositories."""

import json
from typing import TYPE_CHECKING, ClassVar, Self

from functions.domain.environments import Environment
from functions.domain.owners import Claim
from functions.handler import Allow, decode

if TYPE_CHECKING:
    from functions.runtime import Clients

READ: tuple[Allow, ...] = (Allow(("states:DescribeStateMachine",), on="workflow/deployment"),)


def carried(aws: "Clients", workflow: str) -> tuple[tuple[Environment, ...], tuple[Claim, ...]]:
    """The environments and repositories in the definition of `deployment`, whose ARN is `workflow`.

    The definition of an earlier version has no repositories.
    """
    found = aws.client("stepfunctions").describe_state_machine(stateMachineArn=workflow)
    begin = json.loads(found["definition"])["States"]["Begin"]
    claims = begin.get("Arguments", {}).get("repositories", ())
    environments = begin["Assign"]["environments"]
    return tuple(decode(Environment, one) for one in environments), tuple(decode(Claim, one) for one in claims)


class Carried:
    """The same for a function, read when it is needed."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("DEPLOYMENT_WORKFLOW",)

    def __init__(self, aws: "Clients") -> None:
        self._aws = aws

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """Nothing is read yet."""
        return cls(aws)

    def settings(self) -> tuple[tuple[Environment, ...], tuple[Claim, ...]]:
        """The environments and repositories of this stack."""
        return carried(self._aws, self._aws.setting("DEPLOYMENT_WORKFLOW"))
