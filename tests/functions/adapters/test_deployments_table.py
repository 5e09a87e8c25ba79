"""The deployments table."""

import time
from itertools import islice

import pytest

from functions.adapters.deployments_table import DeploymentsTable
from functions.domain.records import StageRecord
from functions.domain.rollback import Compensation
from tests.functions.samples import DEPLOYMENT, NOW, RELEASE, SERVICE, version
from tests.functions.stack import Stack


@pytest.fixture
def deployments(stack: Stack) -> DeploymentsTable:
    """The table, with one deployment that has begun."""
    made = DeploymentsTable.connect(stack.clients)
    made.begin(DEPLOYMENT, RELEASE, "arn:e", "push")
    return made


def test_an_unknown_deployment_has_no_record_and_no_ledger(deployments: DeploymentsTable) -> None:
    """The record of an unknown deployment is None, and its ledger is empty."""
    assert deployments.get("other") is None
    assert deployments.ledger("other") == ()


@pytest.mark.parametrize("name", ["rollback_eu-production", "status"])
def test_facts_may_have_any_name(deployments: DeploymentsTable, stack: Stack, name: str) -> None:
    """Attributes may be named after environments with dashes and after DynamoDB's reserved words."""
    deployments.note(DEPLOYMENT, **{name: {"rate": 1.5, "list": ["a"]}})
    assert stack.deployment()[name] == {"rate": 1.5, "list": ["a"]}


def test_stages_do_not_overwrite_each_other(deployments: DeploymentsTable) -> None:
    """The records of two stages are stored side by side."""
    deployments.note_stage(DEPLOYMENT, "test", StageRecord("passed"))
    deployments.note_stage(DEPLOYMENT, "eu-production", StageRecord("rejected"))
    record = deployments.get(DEPLOYMENT)
    assert record
    assert record.stages == {"test": StageRecord("passed"), "eu-production": StageRecord("rejected")}


def test_the_first_compensation_of_a_part_stays(deployments: DeploymentsTable) -> None:
    """R6: a second compensation for a part does not replace the first."""
    first = Compensation("eu-production", 0, SERVICE, version(), SERVICE, NOW)
    deployments.write_ledger(DEPLOYMENT, first)
    deployments.write_ledger(DEPLOYMENT, Compensation("eu-production", 0, SERVICE, version(number="2"), None, NOW))
    assert deployments.ledger(DEPLOYMENT) == (first,)


def test_where_a_release_stands_is_found_by_environment(deployments: DeploymentsTable, stack: Stack) -> None:
    """A record is found by its current environment and status."""
    deployments.enter(DEPLOYMENT, "production", "waiting for approval")
    found = stack.table("deployments").query(
        IndexName="EnvironmentStatusIndex",
        KeyConditionExpression="environment = :e AND #s = :s",
        ExpressionAttributeNames={"#s": "status"},
        ExpressionAttributeValues={":e": "production", ":s": "waiting for approval"},
    )
    assert [item["deploymentId"] for item in found["Items"]] == [DEPLOYMENT]


def test_what_has_no_outcome_is_listed_by_its_own_index(deployments: DeploymentsTable, stack: Stack) -> None:
    """In any environment and status, and however many others there are; also after a `begin` that comes late."""
    for name, status in (("one", "running"), ("two", "held back by something new"), ("three", "running")):
        deployments.begin(name, RELEASE, f"arn:{name}", "push")
        deployments.enter(name, "an environment of before", status)
    deployments.conclude("three", "deployed", "")
    deployments.conclude("late", "aborted", "stopped")
    deployments.begin("late", RELEASE, "arn:late", "push")
    stack.recording = True
    found = {one.deployment_id for one in deployments.underway()}
    stack.recording = False
    assert found == {DEPLOYMENT, "one", "two"}
    assert {call.given["IndexName"] for call in stack.calls} == {"UnderwayIndex"}


def test_the_newest_are_read_first_and_no_others(deployments: DeploymentsTable, stack: Stack) -> None:
    """Its time does not grow with the past; what an earlier version recorded comes after them, once."""
    old = {"environment": "test", "status": "deployed", "startedAt": "2026-01-01T00:00:00.000Z", "outcome": "deployed"}
    stack.table("deployments").put_item(Item={"deploymentId": "old", **old})
    for name in ("one", "two"):
        deployments.begin(name, RELEASE, f"arn:{name}", "push")
        deployments.enter(name, "test", "running")
    deployments.note_passed("test", RELEASE, DEPLOYMENT)
    stack.recording = True
    newest = [one.deployment_id for one in islice(deployments.newest(["test"]), 3)]
    stack.recording = False
    assert newest == ["two", "one", DEPLOYMENT]
    assert {call.given["IndexName"] for call in stack.calls} == {"StartedIndex"}
    assert [one.deployment_id for one in deployments.newest(["test"])] == [*newest, "old"]


def test_what_failed_before_it_began_is_listed(deployments: DeploymentsTable) -> None:
    """G4: GitHub has no such commit; a person finds the deployment and its reason."""
    deployments.conclude("main-2", "failed", "no such commit")
    listed = {one.deployment_id: one.reason for one in deployments.newest([])}
    assert listed == {DEPLOYMENT: "", "main-2": "no such commit"}


def test_what_is_recorded_of_pushed_images_expires(deployments: DeploymentsTable, stack: Stack) -> None:
    """An event is retried for a day; a row for each combination of services would stay for ever."""
    assert deployments.note_pushed("acme/hello-service", ["api", "web"], "test", NOW)
    row = stack.table("deployments").get_item(Key={"deploymentId": "pushed/acme/hello-service/api,web/test"})["Item"]
    assert int(row["expiresAt"]) > time.time() + 7 * 86_400


def test_a_late_begin_does_not_reopen_what_has_ended(deployments: DeploymentsTable) -> None:
    """A record with an outcome keeps it, although its `begin` comes later."""
    deployments.conclude("late", "aborted", "stopped")
    deployments.begin("late", RELEASE, "arn:e", "push")
    record = deployments.get("late")
    assert record
    assert (record.outcome, record.status, record.release) == ("aborted", "aborted", RELEASE)
