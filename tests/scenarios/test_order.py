"""The order of releases: superseding, alarms before a release, stopped stages, enhanced watches."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.scenarios.driver import PlatformDriver, eventually, name_of

pytestmark = pytest.mark.long


@pytest.fixture(scope="module", autouse=True)
def _first(driver: PlatformDriver) -> None:
    """Make sure that there is a release to go back to."""
    driver.released()


def await_state(driver: PlatformDriver, name: str, state: str) -> None:
    """Wait until an execution is in a state."""
    eventually(lambda: any(e.name == name and e.state == state for e in driver.executions.of_deployment(name)))


def set_alarm(driver: PlatformDriver, alarm: str, state: str) -> None:
    """Set an alarm's state by hand, as an operator may; the platform publishes the event."""
    driver.platform.clients.client("cloudwatch").set_alarm_state(
        AlarmName=alarm, StateValue=state, StateReason="set by a test"
    )


def test_the_older_of_two_pending_approvals_is_superseded(driver: PlatformDriver) -> None:
    """A newer release that requests production ends the older one's request, whose link answers 410."""
    older = driver.push("feat: the older one")
    await_state(driver, f"{name_of(older)}-production", "AwaitApproval")
    newer = driver.push("feat: the newer one")
    ended = driver.executions.await_end(name_of(older), 120, lambda: None)
    assert driver.record(older)["outcome"] == "superseded"
    assert not [e for e in ended if e.workflow == "rollback"]
    driver.deployed(newer)
    assert driver.record(newer)["outcome"] == "deployed"
    assert driver.version("production") == newer
    assert [code for subject, code in driver.approver.too_late.items() if older[:12] in subject] == [410]


def test_a_revert_supersedes_the_release_that_waits(driver: PlatformDriver) -> None:
    """P3: it leaves production out, and still ends the older one's request there, whose link answers 410 with why."""
    service = driver.author.folder / "src" / "hello.py"
    before, production = service.read_text("utf-8"), driver.version("production")
    feature = driver.push("feat: waits for its approval")
    await_state(driver, f"{name_of(feature)}-production", "AwaitApproval")
    service.write_text(before, "utf-8")
    revert = driver.author.push("revert: waits for its approval")
    driver.executions.await_end(name_of(revert), 120, lambda: None)
    driver.executions.await_end(name_of(feature), 120, lambda: None)
    why = f"the newer release {revert[:12]} ({name_of(revert)}) has reached production"
    assert (driver.record(feature)["outcome"], driver.record(feature)["reason"]) == ("superseded", why)
    assert driver.record(revert)["outcome"] == "deployed"
    assert set(driver.record(revert)["stages"]) == {"test", "staging"}
    assert [driver.version(name) for name in ("test", "staging", "production")] == [revert, revert, production]
    driver.approver.decide_next()
    assert [code for subject, code in driver.approver.too_late.items() if feature[:12] in subject] == [410]
    page = next(page for subject, page in driver.approver.pages.items() if feature[:12] in subject)
    assert why in page


def test_the_clock_of_a_committer_stops_no_release(driver: PlatformDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    """P14: after a commit that is dated a year ahead, the next one is planned and deployed everywhere."""
    ahead = datetime.now(UTC) + timedelta(days=365)
    with monkeypatch.context() as clock:
        clock.setenv("GIT_COMMITTER_DATE", ahead.isoformat(timespec="seconds"))
        dated = driver.push("feat: from next year")
    driver.deployed(dated)
    assert driver.record(dated)["release"]["committedAt"][:4] == str(ahead.year)
    commit = driver.push("feat: from today")
    driver.deployed(commit)
    assert [driver.record(one)["outcome"] for one in (dated, commit)] == ["deployed", "deployed"]
    assert driver.version("production") == commit


def test_an_older_release_never_overwrites_a_newer_one(driver: PlatformDriver) -> None:
    """A commit that is started by hand after a newer one was deployed changes nothing."""
    ended = driver.start("by-hand-older", driver.author.commit_before())
    assert driver.record_of("by-hand-older")["outcome"] == "superseded"
    assert {e.workflow for e in ended} == {"deployment"}


def test_an_alarm_before_the_release_blocks_it(driver: PlatformDriver) -> None:
    """A release does not enter an environment with a critical alarm, and nothing is changed."""
    before, alarm = driver.version("test"), "hello-test-errors"
    describe = driver.platform.clients.client("cloudwatch").describe_alarms

    def fails() -> bool:
        """Let the service answer one request with an error, which its alarm counts."""
        request = json.dumps({"queryStringParameters": "none"})
        driver.platform.clients.client("lambda").invoke(FunctionName="hello-test:live", Payload=request)
        return bool(describe(AlarmNames=[alarm])["MetricAlarms"][0]["StateValue"] == "ALARM")

    eventually(fails)
    commit = driver.push("feat: not now")
    driver.executions.await_end(name_of(commit), 120, fails)
    eventually(lambda: describe(AlarmNames=[alarm])["MetricAlarms"][0]["StateValue"] == "OK")
    record = driver.record(commit)
    assert (record["outcome"], record["baseline_test"]["outcome"]) == ("failed", "block")
    assert "hello-test-errors" in record["reason"]
    assert driver.version("test") == before


def test_a_stopped_stage_is_rolled_back(driver: PlatformDriver) -> None:
    """Stopping a deployment in its watch rolls the environment back, releases the lock and records the outcome."""
    before = driver.version("test")
    commit = driver.push("feat: stopped on its way")
    await_state(driver, f"{name_of(commit)}-test", "Watch")
    found = next(e for e in driver.executions.of_deployment(name_of(commit)) if e.workflow == "deployment")
    driver.platform.clients.client("stepfunctions").stop_execution(executionArn=found.arn, cause="a person")

    def is_rolled_back() -> bool:
        rollback = [e for e in driver.executions.of_deployment(name_of(commit)) if e.workflow == "rollback"]
        return bool(rollback) and rollback[0].status == "SUCCEEDED"

    eventually(is_rolled_back)
    assert driver.version("test") == before
    assert driver.record(commit)["outcome"] == "aborted"
    eventually(lambda: driver.left_behind() == {"locks": [], "waits": []})


def configured(driver: PlatformDriver, **changed: Any) -> dict[str, Any]:
    """The environment `test` in the form of the workflow, with changes."""
    sfn = driver.platform.clients.client("stepfunctions")
    machine = driver.platform.outputs["deploymentWorkflow"]
    definition = json.loads(sfn.describe_state_machine(stateMachineArn=machine)["definition"])
    environments = definition["States"]["Begin"]["Assign"]["environments"]
    return {**environments[0], **changed}


def test_an_alarm_in_the_enhanced_watch_rolls_back(driver: PlatformDriver) -> None:
    """The watch after the deployment takes few transitions, and an alarm rolls the release back."""
    good = driver.version("test")
    sfn = driver.platform.clients.client("stepfunctions")
    commit = driver.push("feat: looks good at first")
    driver.deployed(commit)
    record = driver.record(commit)
    release = record["release"]
    started = sfn.start_execution(
        stateMachineArn=driver.platform.outputs["enhancedWatchWorkflow"],
        name=f"{name_of(commit)}-test-enhanced",
        input=json.dumps(
            {
                "deploymentId": name_of(commit),
                "release": release,
                "environment": configured(driver),
                "until": "2999-01-01T00:00:00.000Z",
                "reviewed": [],
                "accepted": {"names": [], "at": ""},
            }
        ),
    )["executionArn"]
    entered(sfn, started, "Watch")
    set_alarm(driver, "hello-test-errors", "ALARM")
    entered(sfn, started, "RollBack")
    set_alarm(driver, "hello-test-errors", "OK")
    states = entered(sfn, started, "Ended")
    assert driver.version("test") == good
    assert states == ["Open", "ReadRecord", "Watch", "WhatWasSeen", "RollBack", "Ended"]


def entered(sfn: Any, execution: str, state: str) -> list[str]:
    """Wait until an execution has entered a state; returns all states that it has entered."""

    def states() -> list[str]:
        events = sfn.get_execution_history(executionArn=execution, maxResults=1000)["events"]
        found = [e["stateEnteredEventDetails"]["name"] for e in events if "stateEnteredEventDetails" in e]
        return found if state in found else []

    found: list[str] = eventually(states)
    return found
