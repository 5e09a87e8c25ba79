"""Delivered Lambda functions: versions and aliases."""

import pytest

from functions.adapters.delivered_functions import DeliveredFunctions
from functions.domain.errors import DeployTargetError
from tests.functions.delivered import create_function, points_to
from tests.functions.samples import ENVIRONMENT, archive
from tests.functions.stack import Stack


def test_an_alias_is_read_made_and_moved(stack: Stack) -> None:
    """An alias is created, moved and read; it is None without the alias or the function."""
    delivered = DeliveredFunctions.connect(stack.clients)
    assert delivered.alias(ENVIRONMENT, "hello-production", "live") is None
    create_function(stack, versions=2, alias="")
    assert delivered.alias(ENVIRONMENT, "hello-production", "live") is None
    for version in ("1", "2", "2", "1"):
        delivered.point(ENVIRONMENT, "hello-production", "live", version)
        assert delivered.alias(ENVIRONMENT, "hello-production", "live") == points_to(stack) == version


def test_publishing_cuts_a_long_description(stack: Stack) -> None:
    """A description is cut to Lambda's limit of 256 characters."""
    create_function(stack)
    code = archive({"app.py": "x"})
    assert DeliveredFunctions.connect(stack.clients).publish(ENVIRONMENT, "hello-production", code, "d" * 999) == "2"


def test_what_is_not_there_is_named(stack: Stack) -> None:
    """The error about a missing function or version names it."""
    delivered = DeliveredFunctions.connect(stack.clients)
    with pytest.raises(DeployTargetError, match="the Lambda function hello-production does not exist"):
        delivered.publish(ENVIRONMENT, "hello-production", b"", "")
    with pytest.raises(DeployTargetError, match=r"the version 3 of the Lambda function .* does not exist"):
        delivered.point(ENVIRONMENT, "hello-production", "live", "3")
