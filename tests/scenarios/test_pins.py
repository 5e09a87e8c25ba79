"""What a person keeps as it is, and what a person changed without the platform."""

import json
from typing import Any

import pytest

from tests.scenarios.driver import PlatformDriver, eventually, kiro, name_of

HELLO = {"FunctionName": "hello-test", "Name": "live"}


@pytest.fixture(scope="module", autouse=True)
def _first(driver: PlatformDriver) -> None:
    """Make sure that there is a release to go back to."""
    driver.released()


def drifts(driver: PlatformDriver) -> list[Any]:
    """Run the deployed check now; returns the drift that it found."""
    name = driver.platform.outputs["functions"]["functions.events.check_drift"]
    answer = driver.platform.clients.client("lambda").invoke(FunctionName=name, Payload=b"{}")
    result = json.loads(answer["Payload"].read())
    assert "errorMessage" not in result, result
    return list(result["drifts"])


def mailed(driver: PlatformDriver, subject: str) -> Any:
    """The mail with this subject, once it has arrived."""

    def find() -> Any:
        driver.platform.mailbox.fetch()
        return next((mail for mail in driver.platform.mailbox.mails if subject in mail.subject), None)

    return eventually(find, 60)


@pytest.mark.long
def test_an_alias_that_somebody_moved_is_told_and_mended(driver: PlatformDriver) -> None:
    """R15: the mail names what runs, what is recorded and the command, which restores it; nobody knows who it was."""
    functions = driver.platform.clients.client("lambda")
    before, commit = functions.get_alias(**HELLO)["FunctionVersion"], driver.version("test")
    assert drifts(driver) == []
    functions.update_function_configuration(FunctionName="hello-test", Description="by hand")
    functions.get_waiter("function_updated_v2").wait(FunctionName="hello-test")
    by_hand = functions.publish_version(FunctionName="hello-test")["Version"]
    functions.update_alias(**HELLO, FunctionVersion=by_hand)
    assert [one["found"] for one in drifts(driver)] == [f"version {by_hand}"]
    text = " ".join(
        mailed(driver, "Drift: hello-service/hello was changed in test").text.split()
    )  # its lines are wrapped
    assert f"runs version {by_hand} in test, and {commit[:12]} (version {before}) is recorded" in text
    assert "who changed it is not known" in text  # the laptop has no event history
    (hello,) = [part for part in kiro(driver, "status")[0]["parts"] if part["part"].endswith("/hello")]
    assert hello["drift"]["found"] == f"version {by_hand}"
    command = ("rollback", "test", "--part", "hello-service/hello", "--to", commit[:12])
    assert " ".join(("kiro-worker", *command)) in text
    done = kiro(driver, *command, "--reason", "moved by hand")
    assert kiro(driver, "watch", done["rollback"])["outcome"] == "restored"
    assert functions.get_alias(**HELLO)["FunctionVersion"] == before
    assert drifts(driver) == []
    mailed(driver, "Drift ended: hello-service/hello in test")


@pytest.mark.long
def test_a_pinned_part_is_skipped_by_the_next_push_and_released_by_its_correction(driver: PlatformDriver) -> None:
    """R14: the environments after it keep what they have, too; the commit that descends from the fault ends the pin."""
    before = {name: driver.version(name) for name in ("staging", "production")}
    kiro(driver, "pin", "staging", "--reason", "errors since the last release")
    pushed = driver.push("feat: the same fault again")
    driver.executions.await_end(name_of(pushed), 120, lambda: None)
    record = driver.record(pushed)
    assert (record["outcome"], set(record["stages"])) == ("deployed", {"test"})
    assert "hello-service/hello is pinned in staging since" in record["reason"]
    assert "errors since the last release" in record["reason"]
    assert driver.version("test") == pushed
    assert {name: driver.version(name) for name in before} == before
    eventually(lambda: driver.statuses(pushed).get("kiro/staging") == "error", 60)
    mailed(driver, "leaves pinned parts of staging as they are")
    again = kiro(driver, "pin", "staging", "--until-newer-than", pushed[:12], "--reason", "the fault is in this commit")
    assert {one["newerThan"] for one in again["pins"]} == {pushed}
    correction = driver.push("fix: the fault")
    driver.deployed(correction)
    assert driver.record(correction)["outcome"] == "deployed"
    assert [driver.version(name) for name in ("test", "staging", "production")] == [correction] * 3
    assert [one["pins"] for one in kiro(driver, "status")] == [[], [], []]
