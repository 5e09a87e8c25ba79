"""Kind `lambda`: what its target says of a function; its calls are tested with the states that make them."""

from dataclasses import replace
from typing import Any

import pytest

from functions.adapters.artifacts import Artifacts
from functions.domain.errors import BadInputError, StaleLeaseError
from functions.targets.base import Change
from functions.targets.lambda_ import LambdaTarget
from tests.functions.delivered import create_function, lambdas, points_to
from tests.functions.samples import ENVIRONMENT, FUNCTION, RELEASE, SERVICE, archive, version
from tests.functions.stack import Stack


def named(function: str) -> Any:
    """A part with another function."""
    return replace(SERVICE, settings={**FUNCTION, "function": function})


def test_a_function_is_described_by_its_name_there() -> None:
    """With its alias; a name that can't be filled in is said, and stops nobody who only reads."""
    assert LambdaTarget.describe(ENVIRONMENT, SERVICE) == "Lambda function hello-production, alias live"
    assert LambdaTarget.describe(ENVIRONMENT, named("a-{DOMAIN}")) == "Lambda function a-example.com, alias live"
    assert "may contain only known placeholders" in LambdaTarget.describe(ENVIRONMENT, named("{stage}"))


def test_the_alias_tells_what_runs(stack: Stack) -> None:
    """Before a change and after a rollback, whatever the record says; `$LATEST` is no version."""
    target = LambdaTarget.connect(stack.clients)
    for read in (target.current, target.read_back):
        assert read(ENVIRONMENT, SERVICE, None) is None
    create_function(stack, versions=2)
    for read in (target.current, target.read_back):
        assert read(ENVIRONMENT, SERVICE, None) == "2"
    lambdas(stack).update_alias(FunctionName="hello-production", Name="live", FunctionVersion="$LATEST")
    for read in (target.current, target.read_back):
        assert read(ENVIRONMENT, SERVICE, None) is None


def test_a_version_that_was_deleted_is_lost(stack: Stack) -> None:
    """Its artifact is not needed: the version holds the code."""
    create_function(stack, versions=2)
    target, artifacts = LambdaTarget.connect(stack.clients), Artifacts.connect(stack.clients)
    assert target.lost(ENVIRONMENT, SERVICE, version(number="1"), artifacts) == ""
    lambdas(stack).delete_function(FunctionName="hello-production", Qualifier="1")
    said = target.lost(ENVIRONMENT, SERVICE, version(number="1"), artifacts)
    assert said == "version 1 of hello-production is gone"


def test_settings_of_another_kind_are_named(stack: Stack) -> None:
    """A part without its function is a record of another form."""
    with pytest.raises(BadInputError, match='"function"'):
        LambdaTarget.connect(stack.clients).current(ENVIRONMENT, replace(SERVICE, settings={}), None)


def test_the_alias_is_not_moved_once_the_lease_is_lost(stack: Stack) -> None:
    """Q1: publishing takes long; the fence is asked again before what runs is changed."""
    create_function(stack)

    def fence() -> None:
        raise StaleLeaseError("overtaken")

    change = Change(ENVIRONMENT, SERVICE, RELEASE, lambda _: archive({"app.py": "new"}), fence)
    with pytest.raises(StaleLeaseError):
        LambdaTarget.connect(stack.clients).apply(change)
    assert points_to(stack) == "1"
