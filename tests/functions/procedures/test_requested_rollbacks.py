"""Rollbacks that a person asks for by a dispatch; those by the command are in `tests/cli/test_commands.py`."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.domain.drift import Drift
from functions.domain.images import Image
from functions.domain.rollback import Compensation
from functions.handler import encode
from tests.functions.delivered import runs
from tests.functions.events.test_github_webhook import deliver, dispatched, hooked
from tests.functions.samples import (
    COMMIT,
    DEPLOYMENT,
    ENVIRONMENT,
    NOW,
    OLDER,
    RELEASE,
    SERVICE,
    environment,
    state,
    version,
)
from tests.functions.stack import MACHINES, Stack

__all__ = ["hooked"]

THEIRS = version("9" * 40, "1", deployment_id="other-1", source="sources/acme/other/9.zip")


@pytest.fixture
def released(hooked: Stack) -> Stack:
    """A release of the repository runs in production, beside a later one of another repository."""
    carried = {"Assign": {"environments": encode([environment(name="test"), ENVIRONMENT])}}
    hooked.client("stepfunctions").update_state_machine(
        stateMachineArn=MACHINES["deployment"], definition=json.dumps({"States": {"Begin": carried}})
    )
    now, before = version(COMMIT, "2", deployment_id=DEPLOYMENT), version(OLDER, "1", at=NOW)
    runs(hooked, state(SERVICE, now), state(replace(SERVICE, name="other"), THEIRS))
    deployments = DeploymentsTable.connect(hooked.clients)
    deployments.begin(DEPLOYMENT, RELEASE, "arn:e", "push")
    deployments.enter(DEPLOYMENT, "production", "deployed")
    deployments.write_ledger(DEPLOYMENT, Compensation("production", 0, SERVICE, before, SERVICE, NOW, before))
    older = replace(RELEASE, ref="refs/tags/v1.2.2", commit=OLDER)
    deployments.begin("tag-v1.2.2", older, "arn:o", "tag")
    return hooked


def given(stack: Stack) -> dict[str, Any]:
    """The input of the only rollback."""
    (name,) = stack.executions("rollback")
    arn = f"{MACHINES['rollback'].replace('stateMachine', 'execution')}:{name}"
    found: dict[str, Any] = json.loads(stack.client("stepfunctions").describe_execution(executionArn=arn)["input"])
    return {**found, "name": name}


def test_a_dispatch_rolls_back_the_last_release_of_its_repository(released: Stack) -> None:
    """R7: by its own ledger, once; the reason names the sender."""
    status, said = deliver(released, dispatched("rollback", environment="production", reason="slow"))
    assert (status, said.startswith("started: rollback-production-")) == (202, True)
    assert "already handled" in deliver(released, dispatched("rollback", environment="production", reason="slow"))[1]
    found = given(released)
    assert (found["deploymentId"], found["environment"]["name"]) == (DEPLOYMENT, "production")
    assert (found["reason"], found["agreed"]) == ("requested by ada: slow", True)
    assert said == f"started: {found['name']}"


@pytest.mark.parametrize("payload", [{"version": "v1.2.2"}, {"service": "hello"}, {"version": OLDER[:7]}])
def test_a_version_or_a_service_has_a_ledger_of_its_own(released: Stack, payload: dict[str, str]) -> None:
    """R7: a version tag is the commit that was delivered under it."""
    assert deliver(released, dispatched("rollback", environment="production", **payload))[0] == 202
    found = given(released)
    record = DeploymentsTable.connect(released.clients).get(found["name"])
    assert record
    assert (found["deploymentId"], record.trigger, record.outcome) == (found["name"], "dispatch", "rollback")
    (entry,) = record.ledger.values()
    assert entry.before
    assert (entry.part.name, entry.before.commit) == ("hello", OLDER)


def test_an_image_is_named_by_its_tag(released: Stack) -> None:
    """M3: one that ran there; the commit of its manifest does not name it."""
    image = Image("registry/hello", "v1.4.0", "sha256:1")
    before = version("b" * 40, "7", image=image)
    entry = Compensation("production", 0, SERVICE, before, SERVICE, NOW)
    deployments = DeploymentsTable.connect(released.clients)
    deployments.begin("image-1", RELEASE, "arn:e", "dispatch")
    deployments.enter("image-1", "production", "deployed")
    deployments.write_ledger("image-1", entry)
    wanted = {"environment": "production", "service": "hello"}
    assert deliver(released, dispatched("rollback", **wanted, version="b" * 7))[0] == 400
    assert deliver(released, dispatched("rollback", **wanted, version="v1.4.0"))[0] == 202
    record = deployments.get(given(released)["name"])
    assert record
    assert [one.before for one in record.ledger.values()] == [before]


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ({"environment": "production", "service": "api"}, "production has no part 'api'; there are hello"),
        ({"environment": "production", "service": "other"}, "production has no part 'other'; there are hello"),
        ({"environment": "production", "version": "v9.9.9"}, "no version of v9.9.9 ran in production; known: "),
        ({"environment": "test"}, "nothing of acme/hello-service runs in test: there is nothing to roll back"),
    ],
)
def test_what_cannot_be_rolled_back_is_answered(released: Stack, payload: dict[str, str], said: str) -> None:
    """Parts of other repositories are none; nothing is started."""
    status, found = deliver(released, dispatched("rollback", **payload))
    assert (status, said in found) == (400, True), found
    assert released.executions("rollback") == []


def test_what_drifted_goes_back_to_what_is_recorded(released: Stack) -> None:
    """R15: the command that the notification names; without drift there is nothing to go back to."""
    wanted = {"environment": "production", "service": "hello", "version": COMMIT[:12]}
    assert deliver(released, dispatched("rollback", **wanted))[0] == 400
    environments = EnvironmentsTable.connect(released.clients)
    environments.note_drift(Drift("production", "hello", "version 2", "version 1", NOW))
    assert deliver(released, dispatched("rollback", **wanted, reason="moved by hand"))[0] == 202
    (entry,) = DeploymentsTable.connect(released.clients).ledger(given(released)["name"])
    assert entry.before
    assert (entry.part.name, entry.before.commit, entry.before.version) == ("hello", COMMIT, "2")


def test_an_old_version_is_found_without_reading_all_that_is_older(released: Stack) -> None:
    """R7: after months a webhook's function would end before all records were read."""
    deployments = DeploymentsTable.connect(released.clients)
    for number in range(60):
        released.table("deployments").put_item(
            Item={"deploymentId": f"old-{number}", "listed": "yes", "startedAt": "2020-01-01", "environment": "none"}
        )
    before = version(OLDER, "1", at=NOW)
    deployments.begin("main-2", RELEASE, "arn:e", "push")
    deployments.write_ledger("main-2", Compensation("production", 0, SERVICE, before, SERVICE, NOW))
    released.recording = True
    assert deliver(released, dispatched("rollback", environment="production", version=OLDER[:7]))[0] == 202
    released.recording = False
    read = [call for call in released.calls if call.given.get("IndexName") == "StartedIndex"]
    assert len(read) < 5  # pages are of one record here
