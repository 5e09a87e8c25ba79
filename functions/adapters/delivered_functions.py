"""Delivered Lambda functions: publishing versions, and reading and moving aliases."""

from base64 import b64decode
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Any

from msgspec import field

from functions.adapters.in_environments import InEnvironments
from functions.domain.environments import Environment
from functions.domain.errors import DeployTargetError
from functions.domain.values import Value

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: of a zip archive in a call
DIRECT_BYTES = 50 * 1024 * 1024
# Of a function's versions, beside those that records and aliases name; the others are deleted some at a time.
_NEWEST, _MOST_DELETED = 10, 20
_SHARES = "AdditionalVersionWeights"
# An update takes seconds; ApplyService has four minutes for all of it.
_CONFLICTS = 5
_LOOK = {"Delay": 1, "MaxAttempts": 60}


class Pointer(Value, frozen=True):
    """The version to which an alias points, and the shares (0 to 1) of requests that meet other versions."""

    version: str
    shares: dict[str, float] = field(default_factory=dict)


class Kept(Value, frozen=True):
    """An object in S3."""

    region: str
    bucket: str
    key: str


Keep = Callable[[bytes], Kept]
"""Stores bytes in S3; the same bytes have the same key."""


class DeliveredFunctions(InEnvironments):
    """Functions of Lambda."""

    SERVICE = "lambda"

    def alias(self, environment: Environment, function: str, alias: str) -> Pointer | None:
        """Where an alias points; None if the function or the alias does not exist."""
        client = self._reader(environment)
        try:
            found = client.get_alias(FunctionName=function, Name=alias)
        except client.exceptions.ResourceNotFoundException:
            return None
        return Pointer(found["FunctionVersion"], dict((found.get("RoutingConfig") or {}).get(_SHARES) or {}))

    def digest(self, environment: Environment, function: str, version: str) -> str:
        """The SHA-256 of the package of a version, in hexadecimal; "" if the version does not exist.

        https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html
        """
        client = self._reader(environment)
        try:
            found = client.get_function_configuration(FunctionName=function, Qualifier=version)
        except client.exceptions.ResourceNotFoundException:
            return ""
        return b64decode(found["CodeSha256"]).hex()

    def publish(self, environment: Environment, function: str, code: bytes, description: str, keep: Keep) -> str:
        """Publish code (a zip archive) as a version and return the version, once it can be called.

        Code and configuration that are unchanged since the last version keep it. Code that is too large for a call is
        kept in the artifacts bucket, from which Lambda reads it. A missing function, and one whose update fails, is a
        DeployTargetError.
        """
        client = self._changer(environment)
        source = {"ZipFile": code} if len(code) <= DIRECT_BYTES else self._kept(environment, function, code, keep)
        try:
            changed = _once_idle(client, function, lambda: client.update_function_code(FunctionName=function, **source))
        except client.exceptions.ResourceNotFoundException:
            raise DeployTargetError(
                f"{environment.name}: the Lambda function {function} does not exist in {environment.region}; "
                "create it in the repository's infrastructure part"
            ) from None
        _await(client, "function_updated_v2", FunctionName=function)
        wanted = {"FunctionName": function, "CodeSha256": changed["CodeSha256"], "Description": description[:256]}
        version = str(_once_idle(client, function, lambda: client.publish_version(**wanted))["Version"])
        _await(client, "published_version_active", FunctionName=function, Qualifier=version)
        return version

    def point(self, environment: Environment, function: str, alias: str, version: str) -> None:
        """Point an alias to a version, for all requests; the alias is created if needed.

        Shares of other versions are cleared: an update without a routing configuration keeps them. A missing version
        is a DeployTargetError.
        """
        client = self._changer(environment)
        wanted = {"FunctionName": function, "Name": alias, "FunctionVersion": version}
        try:
            _once_idle(client, function, lambda: client.update_alias(**wanted, RoutingConfig={_SHARES: {}}))
        except client.exceptions.ResourceNotFoundException:
            try:
                client.create_alias(**wanted)
            except (client.exceptions.ResourceNotFoundException, client.exceptions.ResourceConflictException):
                raise DeployTargetError(
                    f"{environment.name}: the version {version} of the Lambda function {function} does not exist; "
                    "it was deleted, or the function was: start the deployment again"
                ) from None

    def split(self, environment: Environment, function: str, alias: str, version: str, share: float) -> None:
        """Let a share (0 to 1) of the requests to an alias meet another version; its own version meets the rest.

        Shares of further versions are cleared: an alias has two versions at most. Versions between which AWS splits no
        requests are a DeployTargetError: https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html
        """
        client = self._changer(environment)
        wanted = {"FunctionName": function, "Name": alias, "RoutingConfig": {_SHARES: {version: share}}}
        try:
            _once_idle(client, function, lambda: client.update_alias(**wanted))
        except client.exceptions.InvalidParameterValueException as error:
            raise DeployTargetError(
                f"{environment.name}: the alias {alias} of the Lambda function {function} can't split its requests "
                f"with version {version}: {error.response['Error']['Message']}. AWS splits them between published "
                "versions with the same execution role and dead-letter queue only: leave `steps` out of delivery.yml "
                "for the release that changes these"
            ) from None

    def prune(self, environment: Environment, function: str, keep: Collection[str]) -> list[str]:
        """Delete old versions but the newest ten and those to `keep`; returns their numbers.

        A region takes 75 GB of code, and each release adds a version. A version that an alias names is not deleted, nor
        is one that the deploy role may not delete: neither stops a release.
        https://docs.aws.amazon.com/lambda/latest/api/API_DeleteFunction.html
        """
        client = self._changer(environment)
        pages = client.get_paginator("list_versions_by_function").paginate(FunctionName=function)
        try:
            numbers = sorted(
                int(one["Version"]) for page in pages for one in page["Versions"] if one["Version"].isdigit()
            )
            old = [str(number) for number in numbers[:-_NEWEST] if str(number) not in keep]
            deleted = []
            for number in old[:_MOST_DELETED]:
                with suppress(client.exceptions.ResourceConflictException, client.exceptions.ResourceNotFoundException):
                    client.delete_function(FunctionName=function, Qualifier=number)
                    deleted.append(number)
        except client.exceptions.ClientError as error:
            if error.response["Error"]["Code"] not in ("AccessDenied", "AccessDeniedException"):
                raise
            return []
        return deleted

    def _kept(self, environment: Environment, function: str, code: bytes, keep: Keep) -> dict[str, str]:
        """Where Lambda reads code that is too large for a call: in a bucket of the function's region."""
        kept = keep(code)
        if kept.region != environment.region:
            raise DeployTargetError(
                f"{environment.name}: the code of the Lambda function {function} has {len(code)} bytes; Lambda takes "
                f"more than {DIRECT_BYTES} from a bucket in its own region {environment.region} only, and the "
                f"artifacts bucket is in {kept.region}: make it smaller, for example with a layer"
            )
        return {"S3Bucket": kept.bucket, "S3Key": kept.key}


def _once_idle(client: Any, function: str, change: Callable[[], Any]) -> Any:
    """Make a change, again after each other update of the function that is in progress.

    The infrastructure part, or a person, may have begun one: https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
    """
    for _ in range(_CONFLICTS):
        with suppress(client.exceptions.ResourceConflictException):
            return change()
        with suppress(DeployTargetError):  # the other update failed: this one may succeed
            _await(client, "function_updated_v2", FunctionName=function)
    return change()


def _await(client: Any, waiter: str, **what: str) -> None:
    """Wait until an update has ended or a version can be called; a DeployTargetError if that fails or takes long."""
    try:
        client.get_waiter(waiter).wait(**what, WaiterConfig=_LOOK)
    except Exception as error:
        found: Any = getattr(error, "last_response", None)  # of a WaiterError, a class of the SDK
        if found is None:
            raise
        answer = found.get("Configuration", found)
        reason = answer.get("LastUpdateStatusReason") or answer.get("StateReason") or str(error)
        raise DeployTargetError(f"{':'.join(what.values())} can't be called yet: {reason}") from error
