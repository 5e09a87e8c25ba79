"""StartTests: the repository's tests against the environment."""

from typing import Any

from msgspec.structs import replace

from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.waits_table import WaitsTable
from functions.domain.manifests import AfterDeploy
from functions.domain.projects import project_of
from tests.functions.builds import create_project
from tests.functions.delivered import runs
from tests.functions.samples import COMMIT, DEPLOYMENT, RELEASE, SERVICE, environment, state
from tests.functions.stack import ACCOUNT, BUCKET, REGION, Stack

BEGIN = "kiro-pipeline-test-e2e-test"
PROJECT = project_of(BEGIN, RELEASE.repository)


def start(stack: Stack, execution: str = "", **variables: str) -> Any:
    """Run the handler; returns the request to CodeBuild."""
    event = {
        "deploymentId": DEPLOYMENT,
        "release": RELEASE,
        "purpose": f"{DEPLOYMENT}-production-tests",
        "environment": environment(test_project=BEGIN, variables=variables),
        "part": "hello",
        "afterDeploy": AfterDeploy("delivery/e2e.yml", {"tests": {"junit": ["junit.xml"]}}),
        "source": "sources/s.zip",
        "inputArtifact": "deployments/d/build.zip",
        "artifact": "deployments/d/production-tests.zip",
        "execution": execution,
    }
    assert stack.run("stage.start_tests", event)["buildId"].startswith(f"{PROJECT}:")
    return next(call.given for call in reversed(stack.calls) if call.action == "codebuild:StartBuild")


def test_tests_get_outputs_and_release_as_variables(stack: Stack) -> None:
    """Only the outputs of their own repository; variables of the environment can't replace those named KIRO_…."""
    create_project(stack, PROJECT)
    runs(stack, state(outputs={"url": "https://x.example.com", "api-key.id": "7"}))
    runs(stack, state(replace(SERVICE, name="other/api"), outputs={"url": "https://other.example.com"}))
    DeploymentsTable.connect(stack.clients).note("d", artifactVersion="v7")
    given = start(stack, DOMAIN="x", KIRO_COMMIT="evil", KIRO_OUTPUT_URL="evil")
    told = {one["name"]: one["value"] for one in given["environmentVariablesOverride"]}
    assert told == {
        "DOMAIN": "x",
        "KIRO_OUTPUT_URL": "https://x.example.com",
        "KIRO_OUTPUT_API_KEY_ID": "7",
        "KIRO_DEPLOYMENT": DEPLOYMENT,
        "KIRO_REPOSITORY": "acme/hello-service",
        "KIRO_COMMIT": COMMIT,
        "KIRO_ENVIRONMENT": "production",
        "KIRO_ACCOUNT": ACCOUNT,
        "KIRO_REGION": REGION,
    }
    assert (given["buildspecOverride"], given["timeoutInMinutesOverride"]) == ("delivery/e2e.yml", 30)
    assert given["secondarySourcesOverride"][0]["location"] == f"{BUCKET}/deployments/d/build.zip"
    assert given["secondarySourcesVersionOverride"] == [{"sourceIdentifier": "release", "sourceVersion": "v7"}]


def test_a_retry_finds_the_same_build(stack: Stack) -> None:
    """CodeBuild returns the same build for the same token."""
    create_project(stack, PROJECT)
    assert start(stack)["idempotencyToken"] == start(stack)["idempotencyToken"]


def test_tests_belong_to_their_execution(stack: Stack) -> None:
    """P9: the end of the execution finds the build before anything waits for it."""
    create_project(stack, PROJECT)
    execution = stack.execution("stage", DEPLOYMENT)
    start(stack, execution)
    (wait,) = WaitsTable.connect(stack.clients).of_execution(execution)
    assert str(wait.key).startswith(f"build/{PROJECT}:")


def test_tests_of_a_stopped_execution_are_stopped(stack: Stack) -> None:
    """P9: the execution was stopped while this handler ran."""
    create_project(stack, PROJECT)
    execution = stack.execution("stage", DEPLOYMENT)
    stack.kill(execution)
    start(stack, execution)
    assert WaitsTable.connect(stack.clients).of_execution(execution) == ()
    assert [call.action for call in stack.calls if call.action.startswith("codebuild:")][-1] == "codebuild:StopBuild"
