"""Gates of a release: findings of scanners, and tests and a load run after the deployment, on the platform."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from functions.adapters.records import plain
from local.settings import REPOSITORY
from tests.scenarios.driver import PlatformDriver, eventually

pytestmark = pytest.mark.long

RECORDED = Path(__file__).parents[1] / "recorded"
OWN_GATES = "  sarif: [reports/ruff.sarif]"
GATES = """  sarif: [reports/scan.sarif]
  afterDeploy:
    test: {buildspec: delivery/checks.yml, integration: [junit.xml], performance: load.json}
"""
INTEGRATION = """version: 0.2
phases:
  build:
    commands:
      - python integration.py
artifacts:
  files: [junit.xml, load.json]
"""
# Pulumi's preview when only a tag differs.
PREVIEW = {
    "steps": [
        {
            "op": "update",
            "urn": "urn:pulumi:test::hello::aws:lambda/function:Function::hello",
            "detailedDiff": {"tags.Owner": {"kind": "update", "inputDiff": False}},
        }
    ],
    "changeSummary": {"update": 1},
}
# Checks that the service at the environment's address reports this release.
TESTS = """import json, os, urllib.request
body = json.load(urllib.request.urlopen(os.environ["KIRO_OUTPUT_URL"] + "/health"))
good = body["version"] == os.environ["KIRO_COMMIT"] and WORKS
failure = "" if good else "<failure message='not as it should be'/>"
print("integration.health:", "passed" if good else "not as it should be")
case = f"<testcase classname='integration' name='health'>{failure}</testcase>"
open("junit.xml", "w").write(f"<testsuite name='i'>{case}</testsuite>")
json.dump({"requests": 100, "failures": 1, "meanSeconds": 0.05}, open("load.json", "w"))
"""


def write(driver: PlatformDriver, *, scan: str = "semgrep-1.182.0-clean.sarif", works: bool = True) -> None:
    """Write a delivered repository with gates."""
    folder = driver.author.folder
    (folder / "delivery" / "checks.yml").write_text(INTEGRATION, "utf-8")
    (folder / "integration.py").write_text(TESTS.replace("WORKS", str(works)), "utf-8")
    (folder / "scan.sarif").write_bytes((RECORDED / scan).read_bytes())
    (folder / "preview.json").write_text(json.dumps(PREVIEW), "utf-8")


@pytest.fixture(scope="module", autouse=True)
def _gated(driver: PlatformDriver) -> Iterator[None]:
    """Restore the delivered repository after these scenarios."""
    manifest, build = (driver.author.folder / name for name in ("delivery.yml", "delivery/build.yml"))
    before = manifest.read_text("utf-8"), build.read_text("utf-8")
    previewed = before[0].replace("  kind: command\n", "  kind: command\n  preview: reports/preview.json\n", 1)
    manifest.write_text(previewed.replace(OWN_GATES, GATES), "utf-8")
    copied = "dist\n      - cp scan.sarif preview.json reports/\n"
    build.write_text(before[1].replace("dist\n", copied, 1), "utf-8")
    yield
    manifest.write_text(before[0], "utf-8")
    build.write_text(before[1], "utf-8")


@pytest.fixture(scope="module")
def good(driver: PlatformDriver) -> str:
    """A release that passes every gate."""
    write(driver)
    commit = driver.push("feat: greet, with gates")
    driver.deployed(commit)
    return commit


def test_a_release_passes_its_gates(driver: PlatformDriver, good: str) -> None:
    """Scan, tests and load run are in the record, the load figures with the environment, the SARIF at GitHub."""
    record = driver.record(good)
    assert record["outcome"] == "deployed", record["reason"]
    assert {gate["name"] for gate in record["gates"]} == {"build", "tests", "coverage", "security"}
    verdicts = {gate["name"]: gate["outcome"] for gate in record["gates_test"]}
    assert verdicts == {"build": "passed", "integration": "passed", "performance": "passed"}
    measured = driver.table("environmentsTable").get_item(
        Key={"environment": "test", "part": f"*performance/{REPOSITORY}"}
    )["Item"]
    assert plain(measured["performance"]) == {"requests": 100, "failures": 1, "meanSeconds": 0.05}
    sarifs = driver.platform.github.repository(REPOSITORY).sarifs
    eventually(lambda: [one for one in sarifs if one.commit_sha == good])
    expected = json.loads((RECORDED / "semgrep-1.182.0-clean.sarif").read_text("utf-8"))
    assert next(one.document for one in sarifs if one.commit_sha == good) == expected


def test_a_high_finding_deploys_nothing(driver: PlatformDriver, good: str) -> None:
    """A high finding in a report of the real tool refuses the release before any environment."""
    write(driver, scan="semgrep-1.182.0.sarif")
    commit = driver.push("feat: with a shell")
    ended = driver.deployed(commit)
    record = driver.record(commit)
    assert (record["outcome"], [e.workflow for e in ended]) == ("failed", ["deployment"])
    assert "HIGH shell-true in app.py:5" in record["reason"]
    assert driver.version("test") == good


@pytest.fixture(scope="module")
def failing(driver: PlatformDriver, good: str) -> str:
    """A release that changes service and infrastructure, and fails the tests after its deployment."""
    assert driver.version("test") == good
    write(driver, works=False)
    program = driver.author.folder / "infrastructure" / "deploy.py"
    program.write_text(program.read_text("utf-8") + "\n# owned by another team now\n", "utf-8")
    commit = driver.push("feat: fails when asked")
    driver.deployed(commit)
    return commit


def test_a_preview_of_tags_alone_leaves_the_infrastructure_out(driver: PlatformDriver, failing: str) -> None:
    """P5: although its program changed, the infrastructure is not deployed, and the record has the reason."""
    stages = driver.record(failing)["plan"]["stages"]
    assert [list(stage["parts"]) for stage in stages] == [["hello-service/hello"]] * 3
    why = stages[0]["skipped"]["hello-service/infrastructure"]
    assert why.startswith("infrastructure/deploy.py changed since ")
    assert why.endswith("but reports/preview.json changes only tags or descriptions (1 resources)")
    assert [key for key in driver.record(failing)["ledger"] if key.endswith("infrastructure")] == []


def test_failed_integration_tests_are_rolled_back(driver: PlatformDriver, good: str, failing: str) -> None:
    """A release that fails its tests after the deployment is rolled back, and the reason names the test."""
    record = driver.record(failing)
    assert record["outcome"] == "restored", record["reason"]
    assert "1 of 1 tests failed: integration.health" in record["reason"]
    assert driver.version("test") == good
    assert driver.left_behind() == {"locks": [], "waits": []}


@pytest.mark.parametrize("context", ["kiro/gate/test/integration", "kiro/test"])
def test_what_failed_tests_printed_is_found_from_the_commit(driver: PlatformDriver, failing: str, context: str) -> None:
    """G5: the status of the gate, and that of the environment, lead to a page with the test's name and message."""
    eventually(lambda: driver.statuses(failing).get(context) == "failure")
    statuses = driver.platform.github.repository(REPOSITORY).statuses
    link = [one.target_url for one in statuses if (one.sha, one.context) == (failing, context)][-1]
    assert link
    with urllib.request.urlopen(link) as page:
        assert "integration.health: not as it should be" in page.read().decode()


def test_a_release_without_a_demanded_report_stops_before_any_environment(driver: PlatformDriver, good: str) -> None:
    """G6: the stack demands coverage; the record, the commit status and the mail name the gate and the next step."""
    manifest = driver.author.folder / "delivery.yml"
    before = manifest.read_text("utf-8")
    manifest.write_text(before.replace("  cobertura: reports/coverage.xml\n", ""), "utf-8")
    commit = driver.push("chore: measure nothing")
    manifest.write_text(before, "utf-8")
    ended = driver.deployed(commit)
    record = driver.record(commit)
    assert (record["outcome"], [e.workflow for e in ended]) == ("failed", ["deployment"])
    said = "coverage: the gate `coverage` is demanded for test and staging and production, and no build delivered its"
    assert said in record["reason"]
    assert "name it in delivery.yml (build.cobertura)" in record["reason"]
    assert driver.version("test") == good
    eventually(lambda: driver.statuses(commit).get("kiro/gates") == "failure")
