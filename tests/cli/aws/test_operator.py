"""The operator's access to a stack, and the explanations of the SDK's errors."""

import re
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
)

from cli.aws.operator import Operator, OutOfReachError, explain
from functions.domain.environments import Freeze
from functions.domain.errors import BadInputError
from functions.domain.events import DeploymentStarted
from tests.cli.aws.conftest import WORKFLOWS
from tests.functions.samples import DEPLOYMENT, ENVIRONMENT, NOW, RELEASE, environment
from tests.functions.stack import ACCOUNT, REGION, Stack


def test_a_stack_is_found_by_its_name(operator: Operator) -> None:
    """I8: account and region are the caller's; names follow the naming rule."""
    assert (operator.stack, operator.account, operator.region) == ("staging", ACCOUNT, REGION)
    assert operator.who.startswith("arn:aws:sts::")
    assert operator.workflows == WORKFLOWS


def test_environments_are_those_that_were_deployed(operator: Operator) -> None:
    """The definition of the deployed workflow carries them, complete and in order."""
    assert operator.environments == (environment(name="test"), ENVIRONMENT)
    assert operator.environment("production") == ENVIRONMENT


def test_an_unknown_environment_is_an_error_with_the_known_ones(operator: Operator) -> None:
    """The error names the stack, which may be the wrong one."""
    with pytest.raises(OutOfReachError, match="stack staging has no environment 'moon'; there are test, production"):
        operator.environment("moon")


def test_its_adapters_are_those_of_the_stack(operator: Operator, stack: Stack) -> None:
    """Writes go to the tables of this stack and of no other."""
    operator.running.freeze("production", Freeze("the fair", "Ada", NOW))
    operator.deployments.begin(DEPLOYMENT, RELEASE, "arn:e", "operator")
    assert operator.running.frozen("production")
    assert operator.deployments.get(DEPLOYMENT)
    assert (list(operator.locks.owned()), list(operator.waits.open())) == ([], [])
    operator.bus.put(DeploymentStarted(DEPLOYMENT, RELEASE, "why", ("production",)))
    arn, started = operator.executions.start(operator.workflows["deployment"], "one", {})
    assert (started, operator.executions.is_running(arn)) == (True, True)
    for table in ("environments", "deployments"):
        assert stack.items(table) == []


def test_a_missing_stack_is_explained(stack: Stack) -> None:
    """The explanation says how to choose another stack."""
    with pytest.raises(ClientError) as refused:
        Operator.connect("moon")
    said = explain(refused.value, "moon") or ""
    assert said.startswith("there is no stack moon in this account and region")
    assert "--stack and AWS_DEFAULT_REGION" in said


def test_out_of_reach_is_bad_input() -> None:
    """Code that catches BadInputError catches this error, too."""
    assert issubclass(OutOfReachError, BadInputError)


def refused(code: str, **more: str) -> ClientError:
    """An error response of AWS."""
    error: Any = {"Code": code, **more}
    return ClientError({"Error": error}, "GetItem")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (NoCredentialsError(), "no AWS credentials: log in"),
        (NoRegionError(), "no region: set AWS_DEFAULT_REGION"),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:9"), "AWS can't be reached: .*127.0.0.1:9.*endpoint"),
        (ConnectTimeoutError(endpoint_url="http://127.0.0.1:9"), "AWS can't be reached: "),
        (refused("ResourceNotFoundException", Message="no table"), r"no stack test in .* \(no table\); choose with"),
        (refused("StateMachineDoesNotExist"), "there is no stack test"),
        (refused("ExpiredToken"), r"does not accept these credentials \(ExpiredToken\): log in again"),
        (refused("ExpiredTokenException"), "does not accept these credentials"),
        (refused("InvalidClientTokenId"), "does not accept these credentials"),
        (refused("UnrecognizedClientException"), "does not accept these credentials"),
        (refused("AccessDenied", Message="not yours"), "^AWS refused GetItem: AccessDenied: not yours$"),
        (ProfileNotFound(profile="moon"), "moon"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_an_error_of_the_sdk_is_explained_with_the_next_step(error: Exception, said: str) -> None:
    """Credentials, region, endpoint, stack and permissions each have their own text."""
    assert re.search(said, explain(error, "test") or "")


@pytest.mark.parametrize("error", [ValueError("x"), KeyError("x"), OutOfReachError("x")])
def test_another_error_is_not_explained_away(error: Exception) -> None:
    """An error in our own code is not explained, so its traceback is shown."""
    assert explain(error, "test") is None
