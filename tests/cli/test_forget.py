"""Environments that the stack has no longer: `status` shows what is left, `forget` ends that."""

import json

import pytest
from msgspec.structs import replace

from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.locks_table import LocksTable
from functions.domain.environments import Freeze
from functions.domain.locks import Contender
from tests.cli.conftest import Kiro, machine
from tests.functions.samples import DEPLOYMENT, LEASE, NOW, RELEASE, state


def start(kiro: Kiro, workflow: str, name: str) -> str:
    """Start an execution in the environment `old`; returns its ARN."""
    given = json.dumps({"environment": {"name": "old"}})
    client = kiro.clients.client("stepfunctions")
    return str(client.start_execution(stateMachineArn=machine(workflow), name=name, input=given)["executionArn"])


def lock(kiro: Kiro, execution: str) -> None:
    """Let an execution own the lock of the environment `old`."""
    wanted = Contender(execution, DEPLOYMENT, None, "release 1a2b")
    LocksTable.connect(kiro.clients).request("environment/old", wanted)


@pytest.fixture
def left(kiro: Kiro) -> Kiro:
    """The environment `old` is no longer in the stack; a service still runs there, and a dead stage owns its lock."""
    running, deployments = EnvironmentsTable.connect(kiro.clients), DeploymentsTable.connect(kiro.clients)
    running.save(replace(state(), environment="old"), replace(LEASE, key="environment/old"))
    running.freeze("old", Freeze("nobody knows", "rollback of main-1", NOW))
    deployments.begin(DEPLOYMENT, RELEASE, "arn:e", "push")
    deployments.enter(DEPLOYMENT, "old", "unknown")
    execution = start(kiro, "stage", "main-1-old")
    lock(kiro, execution)
    kiro.clients.client("stepfunctions").stop_execution(executionArn=execution)
    return kiro


def test_what_is_left_of_a_removed_environment_stays_visible(left: Kiro) -> None:
    """T1: its parts, freeze, lock and deployments, with the next command; environments of the stack come first."""
    found = left.json("status")
    assert [(one["environment"], one["inStack"]) for one in found] == [
        ("test", True),
        ("production", True),
        ("old", False),
    ]
    assert [part["part"] for part in found[-1]["parts"]] == ["hello"]
    assert (found[-1]["frozen"]["reason"], found[-1]["deployment"]) == ("nobody knows", DEPLOYMENT)
    shown = " ".join(left.run("status").output.split())
    assert "no longer in the stack; still runs hello" in shown
    assert "kiro-worker forget old --reason" in shown
    assert left.json("locks")[-1]["environment"] == "old"
    assert [one["deployment"] for one in left.json("history")] == [DEPLOYMENT]


def test_a_lock_alone_is_shown(kiro: Kiro) -> None:
    """An environment that was removed before anything ran there may still have a lock."""
    lock(kiro, start(kiro, "stage", "main-1-old"))
    assert [one["environment"] for one in kiro.json("status")] == ["test", "production", "old"]
    assert "nothing runs there" in " ".join(kiro.run("status").output.split())


def test_what_is_forgotten_is_gone_and_the_caller_is_recorded(left: Kiro) -> None:
    """T1: status and locks no longer show it; who did it and why stays, and so does the history."""
    done = left.json("forget", "old", "--reason", "sold")
    assert [part["part"] for part in done["parts"]] == ["hello"]
    assert (done["forgotten"]["reason"], done["forgotten"]["by"][:12]) == ("sold", "arn:aws:sts:")
    assert [one["environment"] for one in left.json("status")] == ["test", "production"]
    assert [one["environment"] for one in left.json("locks")] == ["test", "production"]
    row = left.clients.table("ENVIRONMENTS_TABLE").get_item(Key={"environment": "old", "part": "*"})["Item"]
    assert row["forgotten"] == done["forgotten"]
    assert [one["deployment"] for one in left.json("history")] == [DEPLOYMENT]
    assert "nothing is recorded of 'old'" in left.run("forget", "old", "--reason", "sold").output


@pytest.mark.parametrize("workflow", ["stage", "rollback", "enhanced-watch"])
def test_an_execution_keeps_what_it_changes(left: Kiro, workflow: str) -> None:
    """Its writes would come back after the deletion; the error names it."""
    start(left, workflow, "main-2")
    refused = left.run("forget", "old", "--reason", "sold")
    assert (refused.exit_code, "main-2 still runs in old" in refused.output) == (1, True)
    assert len(left.json("status")) == 3


def test_an_environment_of_the_stack_is_not_forgotten(kiro: Kiro) -> None:
    """It has to be removed from the stack first."""
    refused = kiro.run("forget", "test", "--reason", "sold")
    assert (refused.exit_code, "remove it from the stack" in refused.output) == (1, True)
