"""Records of deployments: what a row holds, as typed values."""

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

import tests
from functions.domain.gates import Verdict
from functions.domain.performance import Performance
from functions.domain.records import (
    BaselineRecord,
    DeploymentRecord,
    PlannedStage,
    PlanRecord,
    RollbackRecord,
    StageRecord,
    grouped,
)
from functions.domain.requests import Request
from functions.handler import decode
from tests.functions.samples import DEPLOYMENT, EXECUTION, NOW, OLDER, RELEASE, SERVICE, version

RECORDED = Path(tests.__file__).parent / "recorded" / "deployment-row-1.json"


def read(row: dict[str, Any]) -> DeploymentRecord:
    """A row as the table's adapter reads it."""
    return decode(DeploymentRecord, grouped(row))


@pytest.fixture
def record() -> DeploymentRecord:
    """A row that version 1 wrote: deployed to test, approved for production, restored there."""
    return read(json.loads(RECORDED.read_text("utf-8")))


def test_a_row_of_an_earlier_version_is_read(record: DeploymentRecord) -> None:
    """Release, outcome and times."""
    assert (record.deployment_id, record.release, record.execution) == (
        DEPLOYMENT,
        replace(RELEASE, order=None),
        EXECUTION,
    )
    assert (record.trigger, record.outcome, record.status, record.told) == ("push", "restored", "restored", True)
    assert (record.artifact_digest, record.artifact_version) == ("ab" * 32, "v1")
    assert record.gates == (
        Verdict("build", "passed", "the build succeeded"),
        Verdict("tests", "passed", "9 tests passed, 0 skipped"),
    )


def test_what_it_holds_of_each_environment_is_found_by_name(record: DeploymentRecord) -> None:
    """Stages, plan, ledger, verdicts, figures, baseline and rollback are read by environment."""
    assert record.stages["test"] == StageRecord("passed", "no alarm rang", NOW, NOW, 1.5)
    assert record.plan
    left = {"infrastructure": "none of its paths changed since 0a0a0a0a0a0a"}
    assert record.plan.stages[0] == PlannedStage("test", {"hello": "src/hello.py changed since 0a0a0a0a0a0a"}, left)
    assert {entry.environment for entry in record.ledger.values()} == {"test", "production"}
    assert (record.ledger["test/hello"].part, record.ledger["test/hello"].before) == (
        SERVICE,
        version(source=f"sources/{OLDER}.zip"),
    )
    assert record.gates_after["production"] == (Verdict("tests", "passed", "4 tests passed"),)
    assert (record.tests, record.tests_log("production")) == ({}, "")
    assert record.performance == {"test": Performance(100, 1, 0.25), "production": None}
    assert record.baseline["test"] == BaselineRecord("clear", "no alarm rings", NOW)
    why = "alarm errors rings"
    assert record.rollback == {"production": RollbackRecord("restored", "hello runs 1", why, NOW, NOW, NOW)}


def test_what_a_row_lacks_has_its_default_and_what_it_has_more_is_ignored() -> None:
    """Missing attributes have defaults, and unknown ones of a later version are ignored."""
    assert read({"deploymentId": "d", "future": {"x": 1}}) == DeploymentRecord("d")


@pytest.mark.parametrize("name", ["eu-production", "test"])
def test_an_environment_may_have_any_name(name: str) -> None:
    """Names with a dash are grouped correctly."""
    assert read({"deploymentId": "d", f"rollback_{name}": {"result": "partly"}}).rollback[name].result == "partly"


def test_a_release_is_whole_where_nothing_was_left_out() -> None:
    """R14: a pin in production takes nothing from what `test` has proved."""
    stages = (PlannedStage("test", {"hello": "changed"}), PlannedStage("production", pinned=("hello",)))
    record = DeploymentRecord("d", RELEASE, plan=PlanRecord("deploy", "", stages))
    assert [record.is_whole_in(name) for name in ("test", "production", "elsewhere")] == [True, False, True]
    assert not replace(record, release=replace(RELEASE, emergency=True)).is_whole_in("test")
    assert not replace(record, request=Request(RELEASE.repository, "main", parts="infrastructure")).is_whole_in("test")
    assert not replace(record, release=None).is_whole_in("test")
