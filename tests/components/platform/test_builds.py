"""The CodeBuild projects: permissions, limits, and their sources."""

import json
from typing import Any

import pytest
import yaml

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
