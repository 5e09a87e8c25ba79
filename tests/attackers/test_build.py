"""A hostile build: it runs code that nobody has reviewed, with the role and the credentials of its project.

CodeBuild itself reports the SHA-256 of the zip archive that it uploaded, and of nothing else: `sha256sum` of
`BuildArtifacts` in botocore's service model ("available only if the build project's packaging value is set to ZIP").
https://docs.aws.amazon.com/codebuild/latest/APIReference/API_BuildArtifacts.html
"""

from typing import Any

import pytest
from msgspec.structs import replace

from functions.adapters.builds import BuildEnd, Builds
from functions.adapters.deployments_table import DeploymentsTable
from functions.domain.errors import NotRecordedError, SourceError
from functions.domain.manifests import AfterDeploy
from functions.domain.plans import Plan, StagePlan
from tests.functions import builds
from tests.functions.delivered import artifact, create_function, parts, points_to, uploaded
from tests.functions.samples import COMMAND, DEPLOYMENT, ENVIRONMENT, LEASE, RELEASE, SERVICE, archive, environment
from tests.functions.stack import Stack

KEY = f"builds/{RELEASE.repository}/build/{DEPLOYMENT}/build.zip"
GREEN = '<testsuite name="s"><testcase classname="c" name="a"/></testsuite>'
RED = '<testsuite name="s"><testcase classname="c" name="a"><failure/></testcase></testsuite>'
EVIL = archive({"app.py": "evil"})
COVERED = '<coverage line-rate="1" branch-rate="1" branches-valid="10" lines-valid="10"/>'
FORGED: dict[str, str | bytes] = {"junit.xml": GREEN, "coverage.xml": COVERED, "hello.zip": EVIL}
HONEST: dict[str, str | bytes] = {**FORGED, "hello.zip": archive({"app.py": "ok"})}
FAILING: dict[str, str | bytes] = {**HONEST, "junit.xml": RED}
TESTS: dict[str, dict[str, Any]] = {"tests": {"junit": ["junit.xml"]}}
JUDGED = {**TESTS, "coverage": {"cobertura": "coverage.xml"}}


def built(stack: Stack, key: str, files: dict[str, str | bytes]) -> BuildEnd:
    """The end of a build that left these files, as CodeBuild reports it."""
    artifact(stack, key, files)
    return BuildEnd("succeeded", "", "https://log", uploaded(stack, key))


def gates(stack: Stack, end: BuildEnd) -> Any:
    """The output of CheckGates."""
    plan = Plan("deploy", "hello", (StagePlan(environment(name="test"), (), ()),), "build.yml", JUDGED)
    where = {"source": "sources/s.zip", "artifact": KEY, "plan": plan}
    return stack.run("deployment.check_gates", {"deploymentId": DEPLOYMENT, "release": RELEASE, "build": end, **where})


def test_a_build_reports_what_codebuild_uploaded(stack: Stack) -> None:
    """A build that wants another digest on record can't choose it: CodeBuild's own record of the artifact counts."""
    build_id = builds.start(stack)
    reported = {"location": "arn:aws:s3:::bucket/build.zip", "sha256sum": "ab" * 32}
    builds.end(stack, build_id, "SUCCEEDED", artifacts=reported)
    assert Builds.connect(stack.clients).read(build_id).digest == "ab" * 32


@pytest.mark.parametrize("honest", [HONEST, FAILING])
def test_a_build_replaces_an_artifact_before_it_is_judged(stack: Stack, honest: dict[str, str | bytes]) -> None:
    """A build that overwrites its own or another deployment's artifact after the upload wants it judged: refused."""
    end = built(stack, KEY, honest)
    artifact(stack, KEY, FORGED)
    answer = gates(stack, end)
    assert answer["outcome"] == "failed"
    assert "was overwritten: its SHA-256 is" in answer["reason"]
    assert f"CodeBuild uploaded {end.digest}; deploy the commit again" in answer["reason"]
    assert stack.deployment()["artifactDigest"] == ""


def test_a_build_without_an_artifact_puts_one_there(stack: Stack) -> None:
    """A build that uploads nothing by CodeBuild and puts an object there itself wants it judged: it is not read."""
    artifact(stack, KEY, FORGED)
    answer = gates(stack, BuildEnd("succeeded", "", "https://log"))
    assert answer["outcome"] == "failed"
    assert "CodeBuild uploaded no artifact" in answer["reason"]


def test_a_build_replaces_an_artifact_after_it_was_judged(stack: Stack) -> None:
    """A build that overwrites what the gates judged wants it deployed: the alias stays, whatever is recorded."""
    create_function(stack)
    end = built(stack, KEY, HONEST)
    assert gates(stack, end)["outcome"] == "passed"
    artifact(stack, KEY, FORGED)
    event = {"deploymentId": DEPLOYMENT, "release": RELEASE, "environment": ENVIRONMENT, "part": SERVICE}
    for recorded, error in ((end.digest, SourceError), ("", NotRecordedError)):
        DeploymentsTable.connect(stack.clients).note(DEPLOYMENT, artifactDigest=recorded)
        with pytest.raises(error, match="was overwritten" if recorded else "no digest of"):
            stack.run("stage.apply_service", {**event, "artifact": KEY, "lease": LEASE})
    assert points_to(stack) == "1"


@pytest.mark.parametrize("uploads", [True, False])
def test_a_build_replaces_the_reports_of_tests_in_an_environment(stack: Stack, uploads: bool) -> None:
    """A build that replaces a failing JUnit report after a deployment wants the release to stay: it goes back."""
    key = f"builds/{RELEASE.repository}/e2e-test/{DEPLOYMENT}/production-tests.zip"
    end = built(stack, key, {"junit.xml": RED})
    artifact(stack, key, {"junit.xml": GREEN})
    where = {"environment": "production", "repository": RELEASE.repository, "artifact": key}
    wanted = AfterDeploy("e2e.yml", TESTS)
    ended = end if uploads else replace(end, digest="")
    event = {"deploymentId": DEPLOYMENT, "build": ended, "afterDeploy": wanted, **where}
    answer = stack.run("stage.check_tests", event)
    assert answer["outcome"] == "failed"
    assert ("was overwritten" if uploads else "CodeBuild uploaded no artifact") in answer["reason"]


def test_a_build_replaces_the_outputs_of_a_command(stack: Stack) -> None:
    """A build that replaces `outputs.json` wants health to be read elsewhere: nothing of it is recorded."""
    key = f"builds/{RELEASE.repository}/deploy-production/{DEPLOYMENT}/production-infrastructure.zip"
    end = built(stack, key, {"outputs.json": '{"url": "https://ours"}'})
    artifact(stack, key, {"outputs.json": '{"url": "https://theirs"}'})
    event = {"deploymentId": DEPLOYMENT, "release": RELEASE, "environment": "production", "part": COMMAND}
    event |= {"version": "2", "source": "sources/s.zip", "artifact": KEY, "output": key, "lease": LEASE}
    with pytest.raises(SourceError, match="was overwritten"):
        stack.run("stage.record_part", {**event, "digest": end.digest})
    assert parts(stack) == {}
    stack.run("stage.record_part", {**event, "digest": ""})
    assert parts(stack)["infrastructure"].outputs == {}


def test_a_build_replaces_the_reports_that_github_gets(stack: Stack) -> None:
    """A build that replaces its scan after the gates wants alerts closed: the reports are not uploaded."""
    end = built(stack, KEY, {"scan.sarif": "{}"})
    artifact(stack, KEY, {"scan.sarif": '{"runs": []}'})
    detail = {"deploymentId": DEPLOYMENT, "release": RELEASE, "gates": [], "artifact": KEY, "digest": end.digest}
    detail |= {"scans": {"sarif": ["scan.sarif"]}}
    stack.client("secretsmanager").create_secret(Name="kiro-github", SecretString='{"token": "t"}')
    with pytest.raises(SourceError, match=f"but CodeBuild uploaded {end.digest}"):
        stack.run("events.upload_sarif", {"detail-type": "GatesJudged", "detail": detail})
