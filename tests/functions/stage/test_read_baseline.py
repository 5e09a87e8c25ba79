"""ReadBaseline: what rings, is blind or is missing before anything is changed."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.adapters.clock import iso
from functions.adapters.deployments_table import DeploymentsTable
from functions.domain.watches import Before
from functions.handler import decode
from functions.stage.read_baseline import Output
from tests.functions.delivered import alarm, runs
from tests.functions.samples import DEPLOYMENT, RELEASE, SERVICE, environment, state
from tests.functions.shared.test_watch import watch
from tests.functions.stack import DEPLOY_ROLE, REGION, Stack, failing

EYES = {"critical_alarms": ["errors"], "warning_alarms": ["cpu"]}


def read(stack: Stack, **changes: Any) -> Any:
    """Run the handler."""
    DeploymentsTable.connect(stack.clients).begin(DEPLOYMENT, RELEASE, "arn:e", "push")
    return stack.run(
        "stage.read_baseline", {"deploymentId": DEPLOYMENT, "environment": environment(**{**EYES, **changes})}
    )


def test_a_quiet_environment_is_clear(stack: Stack) -> None:
    """R1: and the record says so, and when that was."""
    alarm(stack, "errors")
    alarm(stack, "cpu")
    before = iso(datetime.now(UTC))
    found = read(stack)
    assert (found["outcome"], found["reason"], found["accepted"]) == ("clear", "no alarm is in ALARM", [])
    assert before <= found["at"] <= iso(datetime.now(UTC))
    facts = {"outcome": "clear", "reason": "no alarm is in ALARM", "at": found["at"]}
    assert stack.deployment()["baseline_production"] == facts


@pytest.mark.parametrize(("wanted", "outcome"), [("block", "block"), ("ask", "ask"), ("ignore", "clear")])
@pytest.mark.parametrize("name", ["errors", "cpu"])
def test_an_alarm_that_rings_is_decided_by_its_setting(stack: Stack, name: str, wanted: Before, outcome: str) -> None:
    """Critical or warning; it is named to people and in the record, also when it is let pass."""
    for one in ("errors", "cpu"):
        alarm(stack, one, "ALARM" if one == name else "OK")
    found = read(stack, ringing_alarms=wanted, blind_alarms="ignore")
    assert (found["outcome"], found["accepted"]) == (outcome, [name])
    assert found["reason"] == f"alarm {name} is in ALARM: above 5"
    assert stack.deployment()["baseline_production"]["reason"] == found["reason"]


@pytest.mark.parametrize(("wanted", "outcome"), [("block", "block"), ("ask", "ask"), ("ignore", "clear")])
def test_an_alarm_that_nobody_hears_is_decided_by_its_own_setting(stack: Stack, wanted: Before, outcome: str) -> None:
    """One that does not exist, and one without data: named, and not accepted, for they do not ring."""
    alarm(stack, "cpu", "INSUFFICIENT_DATA")
    found = read(stack, ringing_alarms="ignore", blind_alarms=wanted)
    assert (found["outcome"], found["accepted"]) == (outcome, [])
    assert found["reason"] == "no alarm is named errors; no data for cpu"


def test_the_alarms_of_what_runs_count_too(stack: Stack) -> None:
    """Those that the release before brought along."""
    runs(stack, state(replace(SERVICE, critical_alarms=["{environment}-slow"])))
    alarm(stack, "production-slow", "ALARM")
    found = read(stack, critical_alarms=[], warning_alarms=[])
    assert (found["outcome"], found["accepted"]) == ("block", ["production-slow"])


def test_a_first_release_makes_its_alarms_itself(stack: Stack) -> None:
    """By default alarms that are not there yet stop nothing, and ringing ones do."""
    assert read(stack)["outcome"] == "clear"
    alarm(stack, "errors", "ALARM")
    assert read(stack)["outcome"] == "block"


def test_the_watch_lets_pass_what_was_accepted_here(stack: Stack) -> None:
    """R1: the same ringing ends no watch; once it was quiet and rings anew, it does."""
    alarm(stack, "errors", "ALARM")
    found = decode(Output, read(stack, ringing_alarms="ignore"))
    accepted = {"names": found.accepted, "at": found.at}
    assert watch(stack, accepted=accepted)["outcome"] == "watching"
    alarm(stack, "errors", "OK")
    alarm(stack, "errors", "ALARM", "above 5 again")
    assert watch(stack, accepted=accepted)["outcome"] == "breached"


def test_who_cannot_read_the_alarms_says_so(stack: Stack) -> None:
    """Nothing is taken for quiet that could not be heard."""
    cloudwatch = stack.clients.client("cloudwatch", region=REGION, role_arn=DEPLOY_ROLE)
    refusal = ClientError({"Error": {"Code": "AccessDenied", "Message": "x"}}, "DescribeAlarms")
    with failing(cloudwatch, "DescribeAlarms", refusal), pytest.raises(ClientError):
        read(stack)
    assert "baseline_production" not in stack.deployment()


def test_what_a_release_leaves_behind_keeps_nobody_out(stack: Stack) -> None:
    """The alarm of a service that is taken away must not keep it there."""
    runs(stack, state(replace(SERVICE, critical_alarms=["old-errors"])))
    alarm(stack, "old-errors", "ALARM")
    event = {"deploymentId": DEPLOYMENT, "environment": environment()}
    assert stack.run("stage.read_baseline", event)["outcome"] == "block"
    assert stack.run("stage.read_baseline", {**event, "gone": ["hello"]})["outcome"] == "clear"
