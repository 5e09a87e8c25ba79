"""Rows that an earlier version of the platform wrote are read by the code of today (decision 019).

Events and the reconciliation read rows of executions that began before an update. A field that is added has a default,
and one that is taken away is still read: `tests/recorded/README.md` says what was recorded.
"""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import tests
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.locks_table import LocksTable
from functions.adapters.waits_table import WaitsTable
from functions.domain.environments import Environment
from functions.domain.waits import ApprovalKey, BuildKey, Wait, WatchKey, read_wait_key
from functions.handler import decode
from tests.functions.stack import Stack

RECORDED: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(tests.__file__).parent / "recorded" / "rows-2.json").read_text("utf-8"), parse_float=Decimal
)
DEPLOYMENT, STAGE = "main-66be66022214", "main-66be66022214-test"


@pytest.fixture(autouse=True)
def _rows(stack: Stack) -> None:
    """The tables with all recorded rows."""
    for name, rows in RECORDED.items():
        for row in rows:
            stack.table(name).put_item(Item=row)


def open_waits(stack: Stack) -> dict[type[object], Wait]:
    """The recorded waits, by the kind of their keys."""
    waits = WaitsTable.connect(stack.clients)
    found = [waits.get(read_wait_key(row["waitKey"])) for row in stack.items("waits") if "execution" in row]
    return {type(wait.key): wait for wait in found if wait}


def test_what_runs_and_the_way_back_are_read(stack: Stack) -> None:
    """Parts with their versions, definitions and outputs; the ledger names what ran before."""
    parts = EnvironmentsTable.connect(stack.clients).parts("test")
    assert set(parts) == {"hello-service/infrastructure", "hello-service/hello"}
    service = parts["hello-service/hello"]
    assert service.proven
    assert service.running
    assert (service.running.version, service.running.deployment_id) == ("1", DEPLOYMENT)
    assert service.definition
    assert service.definition.settings["function"] == "hello-{environment}"
    assert parts["hello-service/infrastructure"].outputs["url"].startswith("http")
    record = DeploymentsTable.connect(stack.clients).get(DEPLOYMENT)
    assert record
    assert (record.outcome, record.stages["test"].result) == ("deployed", "passed")
    assert {entry.part.name: entry.before for entry in record.ledger.values()} == dict.fromkeys(parts)


def test_what_is_waited_for_is_read(stack: Stack) -> None:
    """Tokens and executions of builds, watches and approvals, with what events need to know about them."""
    found = open_waits(stack)
    assert set(found) == {BuildKey, WatchKey, ApprovalKey}
    assert all(wait.token for wait in found.values())
    for kind in (WatchKey, ApprovalKey):
        assert found[kind].execution.endswith(f":{STAGE}")
        assert decode(Environment, found[kind].facts["environment"]).name == "test"


def test_an_open_request_can_be_decided(stack: Stack) -> None:
    """The request with what the page shows of it."""
    waits = WaitsTable.connect(stack.clients)
    waits.store(open_waits(stack)[ApprovalKey], datetime.now(UTC))  # as at the backstop: then OpenIndex has it
    (approval,) = waits.approvals_of("test")
    assert (approval.state, approval.deployment_id, approval.needed) == ("open", DEPLOYMENT, 1)
    assert approval.shown
    assert [verdict.outcome for verdict in approval.shown.gates] == ["passed"] * len(approval.shown.gates)


def test_the_owner_of_a_lock_is_read(stack: Stack) -> None:
    """Its execution, by which the reconciliation finds whether it has ended."""
    (lock,) = LocksTable.connect(stack.clients).owned()
    assert lock.owner
    assert (lock.key, lock.owner.deployment_id) == ("environment/test", DEPLOYMENT)
    assert lock.owner.execution.endswith(f":{STAGE}")
