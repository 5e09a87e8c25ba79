"""The CodeBuild projects: permissions, limits, and their sources."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.platform.programs import stack_program
from tests.components.recorder import ACCOUNT, FOREIGN_ROLE, PROJECT_KEY, REGION, REPOSITORY, Outcome

PROJECTS = ("build", "integration-test", "e2e-test", "deploy-test", "deploy-staging", "deploy-production")


def _statements(whole: Outcome, thing: str) -> list[dict[str, Any]]:
    policy = whole.recorder.one("iam/rolePolicy:RolePolicy", f"codebuild-{thing}-{PROJECT_KEY}")
    found: list[dict[str, Any]] = json.loads(policy.inputs["policy"])["Statement"]
    return found


@pytest.mark.parametrize("thing", PROJECTS)
def test_a_project_is_bounded_logged_and_cached(whole: Outcome, thing: str) -> None:
    """60 minutes, 8 hours in the queue, small compute, its own log group and cache."""
    project = whole.recorder.one("codebuild/project:Project", f"{thing}-{PROJECT_KEY}").inputs
    assert (project["buildTimeout"], project["queuedTimeout"]) == (60, 480)
    assert project["environment"]["computeType"] == "BUILD_GENERAL1_SMALL"
    assert (
        project["logsConfig"]["cloudwatchLogs"]["groupName"]
        == f"/aws/codebuild/kiro-pipeline-test-{thing}-{PROJECT_KEY}"
    )
    assert project["cache"]["location"].endswith(f"/cache/{REPOSITORY}/{thing}")


@pytest.mark.parametrize("thing", PROJECTS)
def test_a_project_without_a_source_carries_a_buildspec(whole: Outcome, thing: str) -> None:
    """AWS requires one; a build that is started by hand fails with a message."""
    source = whole.recorder.one("codebuild/project:Project", f"{thing}-{PROJECT_KEY}").inputs["source"]
    assert source["type"] == "NO_SOURCE"
    assert "exit 1" in yaml.safe_load(source["buildspec"])["phases"]["build"]["commands"][0]


@pytest.mark.parametrize("thing", PROJECTS)
def test_a_build_can_write_what_it_builds_and_nothing_else(whole: Outcome, thing: str) -> None:
    """It writes no source, reads no secret, starts nothing, and uses no other project's cache."""
    statements = _statements(whole, thing)
    services = {action.partition(":")[0] for s in statements for action in s["Action"]}
    assert services == {"s3", "kms", "logs", "codebuild"}
    written = {resource for s in statements if "s3:PutObject" in s["Action"] for resource in s["Resource"]}
    bucket = f"arn:aws:s3:::{whole.outputs['artifactsBucket']}"
    own = "tests" if thing in ("integration-test", "e2e-test") else thing
    assert written == {f"{bucket}/builds/{REPOSITORY}/{own}/*", f"{bucket}/cache/{REPOSITORY}/{thing}/*"}


@pytest.mark.parametrize("thing", PROJECTS)
def test_a_build_may_write_reports_of_any_name(whole: Outcome, thing: str) -> None:
    """CodeBuild creates a group at its first use, named after project and buildspec: five actions, own project only.

    https://docs.aws.amazon.com/codebuild/latest/userguide/test-permissions.html and …/test-report-group-naming.html
    """
    (statement,) = [s for s in _statements(whole, thing) if "codebuild:CreateReport" in s["Action"]]
    assert set(statement["Action"]) == {
        "codebuild:CreateReportGroup",
        "codebuild:CreateReport",
        "codebuild:UpdateReport",
        "codebuild:BatchPutTestCases",
        "codebuild:BatchPutCodeCoverages",
    }
    (resource,) = statement["Resource"]
    assert resource.endswith(f":report-group/kiro-pipeline-test-{thing}-{PROJECT_KEY}-*")


def test_only_the_build_of_a_repository_that_builds_images_is_privileged(whole: Outcome, switched_on: Outcome) -> None:
    """M3: off by default; it pushes to the repositories of the settings, and no other project does.

    https://docs.aws.amazon.com/codebuild/latest/userguide/sample-docker.html
    """
    for thing in PROJECTS:
        for outcome, builds in ((whole, False), (switched_on, thing == "build")):
            project = outcome.recorder.one("codebuild/project:Project", f"{thing}-{PROJECT_KEY}").inputs
            assert project["environment"]["privilegedMode"] is builds
            pushed = [s["Resource"] for s in _statements(outcome, thing) if "ecr:PutImage" in s["Action"]]
            assert pushed == ([[f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/team/api"]] if builds else [])


def test_commands_may_assume_the_role_that_is_given_for_their_environment_only(switched_on: Outcome) -> None:
    """I7: the variable and the permission come together; without a given role a build has neither."""
    for thing in ("build", "integration-test", "e2e-test", "deploy-test", "deploy-staging", "deploy-production"):
        roles = [FOREIGN_ROLE] if thing == "deploy-production" else []
        environment = switched_on.recorder.one("codebuild/project:Project", f"{thing}-{PROJECT_KEY}").inputs[
            "environment"
        ]
        variables = [(one["name"], one["value"]) for one in environment.get("environmentVariables") or []]
        assert variables == [("KIRO_DEPLOY_ROLE", role) for role in roles]
        assumed = [s["Resource"] for s in _statements(switched_on, thing) if s["Action"] == ["sts:AssumeRole"]]
        assert assumed == [[role] for role in roles]


def test_a_build_reaches_the_states_of_its_own_repository_only(switched_on: Outcome) -> None:
    """I7: those of the environment's bucket; in another account the role there bounds it, and others reach none."""
    own, bucket = f"test/{REPOSITORY}", "arn:aws:s3:::stack-states"
    found = {
        action: statement
        for statement in _statements(switched_on, "deploy-test")
        if any("stack-states" in one or "key/1234abcd" in one for one in statement["Resource"])
        for action in statement["Action"]
    }
    assert found["s3:ListBucket"]["Resource"] == [bucket]
    assert "Condition" not in found["s3:ListBucket"], "then S3 answers 403 for a missing object, and Pulumi fails"
    for action in ("s3:DeleteObject", "s3:GetObject", "s3:PutObject"):
        assert found[action]["Resource"] == [f"{bucket}/{own}/*"]
    assert {action for action in found if action.startswith("kms:")} == {
        "kms:Decrypt",
        "kms:Encrypt",
        "kms:GenerateDataKey",
    }
    for thing in ("build", "integration-test", "e2e-test", "deploy-staging", "deploy-production"):
        assert "-states" not in json.dumps(_statements(switched_on, thing)), thing


def test_a_build_asks_about_its_own_project_only(switched_on: Outcome) -> None:
    """Whether the build that left a lock has ended; only where stacks are delivered."""
    for thing in PROJECTS:
        asked = [s["Resource"] for s in _statements(switched_on, thing) if s["Action"] == ["codebuild:BatchGetBuilds"]]
        name = f"arn:aws:codebuild:{REGION}:{ACCOUNT}:project/kiro-pipeline-test-{thing}-{PROJECT_KEY}"
        assert asked == ([[name]] if thing in ("deploy-test", "deploy-production") else []), thing


def test_the_program_of_stacks_needs_nothing_else(whole: Outcome, tmp_path: Path) -> None:
    """Unpacked, it runs on a Python without installed packages; functions know its key."""
    for name, file in stack_program().items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, tmp_path / name)
    words = [sys.executable, "-S", "-m", "buildspecs.pulumi_stack"]
    done = subprocess.run(words, cwd=tmp_path, env={}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("only a workflow can start this build, because it says what to apply")
    key = whole.recorder.one("s3/bucketObjectv2:BucketObjectv2", "pulumi-program").inputs["key"]
    function = whole.recorder.one("lambda/function:Function", "shared-start-build").inputs
    assert function["environment"]["variables"]["PULUMI_PROGRAM"] == key
