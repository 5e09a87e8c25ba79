"""StartBuild: a build of the release's source, with the variables it needs."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from msgspec.structs import replace

from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.waits_table import WaitsTable
from functions.domain.manifests import Part
from functions.domain.projects import project_of
from functions.domain.waits import QueuedKey
from functions.targets.pulumi import BUILDSPEC
from tests.functions.builds import BEGIN, PROJECT, Queue, create_project
from tests.functions.delivered import artifact, judged
from tests.functions.samples import COMMAND, COMMIT, DEPLOYMENT, RELEASE, environment, version
from tests.functions.stack import BUCKET, Stack

EVENT: dict[str, Any] = {
    "deploymentId": DEPLOYMENT,
    "release": RELEASE,
    "purpose": f"{DEPLOYMENT}-build",
    "project": BEGIN,
    "buildspec": "build.yml",
    "source": "sources/s.zip",
    "artifact": "deployments/d/build.zip",
}


def start(stack: Stack, **changes: Any) -> Any:
    """Run the handler; returns the request to CodeBuild."""
    answer = stack.run("shared.start_build", {**EVENT, **changes})
    assert answer["buildId"].startswith(f"{PROJECT}:")
    return next(call.given for call in reversed(stack.calls) if call.action == "codebuild:StartBuild")


def test_a_build_runs_in_the_project_of_its_repository(stack: Stack) -> None:
    """Two repositories have two projects; one that the stack does not deliver has none, so nothing is started."""
    theirs = [project_of(BEGIN, repository) for repository in ("acme/one", "acme/two")]
    for project in theirs:
        create_project(stack, project)
    started, execution = [], stack.execution("deployment", "d")
    for repository in ("acme/one", "acme/two", "acme/three"):
        event = {**EVENT, "release": replace(RELEASE, repository=repository), "purpose": repository}
        event |= {"execution": execution}
        started.append(stack.run("shared.start_build", event)["buildId"])
    assert [one.partition(":")[0] for one in started[:2]] == [
        project_of(BEGIN, one) for one in ("acme/one", "acme/two")
    ]
    assert started[2].startswith("queued/"), "CodeBuild refused it, and AwaitBuild says why"


def variables(given: Any) -> dict[str, str]:
    """The variables of a build."""
    return {one["name"]: one["value"] for one in given["environmentVariablesOverride"]}


def test_a_build_has_its_source_and_its_artifact(stack: Stack) -> None:
    """Both are in the bucket; the limit is thirty minutes; variables identify the release."""
    create_project(stack)
    given = start(stack)
    assert given["sourceLocationOverride"] == f"{BUCKET}/sources/s.zip"
    assert (given["artifactsOverride"]["path"], given["artifactsOverride"]["name"]) == ("deployments/d", "build.zip")
    assert (given["timeoutInMinutesOverride"], given["buildspecOverride"]) == (30, "build.yml")
    assert variables(given) == {
        "KIRO_DEPLOYMENT": DEPLOYMENT,
        "KIRO_REPOSITORY": "acme/hello-service",
        "KIRO_COMMIT": COMMIT,
    }
    assert "secondarySourcesOverride" not in given
    assert "secondarySourcesVersionOverride" not in given


def test_a_command_has_its_environment_and_the_release(stack: Stack) -> None:
    """P10: fifteen minutes; variables of the environment can't replace those named KIRO_…."""
    create_project(stack)
    artifact(stack, "deployments/d/build.zip", {})
    judged(stack, "deployments/d/build.zip")
    where = environment(variables={"DOMAIN": "x", "KIRO_ENVIRONMENT": "evil", "KIRO_COMMIT": "evil"})
    given = start(stack, environment=where, part=COMMAND, inputArtifact="deployments/d/build.zip")
    assert (given["timeoutInMinutesOverride"], given["buildspecOverride"]) == (15, "infra/buildspec.yml")
    assert given["secondarySourcesOverride"][0]["location"] == f"{BUCKET}/deployments/d/build.zip"
    told = variables(given)
    assert (told["DOMAIN"], told["KIRO_ENVIRONMENT"], told["KIRO_COMMIT"]) == ("x", "production", COMMIT)


def test_a_command_gets_the_account_and_region_of_its_environment(stack: Stack) -> None:
    """I7: they may differ from the stack's, in which the build runs (AWS_REGION)."""
    create_project(stack)
    role = "arn:aws:iam::222233334444:role/deploy"
    where = environment(region="us-east-1", deploy_role_arn=role, variables={"KIRO_REGION": "evil"})
    told = variables(start(stack, environment=where, part=COMMAND))
    assert (told["KIRO_ACCOUNT"], told["KIRO_REGION"]) == ("222233334444", "us-east-1")


def test_a_command_gets_the_release_as_it_was_judged(stack: Stack) -> None:
    """Builds may overwrite artifacts, so the input has the version that the gates judged, also in a rollback."""
    create_project(stack)
    DeploymentsTable.connect(stack.clients).note("older", artifactVersion="v7")
    to = version(deployment_id="older", artifact="deployments/older/build.zip")
    given = start(stack, environment=environment(), part=COMMAND, inputArtifact=to.artifact, to=to)
    assert given["secondarySourcesVersionOverride"] == [{"sourceIdentifier": "release", "sourceVersion": "v7"}]


def test_a_stack_is_applied_by_a_program_of_the_platform(stack: Stack) -> None:
    """The repository chooses neither buildspec nor program, and no variable of its environment replaces the order."""
    create_project(stack)
    part = Part("shop/infrastructure", "pulumi", "build", settings={"project": "shop", "projectFile": "Pulumi.yaml"})
    where = environment(pulumi_bucket="states", variables={"KIRO_PULUMI": "evil"})
    given = start(stack, environment=where, part=part, inputArtifact="")
    assert given["buildspecOverride"] == BUILDSPEC.read_text("utf-8")
    program = {"type": "S3", "location": f"{BUCKET}/programs/pulumi.zip", "sourceIdentifier": "program"}
    assert given["secondarySourcesOverride"] == [program]
    assert json.loads(variables(given)["KIRO_PULUMI"])["stack"] == "organization/shop/production"
    assert given["timeoutInMinutesOverride"] == 15


def test_a_retry_finds_the_same_build(stack: Stack) -> None:
    """CodeBuild returns the same build for the same token; another purpose has another token."""
    create_project(stack)
    tokens = [start(stack)["idempotencyToken"] for _ in range(2)]
    tokens.append(start(stack, purpose="other")["idempotencyToken"])
    assert tokens[0] == tokens[1] != tokens[2]
    assert all(len(token) <= 64 for token in tokens)


# https://docs.aws.amazon.com/codebuild/latest/APIReference/CommonErrors.html: AccessDeniedException is of every action.
@pytest.mark.parametrize("code", ["", "AccessDeniedException"])
def test_a_refusal_is_an_answer(stack: Stack, queue: Queue, code: str) -> None:
    """P7: nothing has started in a project that is gone; its order is kept for AwaitBuild, which says so.

    The stack's roles name the projects of its environments, so that one which was removed may be denied first.
    """
    if code:
        queue.refuse(code, "not authorized to perform: codebuild:StartBuild")
    execution = stack.execution("deployment", DEPLOYMENT)
    deployments = DeploymentsTable.connect(stack.clients)
    deployments.begin(DEPLOYMENT, RELEASE, "arn:e", "push")
    answer = stack.run("shared.start_build", {**EVENT, "execution": execution})
    (wait,) = WaitsTable.connect(stack.clients).of_execution(execution)
    assert answer == {"buildId": str(wait.key)}
    assert stack.deployment(DEPLOYMENT)["status"] == "running", "it waits for no queue"


# botocore's model of codebuild, StartBuild, idempotencyToken: "If you repeat the StartBuild request with the same
# token, but change a parameter, CodeBuild returns a parameter mismatch error."
@pytest.mark.parametrize("code", ["InvalidInputException", "InternalServerError"])
def test_another_error_leaves_open_what_started(stack: Stack, queue: Queue, code: str) -> None:
    """A token that started a build with other parameters is refused as invalid, too: the workflow gets the error."""
    create_project(stack)
    queue.refuse(code, "no")
    with pytest.raises(ClientError, match=code):
        stack.run("shared.start_build", EVENT)


def test_a_build_belongs_to_its_execution(stack: Stack) -> None:
    """P9: the end of the execution finds the build before anything waits for it."""
    create_project(stack)
    execution = stack.execution("deployment", DEPLOYMENT)
    start(stack, execution=execution)
    (wait,) = WaitsTable.connect(stack.clients).of_execution(execution)
    assert str(wait.key).startswith(f"build/{PROJECT}:")


def test_a_build_of_a_stopped_execution_is_stopped(stack: Stack) -> None:
    """P9: the execution was stopped while this handler ran."""
    create_project(stack)
    execution = stack.execution("deployment", DEPLOYMENT)
    stack.kill(execution)
    start(stack, execution=execution)
    assert WaitsTable.connect(stack.clients).of_execution(execution) == ()
    assert [call.action for call in stack.calls if call.action.startswith("codebuild:")][-1] == "codebuild:StopBuild"


def test_a_full_queue_is_an_answer(stack: Stack, queue: Queue) -> None:
    """The order waits under its execution, as a release waits for a lock; the record says for what."""
    create_project(stack)
    queue.fill()
    deployments = DeploymentsTable.connect(stack.clients)
    deployments.begin(DEPLOYMENT, RELEASE, "arn:e", "push")
    execution = stack.execution("deployment", DEPLOYMENT)
    answer = stack.run("shared.start_build", {**EVENT, "execution": execution})
    (wait,) = WaitsTable.connect(stack.clients).of_execution(execution)
    assert answer == {"buildId": str(wait.key)}
    assert isinstance(wait.key, QueuedKey)
    record = stack.deployment(DEPLOYMENT)
    assert record["status"] == "waiting"
    assert record["reason"] == (
        "the build queue of the account is full: Cannot have more than 1 builds in queue for the account; "
        "raise its quota of concurrently running builds in Service Quotas, or wait"
    )


def test_an_order_of_a_stopped_execution_waits_for_nothing(stack: Stack, queue: Queue) -> None:
    """P9: nothing of it stays, and no record is made of a card's attempt."""
    create_project(stack)
    queue.fill()
    execution = stack.execution("work_item", "attempt")
    stack.kill(execution)
    stack.run("shared.start_build", {**EVENT, "deploymentId": "attempt", "execution": execution})
    assert WaitsTable.connect(stack.clients).of_execution(execution) == ()
    assert DeploymentsTable.connect(stack.clients).get("attempt") is None
