"""Resources of an AWS service in an environment: read under its read role, changed under its deploy role."""

from typing import TYPE_CHECKING, Any, ClassVar, Self

from functions.domain.environments import Environment
from functions.handler import Allow

if TYPE_CHECKING:
    from functions.runtime import Clients


class InEnvironments:
    """`SERVICE` is the service's name in the SDK; its clients work in the environment's region."""

    SERVICE: ClassVar[str]
    SETTINGS: ClassVar[tuple[str, ...]] = ()
    READ: ClassVar[tuple[Allow, ...]] = (Allow(("sts:AssumeRole",), on="read-roles"),)
    CHANGE: ClassVar[tuple[Allow, ...]] = (Allow(("sts:AssumeRole",), on="deploy-roles"),)

    def __init__(self, aws: "Clients") -> None:
        self._aws = aws

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The client of an environment is created when it is first used."""
        return cls(aws)

    def _reader(self, environment: Environment) -> Any:
        return self._aws.client(self.SERVICE, region=environment.region, role_arn=environment.read_role_arn)

    def _changer(self, environment: Environment) -> Any:
        return self._aws.client(self.SERVICE, region=environment.region, role_arn=environment.deploy_role_arn)
