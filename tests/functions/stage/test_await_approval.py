"""AwaitApproval: store the token, then read the request."""

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from functions.adapters.clock import iso
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.waits_table import WaitsTable
from functions.domain.approvals import Approval, Consent, State
from functions.domain.environments import Environment, Freeze
from functions.domain.order import Mark, Order
from functions.domain.waits import ApprovalKey
from functions.domain.watches import NOTHING_ACCEPTED, Accepted
from tests.functions.delivered import alarm
from tests.functions.samples import DEPLOYMENT, ENVIRONMENT, EXECUTION, NOW, RELEASE, environment
from tests.functions.stack import READ_ROLE, REGION, Stack, failing

LATER = "2099-01-01T00:00:00.000Z"
OPEN = Approval("a1", "deploy", DEPLOYMENT, "production", {}, ["hash"], NOW, NOW, LATER)


def keep(stack: Stack, approval: Approval = OPEN) -> WaitsTable:
    """Store a request."""
    waits = WaitsTable.connect(stack.clients)
    waits.save_approval(approval, datetime.now(UTC))
    return waits


def wait(
    stack: Stack, token: str = "token", where: Environment = ENVIRONMENT, accepted: Accepted | None = NOTHING_ACCEPTED
) -> dict[str, Any]:
    """Run the handler; returns the completed tokens."""
    stack.run(
        "stage.await_approval",
        {
            "taskToken": token,
            "execution": EXECUTION,
            "deploymentId": DEPLOYMENT,
            "environment": where,
            "approvalId": "a1",
            "accepted": accepted,
        },
    )
    return stack.completed()


def test_an_open_request_is_waited_for(stack: Stack) -> None:
    """The newest token is stored, by environment and by execution."""
    waits = keep(stack)
    assert wait(stack) == {}
    assert wait(stack, "token-2") == {}
    (found,) = waits.of_environment("production")
    assert (str(found.key), found.token) == ("approval/a1", "token-2")
    assert waits.of_execution(EXECUTION) == (found,)
    stored = waits.approval("a1")
    assert stored
    assert replace(stored, alarms_at="") == OPEN


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("approved", "approved by Ada: fine"),
        ("rejected", "rejected by Ada: fine"),
        ("superseded", "fine"),
        ("void", "fine"),
    ],
)
def test_a_decision_that_is_there_already_ends_the_wait(stack: Stack, state: State, reason: str) -> None:
    """After a lost event, the next query reads the decision."""
    keep(stack, replace(OPEN, state=state, by="Ada", reason="fine"))
    assert wait(stack) == {"token": {"outcome": state, "reason": reason}}
    assert wait(stack, "again")["again"]["outcome"] == state


def test_an_approval_counts_when_its_time_has_come(stack: Stack) -> None:
    """A5: the query after that time ends the wait; the record says who approved and that it waits no longer."""
    waits = keep(stack, replace(OPEN, consents=(Consent("Ada", NOW, "fine", "", ""),), counts_from=LATER))
    assert wait(stack) == {}
    waits.forget(ApprovalKey("a1"))
    keep(stack, replace(OPEN, consents=(Consent("Ada", NOW, "fine", "", ""),), counts_from=NOW))
    assert wait(stack) == {"token": {"outcome": "approved", "reason": "approved by Ada: fine"}}
    stored = waits.approval("a1")
    assert stored
    assert (stored.state, stored.decided_at) == ("approved", NOW)
    fact = stack.deployment(DEPLOYMENT)["approval_production_deploy"]
    assert (fact["state"], fact["by"], fact["countsFrom"]) == ("approved", "Ada", NOW)


def test_what_ends_a_request_ends_one_whose_time_has_come(stack: Stack) -> None:
    """A4: an alarm that came meanwhile voids it, although nobody asked before that time."""
    alarm(stack, "errors", "ALARM")
    keep(stack, replace(OPEN, consents=(Consent("Ada", NOW, "fine", "", ""),), counts_from=NOW))
    assert wait(stack, where=environment(critical_alarms=["errors"]))["token"]["outcome"] == "void"


def test_a_request_in_an_environment_that_a_newer_release_passed_is_superseded(stack: Stack) -> None:
    """P3: also if its wait was not found when the newer one passed; the request and the wait say which one it is."""
    ordered = replace(OPEN, repository=RELEASE.repository, order=RELEASE.order)
    waits = keep(stack, ordered)
    mark = Mark(Order(1, 11), "main-2", "f" * 40)
    EnvironmentsTable.connect(stack.clients).note_passage("production", RELEASE.repository, mark, "passed")
    why = "the newer release ffffffffffff (main-2) has passed production"
    assert wait(stack) == {"token": {"outcome": "superseded", "reason": why}}
    assert waits.approval("a1") == replace(ordered, state="superseded", reason=why)


def test_a_review_is_not_superseded(stack: Stack) -> None:
    """P3: its release runs already, and holds the lock."""
    keep(stack, replace(OPEN, purpose="review", repository=RELEASE.repository, order=RELEASE.order))
    mark = Mark(Order(1, 11), "main-2", "f" * 40)
    EnvironmentsTable.connect(stack.clients).note_passage("production", RELEASE.repository, mark, "passed")
    assert wait(stack) == {}


def test_a_request_past_its_end_is_expired(stack: Stack) -> None:
    """A1: the end is written, so that the page shows it to a late approver."""
    waits = keep(stack, replace(OPEN, expires_at=NOW))
    assert wait(stack)["token"] == {"outcome": "expired", "reason": "nobody decided before 2026-01-31 08:00 UTC"}
    stored = waits.approval("a1")
    assert stored
    assert stored.state == "expired"


def test_a_decision_in_the_last_moment_counts(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody decided between the read and the write; the decision stays."""
    waits = keep(stack, replace(OPEN, expires_at=NOW))
    decide = WaitsTable.decide

    def other_first(self: WaitsTable, approval: Approval) -> bool:
        assert decide(waits, replace(OPEN, state="approved", by="Ada"))
        return decide(self, approval)

    monkeypatch.setattr(WaitsTable, "decide", other_first)
    assert wait(stack)["token"]["outcome"] == "approved"


def test_a_missing_request_is_void(stack: Stack) -> None:
    """Nobody can decide it any more."""
    assert wait(stack)["token"] == {"outcome": "void", "reason": "the request a1 is missing"}


def test_each_query_stores_the_alarms(stack: Stack) -> None:
    """The approval page shows their states; alarms that can't be read stop nothing."""
    waits = keep(stack)
    alarm(stack, "cpu", "ALARM", "above 90 %")
    assert wait(stack, where=environment(warning_alarms=["cpu", "gone"])) == {}
    stored = waits.approval("a1")
    assert stored
    assert [(one.name, one.state) for one in stored.alarms] == [("cpu", "ALARM"), ("gone", "missing")]
    with failing(
        stack.clients.client("cloudwatch", region=REGION, role_arn=READ_ROLE),
        "DescribeAlarms",
        RuntimeError("throttled"),
    ):
        assert wait(stack, "again", environment(critical_alarms=["cpu"])) == {}


def test_a_critical_alarm_whose_event_was_lost_voids_the_request(stack: Stack) -> None:
    """A4: the next query reads it; nobody can approve the request after that."""
    waits = keep(stack)
    alarm(stack, "errors", "ALARM")
    reason = "alarm errors is in ALARM in production"
    assert wait(stack, where=environment(critical_alarms=["errors"]))["token"] == {"outcome": "void", "reason": reason}
    stored = waits.approval("a1")
    assert stored
    assert (stored.state, stored.reason) == ("void", reason)


def test_an_alarm_that_the_approvers_were_asked_about_voids_nothing(stack: Stack) -> None:
    """R1: it was in ALARM before the request; once it enters ALARM again, it voids the request."""
    keep(stack)
    alarm(stack, "errors", "ALARM")
    where = environment(critical_alarms=["errors"])
    accepted = Accepted(("errors",), iso(datetime.now(UTC)))
    assert wait(stack, where=where, accepted=accepted) == {}
    alarm(stack, "errors", "OK")
    alarm(stack, "errors", "ALARM", "above 5 again")
    assert wait(stack, "again", where, accepted)["again"]["outcome"] == "void"


def test_a_request_of_an_execution_before_the_update_is_voided_by_events_only(stack: Stack) -> None:
    """Its input does not say which alarms were in ALARM before the request."""
    keep(stack)
    alarm(stack, "errors", "ALARM")
    assert wait(stack, where=environment(critical_alarms=["errors"]), accepted=None) == {}


@pytest.mark.parametrize("purpose", ["deploy", "review"])
def test_a_request_that_expired_during_a_freeze_is_not_the_end(stack: Stack, purpose: Any) -> None:
    """P12: nobody could approve it, so the release waits for the unfreeze; a review is no entry and just expires."""
    EnvironmentsTable.connect(stack.clients).freeze("production", Freeze("the fair", "Ada", NOW))
    keep(stack, replace(OPEN, expires_at=NOW, purpose=purpose))
    found = wait(stack)["token"]
    assert found["outcome"] == ("frozen" if purpose == "deploy" else "expired")
    assert wait(stack, "again")["again"] == found, "the same after a lost completion"
