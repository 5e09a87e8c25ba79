"""What runs now, next steps and addresses of a message."""

from typing import Any

import pytest
from msgspec.structs import replace

from functions.domain.message_details import asks_what_runs
from functions.domain.messages import compose
from tests.functions.samples import COMMIT, OLDER, RELEASE, event, state, version

SOURCE = f"sources/{RELEASE.repository}/x.zip"
BAD = replace(version(COMMIT, "7"), source=SOURCE)
GOOD = replace(version(OLDER, "6"), source=SOURCE)
RUNNING = {
    "test": [state(running=BAD)],
    "staging": [state(running=BAD)],
    "production": [state(running=GOOD)],
}


def facts(name: str, running: Any = RUNNING, **changes: Any) -> dict[str, str]:
    """The facts of an event's message by their names."""
    message = compose(event(name, **changes), running=running)
    assert message
    return dict(message.facts)


def test_after_a_rollback_people_learn_what_runs_where() -> None:
    """N1: the environment's own version is a commit, and the environments that still run the bad one are named."""
    found = facts("RollbackFinished", cause="alarm hello-errors")
    assert found["Runs now"] == f"production: hello {OLDER[:12]}"
    assert (found["Still in"], found["Cause"]) == ("test, staging", "alarm hello-errors")
    message = compose(event("RollbackFinished"), running=RUNNING)
    assert message
    assert [step for step in message.steps if "kiro-worker rollback test" in step]
    assert [step for step in message.steps if "kiro-worker rollback staging" in step]


def test_a_part_in_doubt_is_named() -> None:
    """R5: what the record says of it may be wrong."""
    doubted = {"production": [replace(state(running=GOOD), in_doubt="main-1")]}
    assert facts("RollbackFinished", doubted, result="unknown")["Runs now"].endswith("; in doubt: hello")


@pytest.mark.parametrize(
    ("name", "changes", "asks"),
    [
        ("StageFinished", {"result": "passed"}, False),
        ("StageFinished", {"result": "failed"}, True),
        ("DeploymentFinished", {"outcome": "deployed"}, False),
        ("DeploymentFinished", {"outcome": "restored"}, True),
        ("RollbackFinished", {}, True),
        ("RollbackStarted", {}, False),
        ("EnvironmentFrozen", {}, False),
    ],
)
def test_only_bad_ends_ask_what_runs(name: str, changes: dict[str, Any], *, asks: bool) -> None:
    """Nothing is read for the others, and nothing said."""
    assert asks_what_runs(event(name, **changes)) is asks
    assert ("Still in" in facts(name, **changes)) is asks


def test_another_repository_with_the_same_commit_is_not_meant() -> None:
    """A fork has the same commits."""
    other = {"test": [state(running=replace(BAD, source="sources/acme/fork/x.zip"))]}
    assert "Still in" not in facts("RollbackFinished", other)


def test_the_stages_of_a_deployment_are_told() -> None:
    """N1: where it passed and where not; the subject names the place."""
    stages = {"test": {"result": "passed"}, "production": {"result": "restored"}}
    message = compose(event("DeploymentFinished", outcome="restored", stages=stages))
    assert message
    assert message.subject == "acme/hello-service 1a2b3c4d5e6f failed and was rolled back in production"
    assert dict(message.facts)["Stages"] == "test passed, production restored"


def test_who_ends_a_wait_and_how_is_told() -> None:
    """The same words as `kiro-worker why`."""
    message = compose(event("StageHeld", whom="Ada", nextStep="`kiro-worker unfreeze production --reason …`"))
    assert message
    assert dict(message.facts)["Waits for"] == "Ada"
    assert message.steps == ("`kiro-worker unfreeze production --reason …`.",)
