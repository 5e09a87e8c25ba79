"""Delivered Lambda functions: versions and aliases."""

import os
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any
from unittest.mock import patch

import pytest
from botocore.exceptions import ClientError

from functions.adapters.artifacts import Artifacts
from functions.adapters.delivered_functions import DIRECT_BYTES, DeliveredFunctions, Kept, Pointer
from functions.domain.errors import DeployTargetError
from tests.functions.delivered import create_function, lambdas, points_to
from tests.functions.samples import ENVIRONMENT, archive
from tests.functions.stack import BUCKET, REGION, Stack, failing

NAME = "hello-production"


def keep(_: bytes) -> Kept:
    """A bucket that small packages do not need."""
    raise AssertionError("the package is small enough for a call")


def test_an_alias_is_read_made_and_moved(stack: Stack) -> None:
    """An alias is created, moved and read; it is None without the alias or the function."""
    delivered = DeliveredFunctions.connect(stack.clients)
    assert delivered.alias(ENVIRONMENT, "hello-production", "live") is None
    create_function(stack, versions=2, alias="")
    assert delivered.alias(ENVIRONMENT, "hello-production", "live") is None
    for version in ("1", "2", "2", "1"):
        delivered.point(ENVIRONMENT, "hello-production", "live", version)
        assert delivered.alias(ENVIRONMENT, "hello-production", "live") == Pointer(points_to(stack)) == Pointer(version)


def test_publishing_cuts_a_long_description(stack: Stack) -> None:
    """A description is cut to Lambda's limit of 256 characters."""
    create_function(stack)
    code = archive({"app.py": "x"})
    delivered = DeliveredFunctions.connect(stack.clients)
    assert delivered.publish(ENVIRONMENT, "hello-production", code, "d" * 999, keep) == "2"


def test_what_is_not_there_is_named(stack: Stack) -> None:
    """The error about a missing function or version names it."""
    delivered = DeliveredFunctions.connect(stack.clients)
    with pytest.raises(DeployTargetError, match="the Lambda function hello-production does not exist"):
        delivered.publish(ENVIRONMENT, "hello-production", b"", "", keep)
    with pytest.raises(DeployTargetError, match=r"the version 3 of the Lambda function .* does not exist"):
        delivered.point(ENVIRONMENT, "hello-production", "live", "3")


def test_code_that_is_too_large_for_a_call_is_read_from_the_bucket(stack: Stack) -> None:
    """Its bytes are kept under a key of their own; the version is that of exactly these bytes.

    https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: 50 MB zipped in a call, more by S3
    """
    create_function(stack)
    large = archive({"app.py": "large", "data": os.urandom(DIRECT_BYTES)})
    artifacts = Artifacts.connect(stack.clients)
    delivered = DeliveredFunctions.connect(stack.clients)
    for _ in range(2):
        number = delivered.publish(ENVIRONMENT, NAME, large, "", artifacts.keep)
    found = lambdas(stack).get_function_configuration(FunctionName=NAME, Qualifier=number)
    assert found["CodeSha256"] == b64encode(sha256(large).digest()).decode()
    (kept,) = stack.client("s3").list_objects_v2(Bucket=BUCKET)["Contents"]
    assert kept["Key"] == f"packages/{sha256(large).hexdigest()}.zip"


def test_a_large_package_reaches_only_the_region_of_its_bucket(stack: Stack) -> None:
    """Lambda reads a package from a bucket of the function's region: the error names both regions and what to do.

    https://docs.aws.amazon.com/lambda/latest/api/API_FunctionCode.html
    """
    create_function(stack)
    delivered = DeliveredFunctions.connect(stack.clients)
    with pytest.raises(
        DeployTargetError, match=rf"own region {REGION} only, and the artifacts bucket is in us-east-1: "
    ):
        delivered.publish(
            ENVIRONMENT, NAME, bytes(DIRECT_BYTES + 1), "", lambda _: Kept("us-east-1", BUCKET, "packages/x.zip")
        )


@pytest.mark.parametrize("operation", ["UpdateFunctionCode", "PublishVersion", "UpdateAlias"])
def test_another_update_in_progress_is_waited_for(stack: Stack, operation: str) -> None:
    """Each call is repeated until the function's other update has ended.

    https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
    """
    create_function(stack)
    delivered = DeliveredFunctions.connect(stack.clients)
    with busy(lambdas(stack), operation, times=2):
        number = delivered.publish(ENVIRONMENT, NAME, archive({"app.py": "new"}), "", keep)
        delivered.point(ENVIRONMENT, NAME, "live", number)
    assert points_to(stack) == number == "2"


def test_an_update_that_never_ends_is_an_error(stack: Stack) -> None:
    """The service's own words are kept."""
    create_function(stack)
    with busy(lambdas(stack), "UpdateFunctionCode", times=99), pytest.raises(ClientError, match="in progress"):
        DeliveredFunctions.connect(stack.clients).publish(ENVIRONMENT, NAME, archive({"app.py": "new"}), "", keep)


@pytest.mark.parametrize(
    ("operation", "answer"),
    [
        ("get_function", {"Configuration": {"LastUpdateStatus": "Failed", "LastUpdateStatusReason": "no subnet"}}),
        ("get_function_configuration", {"State": "Failed", "StateReason": "no subnet"}),
    ],
    ids=["update", "version"],
)
def test_a_version_that_can_not_be_called_is_an_error(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, operation: str, answer: dict[str, Any]
) -> None:
    """The alias is not moved to it; the error has Lambda's reason."""
    create_function(stack)
    monkeypatch.setattr(lambdas(stack), operation, lambda **_: answer)
    with pytest.raises(DeployTargetError, match=r"hello-production.* can't be called yet: no subnet"):
        DeliveredFunctions.connect(stack.clients).publish(ENVIRONMENT, NAME, archive({"app.py": "new"}), "", keep)


@contextmanager
def busy(client: Any, operation: str, times: int) -> Iterator[None]:
    """Lambda refuses the first calls of an operation, as it does while an update is in progress."""
    real, left = client._make_api_call, [times]

    def refuse(name: str, params: Any) -> Any:
        if name == operation and left[0]:
            left[0] -= 1
            error = {"Code": "ResourceConflictException", "Message": "An update is in progress for resource: arn"}
            raise client.exceptions.ResourceConflictException({"Error": error}, name)
        return real(name, params)

    with patch.object(client, "_make_api_call", refuse):
        yield


def versions(stack: Stack) -> list[str]:
    """The published versions of the function."""
    pages = stack.client("lambda").get_paginator("list_versions_by_function").paginate(FunctionName=NAME)
    return [one["Version"] for page in pages for one in page["Versions"] if one["Version"] != "$LATEST"]


def test_old_versions_are_deleted_but_those_that_a_rollback_needs(stack: Stack) -> None:
    """C4: a region takes 75 GB of code; until now a few hundred releases filled it, and then each was rolled back."""
    create_function(stack, versions=14, alias="")
    delivered = DeliveredFunctions.connect(stack.clients)
    assert delivered.prune(ENVIRONMENT, NAME, {"3", "14"}) == ["1", "2", "4"]
    assert versions(stack) == ["3", *(str(number) for number in range(5, 15))]
    assert delivered.prune(ENVIRONMENT, NAME, {"3", "14"}) == []


@pytest.mark.parametrize("code", ["ResourceConflictException", "AccessDeniedException"])
def test_a_version_that_may_not_be_deleted_stops_no_release(stack: Stack, code: str) -> None:
    """An alias of somebody else names it, or the deploy role of another account may not."""
    create_function(stack, versions=12, alias="")
    client = stack.clients.client("lambda", region=ENVIRONMENT.region, role_arn=ENVIRONMENT.deploy_role_arn)
    kind = getattr(client.exceptions, code, client.exceptions.ClientError)
    with failing(client, "DeleteFunction", kind({"Error": {"Code": code, "Message": ""}}, "DeleteFunction")):
        assert DeliveredFunctions.connect(stack.clients).prune(ENVIRONMENT, NAME, ()) == []
    assert len(versions(stack)) == 12
