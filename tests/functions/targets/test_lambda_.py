"""Kind `lambda`: descriptions and reads of a function; the tests of the states cover its changes."""

from typing import Any

import pytest
from msgspec.structs import replace

from functions.adapters.artifacts import Artifacts
from functions.adapters.delivered_functions import Kept
from functions.domain.drift import Trace
from functions.domain.errors import BadInputError, StaleLeaseError
from functions.domain.rollback import Step
from functions.targets.base import Change
from functions.targets.command import CommandTarget
from functions.targets.lambda_ import LambdaTarget
from tests.functions.delivered import create_function, lambdas, points_to
from tests.functions.samples import COMMAND, ENVIRONMENT, FUNCTION, RELEASE, SERVICE, archive, version
from tests.functions.stack import Stack


def keep_nothing(_: bytes) -> Kept:
    """A bucket that small packages do not need."""
    raise AssertionError("the package is small enough for a call")


def named(function: str) -> Any:
    """A part with another function."""
    return replace(SERVICE, settings={**FUNCTION, "function": function})


def test_a_function_is_described_by_its_name_there() -> None:
    """With its alias; a name with an unknown placeholder is described by the error."""
    assert LambdaTarget.describe(ENVIRONMENT, SERVICE) == "Lambda function hello-production, alias live"
    assert LambdaTarget.describe(ENVIRONMENT, named("a-{DOMAIN}")) == "Lambda function a-example.com, alias live"
    assert "may contain only known placeholders" in LambdaTarget.describe(ENVIRONMENT, named("{stage}"))


def test_people_see_the_steps_of_a_rollout() -> None:
    """R12: an approval is for all of them."""
    part = replace(SERVICE, settings={**FUNCTION, "steps": [10, 50], "stepSeconds": 60})
    said = LambdaTarget.describe(ENVIRONMENT, part)
    assert said == "Lambda function hello-production, alias live, in steps: 10 %, 50 %, all requests"


def test_the_alias_tells_what_runs(stack: Stack) -> None:
    """Before a change and after a rollback, whatever the record has; `$LATEST` is no version."""
    target = LambdaTarget.connect(stack.clients)
    for read in (target.current, target.read_back):
        assert read(ENVIRONMENT, SERVICE, None) is None
    create_function(stack, versions=2)
    for read in (target.current, target.read_back):
        assert read(ENVIRONMENT, SERVICE, None) == "2"
    lambdas(stack).update_alias(FunctionName="hello-production", Name="live", FunctionVersion="$LATEST")
    for read in (target.current, target.read_back):
        assert read(ENVIRONMENT, SERVICE, None) is None


def test_a_share_of_other_versions_is_no_restored_version(stack: Stack) -> None:
    """R5: the way back is the alias's own version, and what is read back names the others with their shares.

    https://docs.aws.amazon.com/lambda/latest/api/API_AliasRoutingConfiguration.html
    """
    target = LambdaTarget.connect(stack.clients)
    create_function(stack, versions=3)
    shares = {"AdditionalVersionWeights": {"3": 0.25}}
    lambdas(stack).update_alias(FunctionName="hello-production", Name="live", FunctionVersion="2", RoutingConfig=shares)
    assert target.current(ENVIRONMENT, SERVICE, None) == "2"
    assert target.read_back(ENVIRONMENT, SERVICE, None) == "2, but 3 for 25% of requests"
    target.restore(ENVIRONMENT, Step(SERVICE, version(number="2")))
    assert target.read_back(ENVIRONMENT, SERVICE, None) == "2"


def test_a_version_that_was_deleted_is_lost(stack: Stack) -> None:
    """Its artifact is not needed, because the version contains the code."""
    create_function(stack, versions=2)
    target, artifacts = LambdaTarget.connect(stack.clients), Artifacts.connect(stack.clients)
    assert target.lost(ENVIRONMENT, SERVICE, version(number="1"), artifacts) == ""
    lambdas(stack).delete_function(FunctionName="hello-production", Qualifier="1")
    said = target.lost(ENVIRONMENT, SERVICE, version(number="1"), artifacts)
    assert said == "version 1 of hello-production was deleted"


def test_settings_of_another_kind_are_named(stack: Stack) -> None:
    """A part without a function is an error."""
    with pytest.raises(BadInputError, match="`function`"):
        LambdaTarget.connect(stack.clients).current(ENVIRONMENT, replace(SERVICE, settings={}), None)


def test_the_alias_is_not_moved_once_the_lease_is_lost(stack: Stack) -> None:
    """Q1: publishing takes long, so the lease is checked again before the alias moves."""
    create_function(stack)

    def fence() -> None:
        raise StaleLeaseError("overtaken")

    change = Change(ENVIRONMENT, SERVICE, RELEASE, lambda _: archive({"app.py": "new"}), fence, keep_nothing)
    with pytest.raises(StaleLeaseError):
        LambdaTarget.connect(stack.clients).apply(change)
    assert points_to(stack) == "1"


def test_changes_of_the_alias_leave_traces() -> None:
    """R15: CloudTrail names them with the version of Lambda's API; what a command changes leaves none."""
    alias = {"functionName": "hello-production", "name": "live"}
    assert LambdaTarget.traces(ENVIRONMENT, SERVICE) == (
        Trace("UpdateAlias20150331", alias),
        Trace("DeleteAlias20150331", alias),
    )
    assert CommandTarget.traces(ENVIRONMENT, COMMAND) == ()
