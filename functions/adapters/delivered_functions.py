"""The Lambda functions that are delivered: publishing a version, moving an alias, reading where it points."""

from typing import TYPE_CHECKING, Any, ClassVar, Self

from functions.domain.environments import Environment
from functions.domain.errors import DeployTargetError
from functions.handler import Allow

if TYPE_CHECKING:
    from functions.runtime import Clients


class DeliveredFunctions:
    """Reached under the environment's deploy role, in its region."""

    SETTINGS: ClassVar[tuple[str, ...]] = ()
    USE: ClassVar[tuple[Allow, ...]] = (Allow(("sts:AssumeRole",), on="deploy-roles"),)

    def __init__(self, aws: "Clients") -> None:
        self._aws = aws

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """Clients are made per environment, when asked."""
        return cls(aws)

    def alias(self, environment: Environment, function: str, alias: str) -> str | None:
        """The version an alias points to; None when there is no such function or alias."""
        client = self._client(environment)
        try:
            version: str = client.get_alias(FunctionName=function, Name=alias)["FunctionVersion"]
        except client.exceptions.ResourceNotFoundException:
            return None
        return version

    def has(self, environment: Environment, function: str, version: str) -> bool:
        """Whether a version is still there to go back to."""
        client = self._client(environment)
        try:
            client.get_function_configuration(FunctionName=function, Qualifier=version)
        except client.exceptions.ResourceNotFoundException:
            return False
        return True

    def publish(self, environment: Environment, function: str, code: bytes, description: str) -> str:
        """Publish code as a version; the same code again is the same version."""
        client = self._client(environment)
        try:
            digest = client.update_function_code(FunctionName=function, ZipFile=code)["CodeSha256"]
        except client.exceptions.ResourceNotFoundException:
            raise DeployTargetError(
                f"{environment.name}: there is no Lambda function {function} in {environment.region}; "
                "create it in the repository's infrastructure part"
            ) from None
        client.get_waiter("function_updated_v2").wait(FunctionName=function, WaiterConfig={"Delay": 1})
        answer = client.publish_version(FunctionName=function, CodeSha256=digest, Description=description[:256])
        return str(answer["Version"])

    def point(self, environment: Environment, function: str, alias: str, version: str) -> None:
        """Point an alias at a version, making the alias when it is new."""
        client = self._client(environment)
        try:
            client.update_alias(FunctionName=function, Name=alias, FunctionVersion=version)
        except client.exceptions.ResourceNotFoundException:
            try:
                client.create_alias(FunctionName=function, Name=alias, FunctionVersion=version)
            except (client.exceptions.ResourceNotFoundException, client.exceptions.ResourceConflictException):
                raise DeployTargetError(
                    f"{environment.name}: the Lambda function {function} has no version {version}; "
                    "it, or the function, was deleted"
                ) from None

    def _client(self, environment: Environment) -> Any:
        return self._aws.client("lambda", region=environment.region, role_arn=environment.deploy_role_arn)
