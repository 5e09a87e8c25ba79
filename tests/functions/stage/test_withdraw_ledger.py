"""WithdrawLedger: a part whose change never began is as it was before WriteLedger."""

from typing import Any

import pytest

from functions.adapters.deployments_table import DeploymentsTable
from functions.domain.environments import PartState
from functions.domain.errors import StaleLeaseError
from functions.domain.locks import Lease
from functions.domain.manifests import Part
from tests.functions.delivered import parts, runs
from tests.functions.samples import COMMAND, DEPLOYMENT, ENVIRONMENT, LEASE, RELEASE, SERVICE, state, version
from tests.functions.stack import Stack


@pytest.fixture(autouse=True)
def deployments(stack: Stack) -> DeploymentsTable:
    """The deployments table, with the deployment's record."""
    found = DeploymentsTable.connect(stack.clients)
    found.begin(DEPLOYMENT, RELEASE, "arn:e", "push")
    return found


def write(stack: Stack, part: Part = COMMAND) -> None:
    """Run WriteLedger for a part."""
    stack.run(
        "stage.write_ledger",
        {"deploymentId": DEPLOYMENT, "environment": ENVIRONMENT, "part": part, "order": 0, "lease": LEASE},
    )


def withdraw(stack: Stack, **changes: Any) -> Any:
    """Run the handler."""
    wanted = {"deploymentId": DEPLOYMENT, "environment": "production", "part": COMMAND.name, "lease": LEASE}
    return stack.run("stage.withdraw_ledger", {**wanted, **changes})


def test_what_never_began_is_as_before(stack: Stack, deployments: DeploymentsTable) -> None:
    """R4: the ledger has no entry and the record no doubt; other parts keep theirs; a repetition changes nothing."""
    before = state(COMMAND, version(number="0a"), outputs={"url": "u"})
    runs(stack, before, state())
    write(stack, SERVICE)
    write(stack)
    for _ in range(2):
        assert withdraw(stack) == {"inDoubt": ""}
        assert [entry.part.name for entry in deployments.ledger(DEPLOYMENT)] == [SERVICE.name]
        assert parts(stack) == {COMMAND.name: before, SERVICE.name: state(in_doubt=DEPLOYMENT)}


def test_a_first_release_leaves_no_record(stack: Stack, deployments: DeploymentsTable) -> None:
    """Nothing was recorded of the part before, and nothing is afterwards."""
    write(stack)
    withdraw(stack)
    assert deployments.ledger(DEPLOYMENT) == ()
    assert parts(stack) == {}


@pytest.mark.parametrize(
    "before",
    [state(COMMAND, in_doubt="main-that-died"), PartState("production", COMMAND.name, in_doubt="main-that-died")],
    ids=["known", "first"],
)
def test_an_earlier_doubt_stays(stack: Stack, before: PartState) -> None:
    """What an earlier deployment began to change, it may have changed; the withdrawn one did not repair it."""
    runs(stack, before)
    write(stack)
    assert parts(stack)[COMMAND.name].in_doubt == DEPLOYMENT
    assert withdraw(stack) == {"inDoubt": "main-that-died"}
    assert parts(stack)[COMMAND.name] == before


def test_without_an_entry_there_is_nothing_to_withdraw(stack: Stack) -> None:
    """WriteLedger may have failed before it wrote."""
    runs(stack, state(COMMAND, in_doubt="main-that-died"))
    assert withdraw(stack) == {"inDoubt": ""}
    assert parts(stack)[COMMAND.name].in_doubt == "main-that-died"


def test_a_stale_lease_withdraws_nothing(stack: Stack, deployments: DeploymentsTable) -> None:
    """Q1: another execution may be changing the environment by now."""
    write(stack)
    runs(stack, state(), lease=Lease(LEASE.key, "newer", 7))
    with pytest.raises(StaleLeaseError):
        withdraw(stack)
    assert len(deployments.ledger(DEPLOYMENT)) == 1
    assert parts(stack)[COMMAND.name].in_doubt == DEPLOYMENT
