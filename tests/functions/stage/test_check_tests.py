"""CheckTests, and what RecordGood keeps of it: the tests and load run of an environment."""

from typing import Any

from msgspec.structs import replace

from functions.adapters.builds import BuildEnd
from functions.adapters.environments_table import EnvironmentsTable
from functions.domain.manifests import AfterDeploy
from functions.domain.performance import Performance
from tests.functions.delivered import artifact, runs, uploaded
from tests.functions.samples import DEPLOYMENT, LEASE, state
from tests.functions.stack import Stack

KEY = f"deployments/{DEPLOYMENT}/production-tests.zip"
JUNIT = '<testsuite name="e2e"><testcase classname="e2e" name="greets"/></testsuite>'
BROKEN = '<testsuite name="e2e"><testcase classname="e2e" name="greets"><failure/></testcase></testsuite>'
LOAD = '{"requests": 100, "failures": 0, "meanSeconds": 0.2}'
FILES = {"junit.xml": JUNIT, "load.json": LOAD}
REPOSITORY = "acme/hello-service"
SUCCEEDED = BuildEnd("succeeded", "", "https://log")


def check(
    stack: Stack, files: dict[str, Any] | None, build: BuildEnd = SUCCEEDED, performance: str = "load.json"
) -> Any:
    """Run the handler for a build that left these files."""
    if files is not None:
        artifact(stack, KEY, files)
        build = replace(build, digest=uploaded(stack, KEY))
    load = {"performance": {"performance": performance}} if performance else {}
    wanted = AfterDeploy("e2e.yml", {"tests": {"junit": ["junit.xml"]}, **load})
    event = {
        "deploymentId": DEPLOYMENT,
        "environment": "production",
        "repository": REPOSITORY,
        "build": build,
        "artifact": KEY,
        "afterDeploy": wanted,
    }
    return stack.run("stage.check_tests", event)


def good(stack: Stack) -> None:
    """Record the release as good."""
    where = {"environment": "production", "repository": REPOSITORY}
    stack.run("stage.record_good", {"deploymentId": DEPLOYMENT, **where, "lease": LEASE})


def kept(stack: Stack, repository: str = REPOSITORY) -> Performance | None:
    """The measurement that the next run is compared with."""
    return EnvironmentsTable.connect(stack.clients).performance("production", repository)


def test_good_tests_and_a_good_load_run_pass(stack: Stack) -> None:
    """The record has the verdicts of the environment."""
    answer = check(stack, FILES)
    assert answer["outcome"] == "passed"
    assert [gate["name"] for gate in stack.deployment()["gates_production"]] == ["build", "tests", "performance"]


def test_without_a_load_run_only_tests_count(stack: Stack) -> None:
    """A load run is optional."""
    answer = check(stack, {"junit.xml": JUNIT}, performance="")
    assert (answer["outcome"], answer["reason"]) == (
        "passed",
        "build: the tests ran to their end; tests: 1 tests passed, 0 skipped",
    )


def test_a_failed_test_is_named(stack: Stack) -> None:
    """Also if the build failed because of it."""
    ended = BuildEnd("failed", "BUILD: exit 1", "https://log")
    answer = check(stack, {"junit.xml": BROKEN}, ended, performance="")
    assert answer["outcome"] == "failed"
    assert "1 of 1 tests failed: e2e.greets" in answer["reason"]
    assert "exit 1" in answer["reason"]


def test_the_log_of_the_tests_is_recorded(stack: Stack) -> None:
    """G5: of the environment they ran in, whatever their verdicts are."""
    check(stack, FILES)
    assert stack.deployment()["tests_production"]["log"] == "https://log"
    check(stack, None, BuildEnd("failed", "BUILD: exit 1", "https://log/2"))
    assert stack.deployment()["tests_production"]["log"] == "https://log/2"


def test_what_is_missing_fails(stack: Stack) -> None:
    """No report, no tests, no artifact or no figures fail a gate."""
    assert check(stack, None)["reason"].startswith("reports: s3://")
    assert "junit.xml: not in the build's artifact" in check(stack, {"load.json": LOAD})["reason"]
    assert "no test ran" in check(stack, {**FILES, "junit.xml": "<testsuites/>"})["reason"]
    assert "load.json: not in the build's artifact" in check(stack, {"junit.xml": JUNIT})["reason"]


def test_a_failed_build_without_an_artifact_has_one_reason(stack: Stack) -> None:
    """The missing artifact is not a second reason."""
    assert (
        check(stack, None, BuildEnd("timed out", "30 minutes", ""))["reason"]
        == "build: the build timed out: 30 minutes"
    )


def test_the_next_run_is_compared_with_the_last_good_one(stack: Stack) -> None:
    """G4: only the run of a good release is compared with; one that is more than 50 % slower fails."""
    runs(stack, state())
    check(stack, FILES)
    assert kept(stack) is None
    good(stack)
    assert kept(stack) == Performance(100, 0, 0.2)
    assert kept(stack, "acme/other") is None, "each repository is compared with itself"
    answer = check(stack, {**FILES, "load.json": LOAD.replace("0.2", "0.5")})
    assert answer["outcome"] == "failed"
    assert "150 % slower than the last good release" in answer["reason"]
    assert kept(stack) == Performance(100, 0, 0.2)


def test_a_good_release_without_a_load_run_keeps_the_measurement(stack: Stack) -> None:
    """The next run is compared with that of the earlier release."""
    EnvironmentsTable.connect(stack.clients).save_performance("production", REPOSITORY, Performance(5, 0, 0.1), LEASE)
    check(stack, {"junit.xml": JUNIT}, performance="")
    good(stack)
    assert kept(stack) == Performance(5, 0, 0.1)
