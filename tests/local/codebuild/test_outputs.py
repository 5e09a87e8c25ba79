"""Artifacts, reports and caches are what CodeBuild makes of a buildspec."""

from __future__ import annotations

import hashlib
import io
import zipfile
from typing import TYPE_CHECKING

from tests.local.codebuild.conftest import phases
from tests.roles import new_role

if TYPE_CHECKING:
    from tests.local.codebuild.conftest import Workbench

SPEC = """
version: 0.2
phases:
  build:
    commands:
      - mkdir -p out/deep && echo a > out/a.txt && echo b > out/deep/b.txt && echo n > .hidden
      - |
        cat > junit.xml <<'END'
        <testsuites><testsuite name="suite" tests="3">
          <testcase classname="c" name="good" time="0.5"/>
          <testcase classname="c" name="bad" time="0.25"><failure message="wrong"/></testcase>
          <testcase classname="c" name="later"><skipped message="not yet"/></testcase>
        </testsuite></testsuites>
        END
      - |
        cat > coverage.xml <<'END'
        <coverage><packages><package><classes>
          <class filename="a.py"><lines><line number="1" hits="1"/><line number="2" hits="0"/>
            <line number="3" hits="2" branch="true" condition-coverage="50% (1/2)"/>
            <line number="4" hits="1"/></lines></class>
          <class filename="b.py"><lines><line number="1" hits="1"/></lines></class>
        </classes></package></packages></coverage>
        END
      - exit 1
reports:
  unit:
    files: [junit.xml]
  lines:
    files: ["coverage.xml"]
    file-format: COBERTURAXML
  absent:
    files: [nothing.xml]
artifacts:
  files: ["**/*"]
  base-directory: out
"""


def test_artifacts_and_reports_of_a_failed_build(bench: Workbench) -> None:
    """A build whose tests failed still uploads its artifact and reports, which is what a gate reads."""
    bucket = bench.bucket()
    project = bench.project(
        SPEC,
        artifacts={
            "type": "S3",
            "location": bucket,
            "path": "path",
            "namespaceType": "BUILD_ID",
            "name": "it.zip",
            "packaging": "ZIP",
        },
    )
    build = bench.finish(bench.start(project))
    assert build["buildStatus"] == "FAILED"
    assert phases(build)["UPLOAD_ARTIFACTS"] == "SUCCEEDED"
    key = f"path/{build['id'].rpartition(':')[2]}/it.zip"
    assert build["artifacts"]["location"] == f"arn:aws:s3:::{bucket}/{key}"
    body = bench.aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    assert build["artifacts"]["sha256sum"] == hashlib.sha256(body).hexdigest()
    assert sorted(zipfile.ZipFile(io.BytesIO(body)).namelist()) == ["a.txt", "deep/b.txt"]

    unit, lines = bench.codebuild.batch_get_reports(reportArns=build["reportArns"])["reports"]
    assert unit["status"] == "FAILED"
    assert unit["executionId"] == build["arn"]
    assert unit["reportGroupArn"].endswith(f":report-group/{project}-unit")
    assert unit["testSummary"] == {
        "total": 3,
        "statusCounts": {"SUCCEEDED": 1, "FAILED": 1, "SKIPPED": 1},
        "durationInNanoSeconds": 750_000_000,
    }
    failed = bench.codebuild.describe_test_cases(reportArn=unit["arn"], filter={"status": "FAILED"})["testCases"]
    assert [(case["prefix"], case["name"], case["message"]) for case in failed] == [("c", "bad", "wrong")]
    assert lines["codeCoverageSummary"] == {
        "lineCoveragePercentage": 80.0,
        "linesCovered": 4,
        "linesMissed": 1,
        "branchCoveragePercentage": 50.0,
        "branchesCovered": 1,
        "branchesMissed": 1,
    }
    coverages = bench.codebuild.describe_code_coverages(reportArn=lines["arn"])["codeCoverages"]
    assert [(one["filePath"], one["lineCoveragePercentage"]) for one in coverages] == [("a.py", 75.0), ("b.py", 100.0)]
    listed = bench.codebuild.list_reports_for_report_group(reportGroupArn=unit["reportGroupArn"])["reports"]
    assert listed == [unit["arn"]]


def test_a_report_group_that_the_role_may_not_create(bench: Workbench) -> None:
    """UPLOAD_ARTIFACTS fails and names the action and the group, which is called after the project.

    Words: https://github.com/aws/aws-cdk/issues/7367; name and permissions: CodeBuild user guide,
    https://docs.aws.amazon.com/codebuild/latest/userguide/test-report-group-naming.html and …/test-permissions.html
    """
    writing = ["codebuild:CreateReport", "codebuild:UpdateReport", "codebuild:BatchPut*"]
    arn = new_role(bench.aws, {"Effect": "Allow", "Action": writing, "Resource": "*"})
    project = bench.project(SPEC, serviceRole=arn)
    build = bench.finish(bench.start(project))
    (failed,) = [phase for phase in build["phases"] if phase["phaseType"] == "UPLOAD_ARTIFACTS"]
    (context,) = failed["contexts"]
    assert (failed["phaseStatus"], context["statusCode"]) == ("FAILED", "CLIENT_ERROR")
    session = f"assumed-role/{arn.rpartition('/')[2]}/AWSCodeBuild-{build['id'].rpartition(':')[2]}"
    assert "[unit: [error creating report group: AccessDeniedException: User: arn:aws:sts::" in context["message"]
    assert f"{session} is not authorized to perform: codebuild:CreateReportGroup on resource: " in context["message"]
    assert f":report-group/{project}-unit]" in context["message"]


def test_a_report_that_the_role_may_not_fill(bench: Workbench) -> None:
    """Test cases and coverage are two permissions (CodeBuild user guide, test-permissions)."""
    allowed = [
        "codebuild:CreateReportGroup",
        "codebuild:CreateReport",
        "codebuild:UpdateReport",
        "codebuild:BatchPutTestCases",
    ]
    build = bench.finish(
        bench.start(
            bench.project(
                SPEC, serviceRole=new_role(bench.aws, {"Effect": "Allow", "Action": allowed, "Resource": "*"})
            )
        )
    )
    (context,) = build["phases"][-3]["contexts"]
    assert "codebuild:BatchPutCodeCoverages" in context["message"]
    assert "[unit:" not in context["message"]


def test_plain_files_and_secondary_artifacts(bench: Workbench) -> None:
    """Without packaging every file is an object; secondary artifacts go their own ways; a name may be computed."""
    bucket = bench.bucket()
    spec = """
version: 0.2
phases:
  build:
    commands: [mkdir -p out/deep, echo a > out/a.txt, echo b > out/deep/b.txt, export RELEASE=7]
artifacts:
  files: [out/**/*]
  discard-paths: yes
  name: release-$RELEASE
  secondary-artifacts:
    more:
      files: [deep/b.txt]
      base-directory: out
"""
    build = bench.run(
        spec,
        artifactsOverride={"type": "S3", "location": bucket, "overrideArtifactName": True},
        secondaryArtifactsOverride=[{"type": "S3", "location": bucket, "artifactIdentifier": "more", "path": "p"}],
    )
    assert build["buildStatus"] == "SUCCEEDED", build["phases"]
    objects = bench.aws.client("s3").list_objects_v2(Bucket=bucket)["Contents"]
    assert sorted(entry["Key"] for entry in objects) == ["p/more/deep/b.txt", "release-7/a.txt", "release-7/b.txt"]
    assert build["secondaryArtifacts"][0]["artifactIdentifier"] == "more"


def test_missing_artifact(bench: Workbench) -> None:
    """An artifact that matches nothing fails the build in UPLOAD_ARTIFACTS."""
    spec = "version: 0.2\nphases: {build: {commands: [ls]}}\nartifacts:\n  files: [none/*]\n"
    build = bench.run(spec, artifactsOverride={"type": "S3", "location": bench.bucket()})
    assert build["buildStatus"] == "FAILED"
    assert phases(build)["UPLOAD_ARTIFACTS"] == "FAILED"


def test_cache(bench: Workbench) -> None:
    """What a build leaves in its cache paths is there for the next build of the project."""
    spec = """
version: 0.2
phases:
  build:
    commands:
      - mkdir -p ~/.cache/tool && echo x >> ~/.cache/tool/runs && wc -l < ~/.cache/tool/runs
cache:
  paths: ["/root/.cache/tool/**/*"]
"""
    project = bench.project(spec, cache={"type": "LOCAL", "modes": ["LOCAL_CUSTOM_CACHE"]})
    assert "1" in bench.log(bench.finish(bench.start(project)))
    assert "2" in bench.log(bench.finish(bench.start(project)))


def test_log_settings(bench: Workbench) -> None:
    """A build logs where it is told to, or nowhere."""
    spec = "version: 0.2\nphases: {build: {commands: [echo here]}}\n"
    settings = {"status": "ENABLED", "groupName": "/builds/all", "streamName": "prefix"}
    build = bench.run(spec, logsConfigOverride={"cloudWatchLogs": settings})
    assert build["logs"]["groupName"] == "/builds/all"
    assert build["logs"]["streamName"] == f"prefix/{build['id'].rpartition(':')[2]}"
    assert "here" in bench.log(build)
    build = bench.run(spec, logsConfigOverride={"cloudWatchLogs": {"status": "DISABLED"}})
    assert build["buildStatus"] == "SUCCEEDED"
    assert "groupName" not in build["logs"]
