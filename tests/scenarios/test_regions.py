"""An environment in another region than the stack: releases, and its alarms with and without forwarding."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from local.clients import Clients, clients
from local.operators import operator_environment
from local.platform import PROJECT, forward
from local.service import Traffic
from tests.scenarios.conftest import ENVIRONMENTS, REGION
from tests.scenarios.document import Guide
from tests.scenarios.driver import PlatformDriver, eventually, name_of
from tests.scenarios.shell import Shell

pytestmark = pytest.mark.long
# An event ends a watch long before it polls, and without an event the first poll does.
WATCHED = [{**one, "watchSeconds": 80} if one["name"] == "production" else one for one in ENVIRONMENTS]
BACKSTOPS = {"buildSeconds": 20, "approvalSeconds": 20, "lockSeconds": 10, "watchSeconds": 40, "pushSeconds": 5}
ALARM = "hello-production-errors"


@pytest.fixture(scope="module", autouse=True)
def _watched(driver: PlatformDriver) -> None:
    """A release runs in production, whose watch is long from now on: these are the last releases of the platform."""
    driver.released()
    driver.platform.change(environments=WATCHED, backstops=BACKSTOPS)


@pytest.fixture
def forwarded(driver: PlatformDriver) -> Iterator[None]:
    """The command of the stack's output `forwarding` has been run."""
    (needed,) = driver.platform.outputs["forwarding"]
    forward("up", needed["command"], driver.platform.describe())
    yield
    forward("destroy", needed["command"], driver.platform.describe())


@pytest.fixture
def there(driver: PlatformDriver) -> Iterator[Clients]:
    """The region of the environment, in which no alarm of an earlier test is in ALARM."""
    with clients(driver.platform.emulator.endpoint, REGION) as made:
        described = made.client("cloudwatch").describe_alarms
        eventually(lambda: described(AlarmNames=[ALARM])["MetricAlarms"][0]["StateValue"] != "ALARM")
        yield made


def break_production(driver: PlatformDriver) -> dict[str, Any]:
    """Release a commit that fails in service, wait until its deployment has ended, and return its record.

    Nobody uses the service before it is watched, so its alarm is not found when the watch begins.
    """
    driver.author.break_in_service()
    commit = driver.push("feat: let operations choose the salutation")
    driver.author.repair_service()

    def watched() -> bool:
        driver.approver.decide_next()
        waits = driver.table("waitsTable").scan()["Items"]
        return any(name_of(commit) in wait["waitKey"] for wait in waits if wait["waitKey"].startswith("watch/"))

    eventually(watched)
    with Traffic(driver.address("production")):
        driver.executions.await_end(name_of(commit), 120, driver.approver.decide_next)
    return {**driver.record(commit), "polled": polled(driver, commit)}


def polled(driver: PlatformDriver, commit: str) -> bool:
    """Whether the watch of a commit's stage ended by polling: its first wait for an event timed out."""
    states = driver.platform.clients.client("stepfunctions")
    workflow = driver.platform.outputs["stageWorkflow"]
    stage = f"{workflow.replace(':stateMachine:', ':execution:')}:{name_of(commit)}-production"
    pages = states.get_paginator("get_execution_history").paginate(executionArn=stage)
    events = [event for page in pages for event in page["events"]]
    entered = [one["id"] for one in events if one.get("stateEnteredEventDetails", {}).get("name") == "Watch"]
    assert entered
    # The emulator records the end of a wait as a failure with this error, AWS as TaskTimedOut.
    failed = (one.get("taskFailedEventDetails", {}) for one in events if one["id"] > entered[0])
    return any(details.get("error") == "States.Timeout" for details in failed)


def doctor(driver: PlatformDriver) -> dict[str, dict[str, str]]:
    """The findings of `kiro-worker doctor` on alarm events."""
    command = ("--endpoint-url", driver.platform.emulator.endpoint, "doctor", "--output", "json")
    done = subprocess.run(
        [sys.executable, "-m", "cli", *command],
        cwd=PROJECT,
        env=operator_environment(driver.platform),
        capture_output=True,
        text=True,
        check=False,
    )
    found = [one for one in json.loads(done.stdout)["account"] if one["what"].startswith("alarm events")]
    return {one["what"].removeprefix("alarm events of "): one for one in found}


def test_a_release_reaches_the_region_of_its_environment(driver: PlatformDriver, there: Clients) -> None:
    """I7: infrastructure, service and alarm are in that region, and in no other; the service answers there."""
    key = {"environment": "production", "part": "hello-service/hello"}
    recorded = driver.table("environmentsTable").get_item(Key=key)["Item"]
    assert driver.version("production") == recorded["running"]["commit"]
    assert there.client("lambda").get_alias(FunctionName="hello-production", Name="live")
    assert there.client("cloudwatch").describe_alarms(AlarmNames=[ALARM])["MetricAlarms"]
    own = driver.platform.clients
    names = {function["FunctionName"] for function in own.client("lambda").list_functions()["Functions"]}
    assert "hello-test" in names
    assert "hello-production" not in names
    assert not own.client("cloudwatch").describe_alarms(AlarmNames=[ALARM])["MetricAlarms"]


def test_without_forwarding_polling_finds_the_alarm(driver: PlatformDriver, there: Clients) -> None:
    """The release is rolled back when the watch polls, and `doctor` names what is missing with its command."""
    (missing,) = doctor(driver).values()
    (needed,) = driver.platform.outputs["forwarding"]
    assert (missing["outcome"], needed["environments"]) == ("wrong", ["production"])
    assert needed["command"] in missing["said"]
    record = break_production(driver)
    assert record["outcome"] == "restored", record["reason"]
    assert ALARM in record["reason"]
    assert record["polled"]


@pytest.mark.usefixtures("forwarded")
def test_a_forwarded_alarm_event_rolls_back_at_once(driver: PlatformDriver, there: Clients) -> None:
    """The event ends the watch before it polls, and `kiro-worker doctor` finds the forwarding."""
    assert [one["outcome"] for one in doctor(driver).values()] == ["right"]
    record = break_production(driver)
    assert record["outcome"] == "restored", record["reason"]
    assert ALARM in record["reason"]
    assert not record["polled"]


@pytest.mark.usefixtures("forwarded")
def test_the_commands_of_the_guide_are_those_that_ran(driver: PlatformDriver, there: Clients) -> None:
    """I7: the output names the command that forwards, as docs/operations.md shows it; the other two run as written."""
    guide, heading = Guide.read(PROJECT / "docs" / "operations.md"), "Environments in other accounts and regions"
    listed, forwards, tries = guide.commands(heading)
    shell = Shell(driver.platform, driver.author, "", {}, there)
    (needed,) = json.loads(shell.run(listed))
    pattern = re.escape(forwards).replace("NAME", "[a-z0-9-]+").replace("…", ".+")
    assert re.fullmatch(pattern, needed["command"])
    assert "`pulumi -C forwarding destroy --stack NAME`" in guide.sections[heading]
    shell.run(tries.replace("NAME", ALARM))
    (alarm,) = there.client("cloudwatch").describe_alarms(AlarmNames=[ALARM])["MetricAlarms"]
    assert alarm["StateValue"] == "OK"
    in_another_region, _ = guide.settings(heading)["kiro-worker:environments"]
    assert in_another_region["region"] == REGION
