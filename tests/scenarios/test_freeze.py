"""A freeze of an environment, by the operator's command."""

from typing import Any

from tests.scenarios.driver import PlatformDriver, eventually, kiro, name_of


def test_a_freeze_holds_a_release_until_it_ends(driver: PlatformDriver) -> None:
    """P12: test is walked, staging waits and says who froze it and why; after the unfreeze the release goes on."""
    kiro(driver, "freeze", "staging", "--reason", "the fair")
    commit = driver.push("feat: during the fair")
    eventually(lambda: waiting(driver, "staging"))
    assert driver.version("test") == commit
    held = driver.record(commit)
    assert (held["environment"], held["status"]) == ("staging", "waiting for unfreeze")
    assert held["reason"].startswith("waits for unfreeze of staging (by arn:aws:")
    assert held["reason"].endswith(": the fair)")
    assert eventually(lambda: driver.statuses(commit).get("kiro/staging") == "pending")
    assert waiting(driver, "staging") == [
        {"deployment": name_of(commit), "status": "waiting for unfreeze", "reason": held["reason"]}
    ]
    kiro(driver, "unfreeze", "staging", "--reason", "it is over")
    driver.deployed(commit)
    record = driver.record(commit)
    assert record["outcome"] == "deployed", record["reason"]
    assert {driver.version(environment) for environment in ("test", "staging", "production")} == {commit}
    assert waiting(driver, "staging") == []


def waiting(driver: PlatformDriver, environment: str) -> Any:
    """The releases that wait at the entry of an environment, as `kiro status` shows them."""
    return next(one for one in kiro(driver, "status") if one["environment"] == environment)["waiting"]
