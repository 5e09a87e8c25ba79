"""RestoreService: move the alias back."""

from typing import Any

import pytest

from functions.domain.errors import DeployTargetError, StaleLeaseError
from functions.domain.locks import Lease
from functions.domain.manifests import Part
from functions.domain.rollback import Step
from tests.functions.delivered import create_function, parts, points_to, runs
from tests.functions.samples import COMMIT, DEPLOYMENT, ENVIRONMENT, LEASE, SERVICE, state, version
from tests.functions.stack import Stack
from tests.functions.targets.parameter import calls_of_parameters, parameter, progresses, slow_news

__all__ = ["calls_of_parameters", "parameter"]


def restore(stack: Stack, to: str = "1", part: Part = SERVICE) -> Any:
    """Run the handler."""
    return stack.run(
        "rollback.restore_service",
        {
            "deploymentId": DEPLOYMENT,
            "environment": ENVIRONMENT,
            "step": Step(part, version(number=to)),
            "lease": LEASE,
        },
    )


def test_the_alias_and_the_record_go_back(stack: Stack) -> None:
    """R6: a repetition has the same result."""
    create_function(stack, versions=2)
    runs(stack, state(SERVICE, version(COMMIT, "2"), good=version()))
    for _ in range(2):
        restore(stack)
        assert points_to(stack) == "1"
        assert parts(stack)["hello"] == state()


def test_a_part_that_was_never_recorded_goes_back_too(stack: Stack) -> None:
    """The change failed before RecordPart."""
    create_function(stack, versions=2)
    assert restore(stack)["outcome"] == "done"
    assert points_to(stack) == "1"
    assert parts(stack)["hello"].running == version()


@pytest.mark.usefixtures("parameter", "calls_of_parameters")
def test_what_aws_still_restores_is_recorded_when_it_is_done(stack: Stack) -> None:
    """R12: until then the record stays as it was; each call goes on with the same step."""
    part, news = slow_news(), stack.client("ssm")
    for text in ("good", "bad"):
        news.put_parameter(Name="/news/production", Value=text, Type="String", Overwrite=True)
    runs(stack, state(part, version(COMMIT, "2"), good=version()))
    known = parts(stack)[part.name]
    assert restore(stack, part=part)["outcome"] == "underway"
    assert parts(stack)[part.name] == known
    progresses(stack, "done")
    assert restore(stack, part=part)["outcome"] == "done"
    assert parts(stack)[part.name].running == version()


def test_a_version_that_was_deleted_is_named(stack: Stack) -> None:
    """The error names the version."""
    create_function(stack)
    with pytest.raises(DeployTargetError, match="hello-production does not exist"):
        restore(stack, "9")


def test_a_stale_lease_moves_nothing(stack: Stack) -> None:
    """Of two rollbacks at once, the newer owns the environment."""
    create_function(stack, versions=2)
    runs(stack, state(), lease=Lease(LEASE.key, "newer", 7))
    with pytest.raises(StaleLeaseError):
        restore(stack)
    assert points_to(stack) == "2"
