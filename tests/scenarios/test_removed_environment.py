"""An environment is removed from the stack while a release waits for the approval to enter it."""

import pytest

from tests.scenarios.conftest import ENVIRONMENTS
from tests.scenarios.driver import PlatformDriver, eventually, kiro


@pytest.mark.long
def test_a_removed_environment_is_not_changed_and_stays_visible(driver: PlatformDriver) -> None:
    """R4, T1: a request for it can only be rejected, nothing is frozen; `kiro` shows it until it is forgotten."""
    driver.released()
    first = driver.version("production")
    second = driver.push("feat: on its way when the environment is removed")
    waits = driver.table("waitsTable")
    eventually(lambda: second in {w["approval"]["summary"]["commit"] for w in waits.scan()["Items"] if "approval" in w})
    driver.platform.change(environments=ENVIRONMENTS[:-1])
    before = kiro(driver, "status")[-1]
    approver = driver.approver
    eventually(lambda: approver.decide_next() or [one for one in approver.pages if second[:12] in one])
    page = next(page for subject, page in approver.pages.items() if second[:12] in subject)
    assert "no environment production any more. Reject this request" in page
    mails = driver.platform.mailbox.mails
    approver._unread += [one for one in mails if one.topic == "approvals" and second[:12] in one.subject]
    driver.deployed(second, approve=False, reason="it is sold")
    record = driver.record(second)
    assert (record["outcome"], record["reason"]) == ("rejected", "rejected by Grace Hopper: it is sold")
    assert {entry["environment"] for entry in record["ledger"].values()} == {"test", "staging"}
    assert {name: driver.version(name) for name in ("test", "staging", "production")} == {
        "test": second,
        "staging": second,
        "production": first,
    }
    assert driver.left_behind() == {"locks": [], "waits": []}
    *here, old = kiro(driver, "status")
    assert [(one["inStack"], one["frozen"]) for one in here] == [(True, None)] * 2
    assert (old["environment"], old["inStack"], old["frozen"]) == ("production", False, None)
    assert old["parts"] == before["parts"]
    assert {part["inDoubt"] for part in old["parts"]} == {None}
    kiro(driver, "forget", "production", "--reason", "sold")
    assert [one["environment"] for one in kiro(driver, "status")] == ["test", "staging"]
