"""docs/disaster-recovery.md, *Restore a table*: a lost record is copied from a restored table, and used.

The embedded AWS restores what a table has now, so the table is restored before the record is lost.
"""

import sys

import pytest

from local.platform import PROJECT
from tests.scenarios.document import Guide
from tests.scenarios.driver import PlatformDriver, kiro
from tests.scenarios.shell import Shell

pytestmark = pytest.mark.long
ALIAS = f'alias kiro-worker="{sys.executable} -m cli"'
KEY = {"environment": "test", "part": "hello-service/hello"}
RULES = ("kiro-pipeline-test-events-reconcile", "kiro-worker-test-events-poll-board")


def test_a_lost_record_is_copied_from_a_restored_table(driver: PlatformDriver) -> None:
    """T2: the commands of the guide stop both schedules and restore the table; a rollback uses the copied record."""
    driver.released()
    before = driver.version("test")
    driver.deployed(driver.push("feat: what is known before the loss"))
    platform, table = driver.platform, driver.table("environmentsTable")
    events, shell = platform.clients.client("events"), Shell(platform, driver.author, ALIAS, {})
    commands = Guide.read(PROJECT / "docs" / "disaster-recovery.md").commands("Restore a table")
    assert len(commands) == 3
    for command in commands:
        shell.run(command.replace("-production-", "-test-"))
    assert [events.describe_rule(Name=rule)["State"] for rule in RULES] == ["DISABLED"] * 2

    lost = table.get_item(Key=KEY)["Item"]
    table.delete_item(Key=KEY)
    assert "hello-service/hello" not in {part["part"] for part in kiro(driver, "status")[0]["parts"]}
    resource = platform.clients.session.resource("dynamodb", endpoint_url=platform.emulator.endpoint)
    restored = resource.Table(f"{table.name}-restored")
    assert restored.get_item(Key=KEY)["Item"] == lost
    table.put_item(Item=restored.get_item(Key=KEY)["Item"])
    restored.delete()
    for rule in RULES:
        events.enable_rule(Name=rule)

    assert driver.left_behind()["locks"] == []
    done = kiro(driver, "rollback", "test", "--reason", "a drill")
    assert kiro(driver, "watch", done["rollback"], code=None)["outcome"] in ("restored", "partly")
    assert driver.version("test") == before
