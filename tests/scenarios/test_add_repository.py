"""docs/operations.md, *Add a repository*: a running stack gets a second repository, and releases it (M1, P7)."""

import json
import sys
from pathlib import Path

import pytest

from functions.domain.releases import execution_name
from local.clients import clients
from local.platform import PROJECT
from local.settings import REPOSITORY
from tests.scenarios.conftest import ENVIRONMENTS, REGION
from tests.scenarios.document import Guide
from tests.scenarios.driver import PlatformDriver, eventually
from tests.scenarios.shell import Shell
from tests.scenarios.small import FUNCTION, answer, functions, repository, write

pytestmark = pytest.mark.long
SECTION = "Add a repository"
ALIAS = f'alias kiro-worker="{sys.executable} -m cli"'
MANIFEST = """version: 1
name: billing
build: {buildspec: buildspec.yml, junit: [junit.xml], cobertura: coverage.xml}
gates: {sarif: [scan.sarif]}
services:
  billing: {kind: lambda, function: "billing-{environment}", artifact: dist/function.zip}
"""


@pytest.fixture(scope="module")
def guide() -> Guide:
    """The document that is followed."""
    return Guide.read(PROJECT / "docs" / "operations.md")


def test_a_running_stack_gets_a_second_repository_and_releases_it(
    driver: PlatformDriver, guide: Guide, tmp_path: Path
) -> None:
    """The settings and commands of the guide; its head is released without a push, and the first repository goes on."""
    driver.released()
    before = driver.version("test")
    settings, platform = guide.settings(SECTION), driver.platform
    first, second = settings["kiro-worker:github"]["repositories"]
    assert first["name"] == REPOSITORY
    platform.github.create_repository(second["name"])
    billing = repository(platform, second["name"], tmp_path / "billing", MANIFEST)
    commit = billing.push("feat: bill people")
    functions(platform.clients, ["billing-test", "billing-staging"], "old")
    with clients(platform.emulator.endpoint, REGION) as there:
        functions(there, ["billing-production"], "old")
    shell = Shell(platform, driver.author, ALIAS, {})
    up, plan, status = guide.commands(SECTION)

    (shown,) = settings["kiro-worker:environments"]
    platform.describe()["changes"] |= {
        "repositories": [first, second],
        "environments": [
            {**one, "functions": json.loads(json.dumps(shown["functions"]).replace("test", str(one["name"])))}
            for one in ENVIRONMENTS
        ],
    }
    shell.run(up)
    assert "billing-test" in shell.run(plan)
    platform.github.add_hook(second["name"], platform.outputs["webhookUrl"], platform.webhook_secret)
    name = execution_name(second["name"], "refs/heads/main", commit)
    eventually(lambda: "push started" in driver.reconcile() or driver.executions.of_deployment(name))
    driver.executions.await_end(name, 120, driver.approver.decide_next)
    record = driver.record_of(name)
    assert (record["outcome"], set(record["stages"])) == ("deployed", {"test", "staging", "production"}), record[
        "reason"
    ]
    assert [answer(platform.clients, name) for name in ("billing-test", "billing-staging")] == ["new", "new"]
    with clients(platform.emulator.endpoint, REGION) as there:
        assert answer(there, "billing-production") == "new"
    assert driver.version("test") == before
    assert "billing/billing" in shell.run(status)

    write(billing, **{"src/function.py": FUNCTION.format(said="newer")})
    later = billing.push("feat: bill more people")
    pushed = execution_name(second["name"], "refs/heads/main", later)
    driver.executions.await_end(pushed, 120, driver.approver.decide_next)
    assert driver.record_of(pushed)["trigger"] == "push"
    assert answer(platform.clients, "billing-test") == "newer"
    third = driver.push("feat: the first repository after the second")
    driver.deployed(third)
    assert (driver.record(third)["outcome"], driver.version("production")) == ("deployed", third)
    assert driver.left_behind() == {"locks": [], "waits": []}
