"""ReadBaseline: alarms that are in ALARM, have no data or are missing before anything is changed."""

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from msgspec.structs import replace

from functions.adapters.clock import iso
from functions.adapters.deployments_table import DeploymentsTable
from functions.domain.watches import Before
from functions.handler import decode, encode
from functions.stage.read_baseline import Output
from tests.functions.delivered import alarm, runs
from tests.functions.samples import DEPLOYMENT, RELEASE, SERVICE, environment, state
from tests.functions.shared.test_watch import watch
from tests.functions.stack import READ_ROLE, REGION, Stack, failing

EYES = {"critical_alarms": ["errors"], "warning_alarms": ["cpu"]}


def read(stack: Stack, *, emergency: bool = False, approved: tuple[str, ...] = (), **changes: Any) -> Any:
    """Run the handler."""
    DeploymentsTable.connect(stack.clients).begin(DEPLOYMENT, RELEASE, "arn:e", "push")
    return stack.run(
        "stage.read_baseline",
        {
            "deploymentId": DEPLOYMENT,
            "environment": environment(**{**EYES, **changes}),
            "emergency": emergency,
            "approved": approved,
        },
    )


def test_an_environment_without_active_alarms_is_clear(stack: Stack) -> None:
    """R1: the record has the result and the time."""
    alarm(stack, "errors")
    alarm(stack, "cpu")
    before = iso(datetime.now(UTC))
    found = read(stack)
    assert (found["outcome"], found["reason"], found["accepted"]) == ("clear", "no alarm is in ALARM", [])
    assert before <= found["at"] <= iso(datetime.now(UTC))
    facts = {"outcome": "clear", "reason": "no alarm is in ALARM", "at": found["at"], "tooSlow": []}
    assert stack.deployment()["baseline_production"] == facts


@pytest.mark.parametrize(("wanted", "outcome"), [("block", "block"), ("ask", "ask"), ("ignore", "clear")])
@pytest.mark.parametrize("name", ["errors", "cpu"])
def test_an_active_alarm_is_decided_by_its_setting(stack: Stack, name: str, wanted: Before, outcome: str) -> None:
    """Critical or warning; the reason names it, also if the release continues."""
    for one in ("errors", "cpu"):
        alarm(stack, one, "ALARM" if one == name else "OK")
    found = read(stack, on_active_alarm=wanted, on_missing_alarm_data="ignore")
    assert (found["outcome"], found["accepted"]) == (outcome, [name])
    assert found["reason"] == f"alarm {name} is in ALARM: above 5"
    assert stack.deployment()["baseline_production"]["reason"] == found["reason"]


@pytest.mark.parametrize(("wanted", "outcome"), [("block", "block"), ("ask", "ask"), ("ignore", "clear")])
def test_missing_alarm_data_is_decided_by_its_own_setting(stack: Stack, wanted: Before, outcome: str) -> None:
    """An alarm that does not exist, and one without data; they are named, but not accepted."""
    alarm(stack, "cpu", "INSUFFICIENT_DATA")
    found = read(stack, on_active_alarm="ignore", on_missing_alarm_data=wanted)
    assert (found["outcome"], found["accepted"]) == (outcome, [])
    assert found["reason"] == "no alarm is named errors; no data for cpu"


def test_an_environment_written_before_the_settings_were_renamed_gets_the_defaults(stack: Stack) -> None:
    """`ringingAlarms` and `blindAlarms`, in the input of an execution that began before the upgrade, are ignored."""
    alarm(stack, "errors", "ALARM")
    DeploymentsTable.connect(stack.clients).begin(DEPLOYMENT, RELEASE, "arn:e", "push")
    carried = encode(environment(**EYES))
    names = {"onActiveAlarm": "ringingAlarms", "onMissingAlarmData": "blindAlarms"}
    old = {names.get(key, key): "ignore" if key in names else value for key, value in carried.items()}
    found = stack.run("stage.read_baseline", {"deploymentId": DEPLOYMENT, "environment": old})
    assert (found["outcome"], found["accepted"]) == ("block", ["errors"])


def test_the_alarms_of_what_runs_count_too(stack: Stack) -> None:
    """Those in the definition of the release before."""
    runs(stack, state(replace(SERVICE, critical_alarms=["{environment}-slow"])))
    alarm(stack, "production-slow", "ALARM")
    found = read(stack, critical_alarms=[], warning_alarms=[])
    assert (found["outcome"], found["accepted"]) == ("block", ["production-slow"])


def test_missing_alarms_block_nothing_by_default(stack: Stack) -> None:
    """A first release creates its own alarms; an alarm in ALARM blocks it."""
    assert read(stack)["outcome"] == "clear"
    alarm(stack, "errors", "ALARM")
    assert read(stack)["outcome"] == "block"


def test_the_watch_accepts_what_was_accepted_here(stack: Stack) -> None:
    """R1: an accepted alarm ends no watch until it was OK and is in ALARM anew."""
    alarm(stack, "errors", "ALARM")
    found = decode(Output, read(stack, on_active_alarm="ignore"))
    accepted = {"names": found.accepted, "at": found.at}
    assert watch(stack, accepted=accepted)["outcome"] == "watching"
    alarm(stack, "errors", "OK")
    alarm(stack, "errors", "ALARM", "above 5 again")
    assert watch(stack, accepted=accepted)["outcome"] == "breached"


def test_alarms_that_cannot_be_read_are_an_error(stack: Stack) -> None:
    """An unread alarm is not taken for OK."""
    cloudwatch = stack.clients.client("cloudwatch", region=REGION, role_arn=READ_ROLE)
    refusal = ClientError({"Error": {"Code": "AccessDenied", "Message": "x"}}, "DescribeAlarms")
    with failing(cloudwatch, "DescribeAlarms", refusal), pytest.raises(ClientError):
        read(stack)
    assert "baseline_production" not in stack.deployment()


def test_the_alarm_of_a_part_that_is_gone_does_not_block(stack: Stack) -> None:
    """Otherwise the part could not be removed."""
    runs(stack, state(replace(SERVICE, critical_alarms=["old-errors"])))
    alarm(stack, "old-errors", "ALARM")
    event = {"deploymentId": DEPLOYMENT, "environment": environment()}
    assert stack.run("stage.read_baseline", event)["outcome"] == "block"
    assert stack.run("stage.read_baseline", {**event, "gone": ["hello"]})["outcome"] == "clear"


def test_alarms_that_the_watch_is_too_short_for_are_a_warning(stack: Stack) -> None:
    """R1: a watch of 60 s ends before an alarm of 60 s × 1 can be in ALARM; the record names it, nothing is refused."""
    alarm(stack, "errors")
    alarm(stack, "cpu")
    found = read(stack, watch_seconds=60)
    assert (found["outcome"], found["tooSlow"]) == ("clear", ["cpu", "errors"])
    assert "alarm errors needs 60 s of bad data, and the watch ends after 60 s" in found["reason"]
    assert stack.deployment()["baseline_production"]["tooSlow"] == ["cpu", "errors"]
    assert read(stack, watch_seconds=61)["tooSlow"] == []


@pytest.mark.parametrize("setting", ["on_active_alarm", "on_missing_alarm_data"])
def test_an_emergency_asks_where_others_are_blocked(stack: Stack, setting: str) -> None:
    """P8: it enters an environment that is not well only with an approval, never silently."""
    alarm(stack, "errors", "ALARM" if setting == "on_active_alarm" else "INSUFFICIENT_DATA")
    alarm(stack, "cpu")
    settings: dict[str, Any] = {"on_active_alarm": "ignore", "on_missing_alarm_data": "ignore", setting: "block"}
    assert read(stack, **settings)["outcome"] == "block"
    assert read(stack, emergency=True, **settings)["outcome"] == "ask"
    assert read(stack, emergency=True, **{**settings, setting: "ignore"})["outcome"] == "clear"


def test_what_a_person_approved_is_not_asked_again(stack: Stack) -> None:
    """The same alarm in the same state; another alarm, and the same one in another state, is asked about."""
    alarm(stack, "errors", "INSUFFICIENT_DATA")
    alarm(stack, "cpu")
    settings: dict[str, Any] = {"on_active_alarm": "ask", "on_missing_alarm_data": "ask"}
    first = read(stack, **settings)
    assert (first["outcome"], first["asked"]) == ("ask", ["INSUFFICIENT_DATA errors"])
    approved = tuple(first["asked"])
    assert read(stack, approved=approved, **settings)["outcome"] == "clear"
    alarm(stack, "errors", "ALARM")
    again = read(stack, approved=approved, **settings)
    assert (again["outcome"], again["asked"], again["accepted"]) == ("ask", ["ALARM errors"], ["errors"])
    later = read(stack, approved=(*approved, *again["asked"]), **settings)
    assert (later["outcome"], later["accepted"]) == ("clear", ["errors"])


def test_an_approval_does_not_lift_a_block(stack: Stack) -> None:
    """What is approved is only what was asked about."""
    alarm(stack, "errors", "ALARM")
    assert read(stack, approved=("ALARM errors",))["outcome"] == "block"
