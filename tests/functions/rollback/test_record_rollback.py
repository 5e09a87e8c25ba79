"""RecordRollback: the result of a rollback, and the freeze after an unknown one."""

from typing import Any

import pytest
from msgspec.structs import replace

from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.domain.environments import Freeze
from functions.domain.images import Image
from functions.domain.order import Mark, Order, Passage
from tests.functions.samples import DEPLOYMENT, NOW, RELEASE
from tests.functions.stack import Stack


def record(stack: Stack, result: str, **changes: Any) -> Any:
    """Run the handler."""
    wanted = {
        "deploymentId": DEPLOYMENT,
        "release": RELEASE,
        "environment": "eu-production",
        "result": result,
        "reason": "hello runs 1",
        "cause": "alarm errors rings",
        "breachedAt": NOW,
        "startedAt": NOW,
    }
    return stack.run("rollback.record_rollback", {**wanted, **changes})


def frozen(stack: Stack) -> Freeze | None:
    """Whether production is frozen."""
    return EnvironmentsTable.connect(stack.clients).frozen("eu-production")


@pytest.mark.parametrize("result", ["restored", "partly", "unknown"])
def test_the_end_is_recorded_with_its_clock(stack: Stack, result: str) -> None:
    """R9: breach, start and verification; the output is the event; a repetition has the same result."""
    for _ in range(2):
        answer = record(stack, result)
    facts = stack.deployment()["rollback_eu-production"]
    assert (facts["result"], facts["cause"], facts["breachedAt"]) == (result, "alarm errors rings", NOW)
    assert answer["verifiedAt"] == facts["verifiedAt"]
    assert stack.deployment()["status"] == result
    assert (frozen(stack) is not None) == (result == "unknown")


def test_an_image_that_was_taken_back_is_no_longer_proved(stack: Stack) -> None:
    """M3: nor does it keep older images of its services out."""
    release = replace(RELEASE, images={"hello": Image("r/hello", "v1", "sha256:1")}, order=Order(1, 10, 1, ("hello",)))
    assert release.order
    deployments, environments = DeploymentsTable.connect(stack.clients), EnvironmentsTable.connect(stack.clients)
    deployments.note_passed("eu-production", release, DEPLOYMENT)
    mark = Mark(release.order, DEPLOYMENT, RELEASE.commit)
    environments.note_passage("eu-production", RELEASE.repository, mark, "passed")
    record(stack, "restored", release=release)
    assert deployments.passed(RELEASE.repository, "hello@sha256:1") == {}
    assert environments.passage("eu-production", RELEASE.repository, "hello") == Passage()


def test_an_unknown_end_freezes_and_says_why(stack: Stack) -> None:
    """R5: no deployment may enter until a person unfreezes it."""
    record(stack, "unknown")
    found = frozen(stack)
    assert found
    assert found.reason == f"the rollback of {DEPLOYMENT} ended unknown: hello runs 1"


def test_a_later_restored_rollback_of_the_release_unfreezes(stack: Stack) -> None:
    """The full rollback of the deployment may restore what the stage's could not."""
    record(stack, "unknown")
    record(stack, "restored")
    assert frozen(stack) is None


@pytest.mark.parametrize("by", ["Ada", "rollback of another-1"])
def test_another_freeze_stays(stack: Stack, by: str) -> None:
    """A person's, or that of another deployment's rollback."""
    EnvironmentsTable.connect(stack.clients).freeze("eu-production", Freeze("audit", by, NOW))
    record(stack, "restored")
    assert frozen(stack) == Freeze("audit", by, NOW)


def test_the_outcome_of_a_deployment_that_has_ended_stays(stack: Stack) -> None:
    """N3: a later rollback changes the status, never the outcome."""
    deployments = DeploymentsTable.connect(stack.clients)
    deployments.begin(DEPLOYMENT, RELEASE, "arn:e", "push")
    deployments.conclude(DEPLOYMENT, "aborted", "stopped")
    record(stack, "restored")
    assert (stack.deployment()["outcome"], stack.deployment()["status"]) == ("aborted", "restored")
