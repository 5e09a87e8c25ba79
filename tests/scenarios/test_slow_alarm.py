"""A rollback whose alarm has an ordinary period: it stays in ALARM long after the earlier version runs again."""

from collections.abc import Iterator

import pytest

from local.platform import Platform
from local.service import Traffic
from local.settings import ALARM_CLOCK
from tests.scenarios.driver import PlatformDriver, name_of

PERIOD = 300
# One environment, so that two releases take little time; the watch is longer than a period on this clock.
ENVIRONMENTS = [{"name": "test", "watchSeconds": 2 * PERIOD // ALARM_CLOCK, "stabiliseSeconds": 1}]


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlatformDriver]:
    """A platform whose waits and periods of alarms are shorter by about the same factor."""
    folder = tmp_path_factory.mktemp("slow")
    changes = {"environments": ENVIRONMENTS}
    with Platform(
        folder, "test", print, changes=changes, wait_scale=1 / ALARM_CLOCK, alarm_clock=ALARM_CLOCK
    ) as platform:
        yield PlatformDriver(platform)


def test_a_rollback_is_restored_although_its_alarm_is_slow(slow: PlatformDriver) -> None:
    """R5: with an alarm of 300 s the result is *restored*, nothing is frozen, and the wait ends when it is OK."""
    deploy = slow.author.folder / "infrastructure" / "deploy.py"
    deploy.write_text(deploy.read_text("utf-8").replace("Period=10,", f"Period={PERIOD},"), "utf-8")
    good = slow.push("feat: greet people")
    slow.deployed(good)
    assert slow.record(good)["outcome"] == "deployed"
    slow.author.break_in_service()
    with Traffic(slow.address("test")):
        bad = slow.push("feat: let operations choose the salutation")
        ended = slow.deployed(bad)
    record = slow.record(bad)
    assert (record["outcome"], record["stages"]["test"]["result"]) == ("restored", "restored"), record["reason"]
    assert slow.version("test") == good
    assert "still in ALARM" not in record["reason"]
    rollback = next(one for one in ended if one.name == f"{name_of(bad)}-test-rollback")
    assert "AwaitAlarms" in rollback.states
    alarms = slow.platform.clients.client("cloudwatch").describe_alarms(AlarmNames=["hello-test-errors"])
    (alarm,) = alarms["MetricAlarms"]
    assert (alarm["Period"], alarm["StateValue"]) == (PERIOD, "OK")
    whole = slow.table("environmentsTable").get_item(Key={"environment": "test", "part": "*"}).get("Item", {})
    assert not whole.get("frozen")
    assert slow.left_behind() == {"locks": [], "waits": []}
