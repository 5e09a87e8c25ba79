"""Delivered Lambda functions: publishing versions, and reading and moving aliases."""

from typing import TYPE_CHECKING, Any, ClassVar, Self

from functions.domain.environments import Environment
from functions.domain.errors import DeployTargetError
from functions.handler import Allow

if TYPE_CHECKING:
    from functions.runtime import Clients


class DeliveredFunctions:
    """Functions are read and changed under the environment's deploy role, in its region."""

    SETTINGS: ClassVar[tuple[str, ...]] = ()
    USE: ClassVar[tuple[Allow, ...]] = (Allow(("sts:AssumeRole",), on="deploy-roles"),)

    def __init__(self, aws: "Clients") -> None:
        self._aws = aws

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The client of an environment is created when it is first used."""
        return cls(aws)

    def alias(self, environment: Environment, function: str, alias: str) -> str | None:
        """The version to which an alias points; None if the function or the alias does not exist."""
        client = self._client(environment)
        try:
            version: str = client.get_alias(FunctionName=function, Name=alias)["FunctionVersion"]
        except client.exceptions.ResourceNotFoundException:
            return None
        return version

    def has(self, environment: Environment, function: str, version: str) -> bool:
        """Whether a version of a function exists."""
        client = self._client(environment)
        try:
            client.get_function_configuration(FunctionName=function, Qualifier=version)
        except client.exceptions.ResourceNotFoundException:
            return False
        return True

    def publish(self, environment: Environment, function: str, code: bytes, description: str) -> str:
        """Publish code (a zip archive) as a version and return the version; unchanged code keeps its version.

        A missing function is a DeployTargetError.
        """
        client = self._client(environment)
        try:
            digest = client.update_function_code(FunctionName=function, ZipFile=code)["CodeSha256"]
        except client.exceptions.ResourceNotFoundException:
            raise DeployTargetError(
                f"{environment.name}: the Lambda function {function} does not exist in {environment.region}; "
                "create it in the repository's infrastructure part"
            ) from None
        client.get_waiter("function_updated_v2").wait(FunctionName=function, WaiterConfig={"Delay": 1})
        answer = client.publish_version(FunctionName=function, CodeSha256=digest, Description=description[:256])
        return str(answer["Version"])

    def point(self, environment: Environment, function: str, alias: str, version: str) -> None:
        """Point an alias to a version; the alias is created if needed. A missing version is a DeployTargetError."""
        client = self._client(environment)
        try:
            client.update_alias(FunctionName=function, Name=alias, FunctionVersion=version)
        except client.exceptions.ResourceNotFoundException:
            try:
                client.create_alias(FunctionName=function, Name=alias, FunctionVersion=version)
            except (client.exceptions.ResourceNotFoundException, client.exceptions.ResourceConflictException):
                raise DeployTargetError(
                    f"{environment.name}: the version {version} of the Lambda function {function} does not exist; "
                    "it was deleted, or the function was: start the deployment again"
                ) from None

    def _client(self, environment: Environment) -> Any:
        return self._aws.client("lambda", region=environment.region, role_arn=environment.deploy_role_arn)
