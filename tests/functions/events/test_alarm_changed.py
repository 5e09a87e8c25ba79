"""An alarm's event ends the watches and approvals that it concerns."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from msgspec.structs import replace

from functions.adapters.clock import iso
from functions.adapters.waits_table import WaitsTable
from functions.domain.approvals import Approval
from functions.domain.environments import Environment
from functions.domain.manifests import Part
from functions.domain.waits import (
    AlarmsFacts,
    AlarmsKey,
    ApprovalFacts,
    ApprovalKey,
    Wait,
    WaitKey,
    WatchFacts,
    WatchKey,
    read_wait_key,
)
from functions.domain.watches import NOTHING_ACCEPTED, Accepted
from functions.handler import encode
from tests.functions.delivered import alarm, runs
from tests.functions.samples import COMMIT, DEPLOYMENT, LEASE, NOW, RELEASE, SERVICE, environment, state, version
from tests.functions.stack import ACCOUNT, REGION, Stack, failing

WATCHED = environment(critical_alarms=["errors"], warning_alarms=["cpu"])
LATER = iso(datetime.now(UTC) + timedelta(hours=1))


RANG_AT, SENT_AT = "2026-01-31T08:00:00.985+0000", "2026-01-31T08:00:00Z"


def changed(
    stack: Stack, name: str = "errors", value: str = "ALARM", account: str = ACCOUNT, region: str = REGION
) -> list[str]:
    """Run the handler for an alarm's event; returns the keys of the ended waits.

    The fields of the event: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
    """
    detail = {"alarmName": name, "state": {"value": value, "reason": "was above 5", "timestamp": RANG_AT}}
    event = {"account": account, "region": region, "time": SENT_AT, "detail": detail}
    ended: list[str] = stack.run("events.alarm_changed", event)["ended"]
    return ended


def watch(
    stack: Stack,
    where: Environment = WATCHED,
    reviewed: tuple[str, ...] = (),
    accepted: Accepted = NOTHING_ACCEPTED,
    gone: tuple[str, ...] = (),
    paused: Part | None = None,
) -> str:
    """Store the watch of an environment."""
    key = f"watch/{where.name}/main-1"
    facts: dict[str, Any] = {
        "environment": encode(where),
        "until": LATER,
        "reviewed": list(reviewed),
        "accepted": encode(accepted),
        "gone": list(gone),
        "paused": encode(paused),
    }
    WaitsTable.connect(stack.clients).store(
        Wait(read_wait_key(key), f"token-{where.name}", "arn:e", where.name, facts), _now()
    )
    return key


def approval(stack: Stack, where: Environment = WATCHED) -> str:
    """Store an open request for approval with its wait."""
    waits = WaitsTable.connect(stack.clients)
    waits.save_approval(Approval("a1", "deploy", DEPLOYMENT, where.name, {}, ["h"], NOW, NOW, LATER), _now())
    facts = {"environment": encode(where)}
    waits.store(Wait(read_wait_key("approval/a1"), "token-a1", "arn:e", where.name, facts), _now())
    return "approval/a1"


def _now() -> datetime:
    return datetime.now(UTC)


def test_a_critical_alarm_ends_the_watch_within_its_event(stack: Stack) -> None:
    """R1: the wait ends with the alarm's name and reason; a second event finds no wait."""
    alarm(stack, "errors", "ALARM")
    key = watch(stack)
    assert changed(stack) == [key]
    answer = stack.completed()["token-production"]
    assert (answer["outcome"], answer["alarms"]) == ("breached", ["errors"])
    assert changed(stack) == []
    assert len(stack.completed()) == 1


def test_a_breach_that_could_not_be_delivered_is_kept(stack: Stack) -> None:
    """Q1: when the event is retried the alarm is OK again; the watch fails nevertheless."""
    alarm(stack, "errors", "ALARM")
    key = watch(stack)
    throttled = ClientError({"Error": {"Code": "ThrottlingException", "Message": "x"}}, "SendTaskSuccess")
    with failing(stack.client("stepfunctions"), "SendTaskSuccess", throttled), pytest.raises(ExceptionGroup):
        changed(stack)
    alarm(stack, "errors", "OK")
    assert changed(stack) == [key]
    assert stack.completed()["token-production"]["outcome"] == "breached"


def test_only_the_environment_of_the_alarm_is_concerned(stack: Stack) -> None:
    """The watch of another environment continues."""
    alarm(stack, "errors", "ALARM")
    watch(stack, environment(name="test", critical_alarms=["other"]))
    key = watch(stack)
    assert changed(stack) == [key]


def test_a_warning_pauses_and_a_reviewed_one_does_not(stack: Stack) -> None:
    """R2: a person reviews a warning once."""
    alarm(stack, "errors")
    alarm(stack, "cpu", "ALARM")
    watch(stack, reviewed=("cpu",))
    assert changed(stack, "cpu") == []
    watch(stack)
    changed(stack, "cpu")
    assert stack.completed()["token-production"]["outcome"] == "review"


def test_an_alarm_of_a_service_counts(stack: Stack) -> None:
    """The manifest of what runs names the alarm."""
    runs(stack, state(replace(SERVICE, critical_alarms=["{environment}-slow"])))
    alarm(stack, "production-slow", "ALARM")
    key = watch(stack)
    assert changed(stack, "production-slow") == [key]


@pytest.mark.parametrize("reads", ["OK", "INSUFFICIENT_DATA"])
def test_an_alarm_that_is_ok_again_ends_the_watch_nevertheless(stack: Stack, reads: str) -> None:
    """Q1: the watch ends with the event's reason and time, whatever the alarm's state is by now."""
    alarm(stack, "errors", reads)
    key = watch(stack)
    assert changed(stack) == [key]
    answer = stack.completed()["token-production"]
    assert (answer["outcome"], answer["alarms"]) == ("breached", ["errors"])
    assert (answer["reason"], answer["breachedAt"]) == (
        "alarm errors is in ALARM: was above 5",
        "2026-01-31T08:00:00.985Z",
    )


@pytest.mark.parametrize("reads", ["OK", "INSUFFICIENT_DATA"])
def test_an_approval_is_not_void_for_an_alarm_that_is_ok_again(stack: Stack, reads: str) -> None:
    """A4: nothing was changed yet, so the current state counts."""
    alarm(stack, "errors", reads)
    approval(stack)
    assert changed(stack) == []


@pytest.mark.parametrize("value", ["OK", "INSUFFICIENT_DATA"])
def test_an_event_of_any_other_state_ends_nothing(stack: Stack, value: str) -> None:
    """Only a change to ALARM counts."""
    alarm(stack, "errors")
    watch(stack)
    approval(stack)
    assert changed(stack, value=value) == []
    assert stack.completed() == {}


def test_a_warning_that_is_ok_again_still_needs_a_review(stack: Stack) -> None:
    """R2, Q1: the environment defines its severity, not the event."""
    alarm(stack, "errors")
    alarm(stack, "cpu")
    watch(stack)
    changed(stack, "cpu")
    assert stack.completed()["token-production"]["outcome"] == "review"


def test_an_accepted_alarm_ends_the_watch_when_it_is_active_anew(stack: Stack) -> None:
    """R1: only that period in ALARM was accepted, not the alarm for ever; a millisecond decides."""
    alarm(stack, "errors")
    accepted_later, accepted_before = Accepted(("errors",), LATER), Accepted(("errors",), "2026-01-31T08:00:00.984Z")
    watch(stack, accepted=accepted_later)
    assert changed(stack) == []
    key = watch(stack, accepted=accepted_before)
    assert changed(stack) == [key]


def test_a_critical_alarm_voids_a_request_for_approval(stack: Stack) -> None:
    """A4: the request is void, its wait ends, and the page shows the reason."""
    alarm(stack, "errors", "ALARM")
    key = approval(stack)
    assert changed(stack) == [key]
    assert stack.completed()["token-a1"] == {"outcome": "void", "reason": "alarm errors is in ALARM in production"}
    kept = WaitsTable.connect(stack.clients).approval("a1")
    assert kept
    assert kept.state == "void"
    assert changed(stack) == []


def test_a_warning_voids_no_approval(stack: Stack) -> None:
    """Only a critical alarm does."""
    alarm(stack, "cpu", "ALARM")
    alarm(stack, "errors")
    approval(stack)
    assert changed(stack, "cpu") == []


def test_a_wait_that_cannot_be_judged_does_not_stop_others(stack: Stack) -> None:
    """A manifest with a wrong alarm name in one environment does not affect the watch of another."""
    broken = replace(state(replace(SERVICE, critical_alarms=["{nothing}"])), environment="test")
    runs(stack, broken)
    watch(stack, environment(name="test"))
    key = watch(stack)
    alarm(stack, "errors", "ALARM")
    with pytest.raises(ExceptionGroup, match="watch/test/main-1"):
        changed(stack)
    assert stack.completed()["token-production"]["outcome"] == "breached"
    assert WaitsTable.connect(stack.clients).find(read_wait_key(key)) is None


def test_the_alarm_of_a_part_that_is_gone_ends_no_watch(stack: Stack) -> None:
    """The watch reads alarms of delivered parts only."""
    runs(stack, state(replace(SERVICE, critical_alarms=["old-errors"])))
    alarm(stack, "old-errors", "ALARM")
    key = watch(stack, environment(), gone=("hello",))
    assert changed(stack, "old-errors") == []
    assert watch(stack, environment()) == key
    assert changed(stack, "old-errors") == [key]


def test_the_alarm_of_another_repository_ends_nothing(stack: Stack) -> None:
    """R1: neither a watch, nor a request, nor the wait of a rollback of a release that did not change that part."""
    part, theirs = replace(SERVICE, critical_alarms=["their-errors"]), version(source=f"sources/acme/blog/{COMMIT}.zip")
    runs(stack, state(part, theirs), lease=replace(LEASE, repository="acme/blog"))
    alarm(stack, "their-errors", "ALARM")
    waits, mine = WaitsTable.connect(stack.clients), RELEASE.repository
    found = {}
    for repository in (mine, "acme/blog"):
        request = Approval("a1", "deploy", DEPLOYMENT, "production", {}, ["h"], NOW, NOW, LATER, repository=repository)
        waits.forget(ApprovalKey("a1"))
        waits.save_approval(request, _now())
        stored: dict[WaitKey, Any] = {
            WatchKey("production", "main-1"): WatchFacts(
                environment(), LATER, [], NOTHING_ACCEPTED, repository=repository
            ),
            ApprovalKey("a1"): ApprovalFacts(environment(), NOTHING_ACCEPTED),
        }
        for key, facts in stored.items():
            waits.store(Wait(key, f"token-{key}", "arn:e", "production", encode(facts)), _now())
        found[repository] = changed(stack, "their-errors")
    assert found == {mine: [], "acme/blog": ["approval/a1", "watch/production/main-1"]}


@pytest.mark.parametrize("elsewhere", [{"account": "999999999999"}, {"region": "us-east-1"}])
def test_an_alarm_of_the_same_name_elsewhere_ends_nothing(stack: Stack, elsewhere: dict[str, str]) -> None:
    """R1: neither a watch, nor a request, nor the wait of a rollback, whatever the environment's own alarm says."""
    alarm(stack, "errors")
    watch(stack)
    approval(stack)
    awaited(stack)
    assert changed(stack, **elsewhere) == []
    assert changed(stack, value="OK", **elsewhere) == []
    assert stack.completed() == {}


def awaited(stack: Stack) -> str:
    """Store the wait of a rollback for critical alarms."""
    key = AlarmsKey("production", "main-1-production-rollback")
    facts = encode(AlarmsFacts(WATCHED, LATER, NOTHING_ACCEPTED))
    WaitsTable.connect(stack.clients).store(Wait(key, "token-alarms", "arn:r", "production", facts), _now())
    return str(key)


@pytest.mark.parametrize("value", ["OK", "INSUFFICIENT_DATA"])
def test_an_alarm_that_leaves_alarm_ends_the_wait_of_a_rollback(stack: Stack, value: str) -> None:
    """R5: the event of its end, also to INSUFFICIENT_DATA, ends the wait; a second one finds no wait."""
    key = awaited(stack)
    alarm(stack, "errors", "ALARM")
    assert changed(stack, value=value) == [], "the state is read, and it is still in ALARM"
    alarm(stack, "errors", value)
    assert changed(stack, value=value) == [key]
    assert stack.completed()["token-alarms"] == {"outcome": "quiet", "reason": ""}
    assert changed(stack, value=value) == []


def test_the_wait_of_a_rollback_ends_with_the_last_critical_alarm(stack: Stack) -> None:
    """R5: one that is still in ALARM keeps it; a warning does not."""
    both = replace(WATCHED, critical_alarms=["errors", "latency"])
    key = AlarmsKey("production", "main-1-production-rollback")
    facts = encode(AlarmsFacts(both, LATER, NOTHING_ACCEPTED))
    WaitsTable.connect(stack.clients).store(Wait(key, "token-alarms", "arn:r", "production", facts), _now())
    alarm(stack, "errors")
    alarm(stack, "latency", "ALARM")
    alarm(stack, "cpu", "ALARM")
    assert changed(stack, value="OK") == []
    alarm(stack, "latency")
    assert changed(stack, "latency", "OK") == [str(key)]


def test_an_event_with_a_token_of_before_keeps_its_breach(stack: Stack) -> None:
    """R1: the wait has the breach for the next reading, because nothing waits with that token any more."""
    alarm(stack, "errors", "ALARM")
    key = watch(stack)
    client = stack.client("stepfunctions")
    gone = client.exceptions.TaskTimedOut({"Error": {"Code": "TaskTimedOut", "Message": "x"}}, "SendTaskSuccess")
    with failing(client, "SendTaskSuccess", gone):
        assert changed(stack) == []
    kept = WaitsTable.connect(stack.clients).find(read_wait_key(key))
    assert kept
    assert kept.facts["failed"]["outcome"] == "breached"


def test_an_alarm_that_a_paused_part_brings_ends_the_watch(stack: Stack) -> None:
    """R12: at a step the part is not recorded yet."""
    alarm(stack, "new-errors", "ALARM")
    key = watch(stack, environment(), paused=replace(SERVICE, critical_alarms=["new-errors"]))
    assert changed(stack, "other") == []
    assert changed(stack, "new-errors") == [key]
    assert stack.completed()["token-production"]["alarms"] == ["new-errors"]
