"""Gates on the way of a release: what scanners found, tests and a load run where it runs; played on the platform."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from functions.adapters.records import plain
from local.settings import REPOSITORY
from tests.scenarios.world import World, eventually

RECORDED = Path(__file__).parents[1] / "recorded"
OWN_GATES = "  sarif: [reports/ruff.sarif]"
GATES = """  sarif: [reports/scan.sarif]
  afterDeploy:
    test: {buildspec: delivery/integration.yml, junit: [junit.xml], performance: load.json}
"""
INTEGRATION = """version: 0.2
phases:
  build:
    commands:
      - python integration.py
artifacts:
  files: [junit.xml, load.json]
"""
# What Pulumi tells when only a tag differs.
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
# Asks the service where the environment put it, as the release that it is.
TESTS = """import json, os, urllib.request
body = json.load(urllib.request.urlopen(os.environ["KIRO_OUTPUT_URL"] + "/health"))
good = body["version"] == os.environ["KIRO_COMMIT"] and WORKS
failure = "" if good else "<failure message='not as it should be'/>"
case = f"<testcase classname='integration' name='health'>{failure}</testcase>"
open("junit.xml", "w").write(f"<testsuite name='i'>{case}</testsuite>")
json.dump({"requests": 100, "failures": 1, "meanSeconds": 0.05}, open("load.json", "w"))
"""


def write(world: World, *, scan: str = "semgrep-1.182.0-clean.sarif", works: bool = True) -> None:
    """The delivered repository with gates."""
    folder = world.author.folder
    (folder / "delivery" / "integration.yml").write_text(INTEGRATION, "utf-8")
    (folder / "integration.py").write_text(TESTS.replace("WORKS", str(works)), "utf-8")
    (folder / "scan.sarif").write_bytes((RECORDED / scan).read_bytes())
    (folder / "preview.json").write_text(json.dumps(PREVIEW), "utf-8")


@pytest.fixture(scope="module", autouse=True)
def _gated(world: World) -> Iterator[None]:
    """For these scenarios only."""
    manifest, build = (world.author.folder / name for name in ("delivery.yml", "delivery/build.yml"))
    before = manifest.read_text("utf-8"), build.read_text("utf-8")
    previewed = before[0].replace("  kind: command\n", "  kind: command\n  preview: reports/preview.json\n", 1)
    manifest.write_text(previewed.replace(OWN_GATES, GATES), "utf-8")
    copied = "dist\n      - cp scan.sarif preview.json reports/\n"
    build.write_text(before[1].replace("dist\n", copied, 1), "utf-8")
    yield
    manifest.write_text(before[0], "utf-8")
    build.write_text(before[1], "utf-8")


@pytest.fixture(scope="module")
def good(world: World) -> str:
    """A release that passes every gate."""
    write(world)
    commit = world.push("feat: greet, with gates")
    world.deployed(commit)
    return commit


def test_a_release_passes_its_gates(world: World, good: str) -> None:
    """Scan, integration tests and load run are in the record, the figures with the environment, SARIF at GitHub."""
    record = world.record(good)
    assert record["outcome"] == "deployed", record["reason"]
    assert {gate["name"] for gate in record["gates"]} == {"build", "tests", "coverage", "security"}
    verdicts = {gate["name"]: gate["outcome"] for gate in record["gates_test"]}
    assert verdicts == {"build": "passed", "tests": "passed", "performance": "passed"}
    measured = world.table("environmentsTable").get_item(
        Key={"environment": "test", "part": f"*performance/{REPOSITORY}"}
    )["Item"]
    assert plain(measured["performance"]) == {"requests": 100, "failures": 1, "meanSeconds": 0.05}
    sarifs = world.platform.github.repository(REPOSITORY).sarifs
    eventually(lambda: [one for one in sarifs if one.commit_sha == good])
    expected = json.loads((RECORDED / "semgrep-1.182.0-clean.sarif").read_text("utf-8"))
    assert next(one.document for one in sarifs if one.commit_sha == good) == expected


def test_a_finding_deploys_nothing(world: World, good: str) -> None:
    """A high finding of the real tool's report refuses the release before any environment."""
    write(world, scan="semgrep-1.182.0.sarif")
    commit = world.push("feat: with a shell")
    ended = world.deployed(commit)
    record = world.record(commit)
    assert (record["outcome"], [e.workflow for e in ended]) == ("failed", ["deployment"])
    assert "HIGH shell-true in app.py:5" in record["reason"]
    assert world.version("test") == good


@pytest.fixture(scope="module")
def failing(world: World, good: str) -> str:
    """A release that changes service and infrastructure, and fails its tests where it runs."""
    assert world.version("test") == good
    write(world, works=False)
    program = world.author.folder / "infrastructure" / "deploy.py"
    program.write_text(program.read_text("utf-8") + "\n# owned by another team now\n", "utf-8")
    commit = world.push("feat: fails when asked")
    world.deployed(commit)
    return commit


def test_a_preview_of_tags_alone_leaves_the_infrastructure_out(world: World, failing: str) -> None:
    """P5: although its program changed; the record says why, and nothing of it ran."""
    stages = world.record(failing)["plan"]["stages"]
    assert [list(stage["parts"]) for stage in stages] == [["hello-service/hello"]] * 3
    why = stages[0]["skipped"]["hello-service/infrastructure"]
    assert why.startswith("infrastructure/deploy.py changed since ")
    assert why.endswith("but reports/preview.json changes only tags or descriptions (1 resources)")
    assert [key for key in world.record(failing)["ledger"] if key.endswith("infrastructure")] == []


def test_failed_integration_tests_walk_back(world: World, good: str, failing: str) -> None:
    """The release that fails its tests where it runs is rolled back there, the test named."""
    record = world.record(failing)
    assert record["outcome"] == "restored", record["reason"]
    assert "1 of 1 tests failed: integration.health" in record["reason"]
    assert world.version("test") == good
    assert world.left_behind() == {"locks": [], "waits": []}
