"""Builds in progress."""

from datetime import UTC, datetime, timedelta

from functions.adapters.running_builds import RunningBuilds
from functions.domain.projects import project_of
from functions.domain.reconciliation import RunningBuild
from tests.functions import builds
from tests.functions.samples import DEPLOYMENT, RELEASE
from tests.functions.stack import Stack

OTHER = "kiro-pipeline-test-gates"
THEIRS = "acme/other"


def connected(stack: Stack, *begins: str) -> RunningBuilds:
    """The adapter over projects whose names begin so, and which exist for two repositories."""
    for begin in begins:
        for repository in (RELEASE.repository, THEIRS):
            builds.create_project(stack, project_of(begin, repository))
    stack.settings["BUILD_PROJECTS"], stack.settings["REPOSITORIES"] = (
        ",".join(begins),
        f"{RELEASE.repository},{THEIRS}",
    )
    return RunningBuilds.connect(stack.clients)


def started(stack: Stack, project: str = builds.PROJECT, status: str = "IN_PROGRESS", **variables: str) -> str:
    """The id of a build with this status."""
    build_id = str(stack.client("codebuild").start_build(projectName=project)["build"]["id"])
    carried = [{"name": name, "value": value} for name, value in variables.items()]
    builds.end(stack, build_id, status, environment={"environmentVariables": carried})
    return build_id


def test_projects_without_builds_run_nothing(stack: Stack) -> None:
    """CodeBuild is not called with an empty list of builds, which it refuses."""
    assert list(connected(stack, builds.BEGIN, OTHER).all()) == []


def test_only_builds_in_progress_run(stack: Stack) -> None:
    """Builds that have ended in any way are left out."""
    running = connected(stack, builds.BEGIN)
    for status in ("SUCCEEDED", "FAILED", "STOPPED", "TIMED_OUT"):
        started(stack, status=status)
    build_id = started(stack)
    assert [build.build_id for build in running.all()] == [build_id]


def test_the_builds_of_every_project_are_read_in_one_list(stack: Stack) -> None:
    """Of every repository: 50 of them have 300 projects, which took 600 calls a minute. Builds of others are not read.

    https://docs.aws.amazon.com/codebuild/latest/APIReference/API_ListBuilds.html
    """
    running = connected(stack, builds.BEGIN, OTHER)
    begins, repositories = (builds.BEGIN, OTHER), (RELEASE.repository, THEIRS)
    ids = {started(stack, project_of(begin, one)) for begin in begins for one in repositories}
    builds.create_project(stack, "somebody-elses")
    started(stack, "somebody-elses")
    stack.recording = True
    assert {build.build_id for build in running.all()} == ids
    stack.recording = False
    assert {call.action for call in stack.calls} == {"codebuild:ListBuilds", "codebuild:BatchGetBuilds"}
    (asked,) = [call.given["ids"] for call in stack.calls if call.action == "codebuild:BatchGetBuilds"]
    assert set(asked) == ids


def test_a_build_tells_its_deployment_and_its_start(stack: Stack) -> None:
    """The deployment is read from the build's variable; a build without it has none."""
    running = connected(stack, builds.BEGIN)
    ours, theirs = started(stack, KIRO_DEPLOYMENT=DEPLOYMENT, STAGE="x"), started(stack, STAGE="x")
    found = {build.build_id: build for build in running.all()}
    assert found[ours] == RunningBuild(ours, DEPLOYMENT, found[ours].started)
    assert found[ours].started.endswith("Z")
    assert found[theirs].deployment_id == ""


def test_a_long_history_is_read_while_its_builds_may_run(stack: Stack) -> None:
    """CodeBuild tells about a hundred builds at a time, and the oldest of more may wait in its queue."""
    running = connected(stack, builds.BEGIN)
    waiting = started(stack)
    for _ in range(100):
        started(stack, status="SUCCEEDED")
    assert [build.build_id for build in running.all()] == [waiting]


def test_builds_that_must_have_ended_are_not_read(stack: Stack) -> None:
    """A project keeps its builds for a year."""
    running = connected(stack, builds.BEGIN)
    long_ago = datetime.now(UTC) - timedelta(days=2)
    for _ in range(101):
        stack.rewrite(started(stack, status="SUCCEEDED"), startTime=long_ago)
    stack.recording = True
    list(running.all())
    stack.recording = False
    (asked,) = [call.given["ids"] for call in stack.calls if call.action == "codebuild:BatchGetBuilds"]
    assert len(asked) == 100
