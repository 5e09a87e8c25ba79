"""An environment is removed from the stack while a release waits for the approval to enter it."""

from collections.abc import Iterator
from unittest import mock

import pytest

from local.platform import Platform
from tests.scenarios.driver import PlatformDriver, eventually, kiro

TEST = {"name": "test", "watchSeconds": 0, "stabiliseSeconds": 1}
OLD = {"name": "old", "watchSeconds": 0, "stabiliseSeconds": 1, "approval": True}


@pytest.fixture(scope="module")
def shrinking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlatformDriver]:
    """A platform of its own, whose last environment demands an approval."""
    changes = {"environments": [TEST, OLD]}
    with Platform(tmp_path_factory.mktemp("removed"), "test", print, changes=changes) as platform:
        yield PlatformDriver(platform)


def test_a_removed_environment_is_not_changed_and_stays_visible(shrinking: PlatformDriver) -> None:
    """R4, T1: the release fails there, nothing is frozen or goes back; `kiro` shows what runs until it is forgotten."""
    driver = shrinking
    first = driver.push("feat: the first release")
    driver.deployed(first)
    assert driver.record(first)["outcome"] == "deployed"
    second = driver.push("feat: on its way when the environment is removed")
    waits = driver.table("waitsTable")
    eventually(
        lambda: second in {w["approval"]["summary"]["commit"] for w in waits.scan()["Items"] if "approval" in w}, 120
    )
    with mock.patch.dict(driver.platform._changes, environments=[TEST]):
        driver.platform.deploy("up")
    before = kiro(driver, "status")[1]
    driver.deployed(second)
    record = driver.record(second)
    assert record["outcome"] == "failed"
    assert {entry["environment"] for entry in record["ledger"].values()} == {"test"}
    assert (driver.version("test"), driver.version("old")) == (second, first)
    assert driver.left_behind() == {"locks": [], "waits": []}
    here, old = kiro(driver, "status")
    assert (here["inStack"], here["frozen"]) == (True, None)
    assert (old["environment"], old["inStack"], old["frozen"]) == ("old", False, None)
    assert old["parts"] == before["parts"]
    assert {part["inDoubt"] for part in old["parts"]} == {None}
    kiro(driver, "forget", "old", "--reason", "sold")
    assert [one["environment"] for one in kiro(driver, "status")] == ["test"]
