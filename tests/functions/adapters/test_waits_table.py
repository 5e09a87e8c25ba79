"""The waits table."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from components.stack.environment_settings import EnvironmentSettings
from functions.adapters.records import every
from functions.adapters.waits_table import WaitsTable
from functions.domain.approvals import Approval
from functions.domain.reconciliation import Sighting
from functions.domain.waits import ApprovalKey, Wait, read_wait_key
from functions.handler import encode
from tests.functions.samples import ENVIRONMENT, NOW
from tests.functions.stack import Stack

MOMENT = datetime.now(UTC)
OPEN = Approval("a1", "deploy", "d", "production", {"title": "x"}, ["h1"], NOW, NOW, NOW)


@pytest.fixture
def waits(stack: Stack) -> WaitsTable:
    """The table."""
    return WaitsTable.connect(stack.clients)


def test_a_wait_is_found_by_key_environment_and_execution(waits: WaitsTable, stack: Stack) -> None:
    """A wait is found with its facts, and is kept for two weeks."""
    wait = Wait(
        read_wait_key("watch/production/x"), "token", "arn:e", "production", {"environment": encode(ENVIRONMENT)}
    )
    waits.store(wait, MOMENT)
    waits.store(Wait(read_wait_key("build/1"), "other", "arn:f"), MOMENT)
    assert waits.find(read_wait_key("watch/production/x")) == wait
    assert waits.of_environment("production") == (wait,)
    assert waits.of_execution("arn:e") == (wait,)
    item = stack.table("waits").get_item(Key={"waitKey": "build/1"})["Item"]
    assert int(item["expiresAt"]) == int(MOMENT.timestamp()) + 14 * 86_400


def test_a_wait_that_ended_is_not_found(waits: WaitsTable) -> None:
    """A deleted wait is not found; deleting it twice is no error."""
    waits.store(Wait(read_wait_key("build/1"), "t", "e"), MOMENT)
    for _ in range(2):
        waits.forget(read_wait_key("build/1"))
        assert waits.find(read_wait_key("build/1")) is None
        assert waits.of_execution("e") == ()


def test_an_approval_and_its_wait_share_a_row(waits: WaitsTable) -> None:
    """The request is stored before the wait, and is kept when a new token is stored."""
    waits.save_approval(OPEN, MOMENT)
    assert waits.find(ApprovalKey("a1")) is None
    waits.store(Wait(ApprovalKey("a1"), "t", "e", "production"), MOMENT)
    assert waits.approval("a1") == OPEN
    assert waits.approval("other") is None


def test_the_link_of_the_longest_approval_still_finds_it_a_week_later(waits: WaitsTable, stack: Stack) -> None:
    """A week after the longest approval its link shows that it has expired."""
    waits.save_approval(OPEN, MOMENT)
    (limit,) = (
        one.le for one in EnvironmentSettings.model_fields["approval_timeout_seconds"].metadata if hasattr(one, "le")
    )
    kept = stack.table("waits").get_item(Key={"waitKey": str(ApprovalKey("a1"))})["Item"]["expiresAt"]
    assert int(kept) >= int(MOMENT.timestamp()) + limit + 7 * 86_400


def test_a_second_mail_adds_its_secret_and_nothing_else(waits: WaitsTable) -> None:
    """A further mail adds only its secret, also to a decided request."""
    waits.save_approval(OPEN, MOMENT)
    assert waits.decide(replace(OPEN, state="approved", by="Ada"))
    waits.save_approval(replace(OPEN, secret_hashes=["h2"], expires_at="later"), MOMENT)
    found = waits.approval("a1")
    assert found == replace(OPEN, state="approved", by="Ada", secret_hashes=["h1", "h2"])


def test_a_request_is_decided_once(waits: WaitsTable) -> None:
    """The table refuses a second decision, and a decision on a missing request."""
    waits.save_approval(OPEN, MOMENT)
    assert waits.decide(replace(OPEN, state="rejected"))
    assert not waits.decide(replace(OPEN, state="approved"))
    assert not waits.decide(replace(OPEN, approval_id="other", state="approved"))
    found = waits.approval("a1")
    assert found
    assert found.state == "rejected"


def test_the_requests_for_an_environment_are_found_before_anybody_waits(waits: WaitsTable) -> None:
    """All open requests of an environment, and no other records; one that was decided is waited for no longer."""
    second, elsewhere = replace(OPEN, approval_id="a2"), replace(OPEN, approval_id="a3", environment="test")
    for one in (OPEN, second, elsewhere):
        waits.save_approval(one, MOMENT)
    waits.store(Wait(ApprovalKey("a2"), "t", "e", "production"), MOMENT)
    waits.store(Wait(read_wait_key("watch/production/1"), "t", "e", "production"), MOMENT)
    assert sorted(one.approval_id for one in waits.approvals_of("production")) == ["a1", "a2"]
    found = {str(wait.key) for wait in waits.of_environment("production")}
    assert found == {"approval/a2", "watch/production/1"}
    assert waits.decide(replace(second, state="rejected"))
    assert [one.approval_id for one in waits.approvals_of("production")] == ["a1"]
    assert [str(wait.key) for wait in waits.of_environment("production")] == ["watch/production/1"]


def test_what_is_open_is_listed_by_its_own_index(waits: WaitsTable, stack: Stack) -> None:
    """The reconciliation lists it each minute: deliveries of 400 days and decided requests of 14 are not read.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-indexes-general-sparse-indexes.html
    """
    waits.save_approval(OPEN, MOMENT)
    waits.save_approval(replace(OPEN, approval_id="a2"), MOMENT)
    waits.decide(replace(OPEN, approval_id="a2", state="approved"))
    waits.store(Wait(read_wait_key("build/1"), "t", "e"), MOMENT)
    waits.store(Wait(read_wait_key("build/2"), "t", "e"), MOMENT)
    waits.forget(read_wait_key("build/2"))
    waits.save_sighting("acme/hello-service", Sighting("0" * 40, NOW))
    stack.recording = True
    found = {str(wait.key) if wait else approval and approval.approval_id for wait, approval in waits.open()}
    of_production = [one.approval_id for one in waits.approvals_of("production")]
    stack.recording = False
    assert (found, of_production) == ({"build/1", "a1"}, ["a1"])
    assert {call.action for call in stack.calls} == {"dynamodb:Query", "dynamodb:GetItem"}
    assert {call.given["IndexName"] for call in stack.calls if "IndexName" in call.given} == {"OpenIndex"}
    index = every(stack.table("waits"), "scan", IndexName="OpenIndex")
    assert {item["waitKey"] for item in index} == {"build/1", "approval/a1"}
