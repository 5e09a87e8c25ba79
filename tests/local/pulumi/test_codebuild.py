"""Build projects and report groups are created at the CodeBuild endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.clients import clients
from local.codebuild.server import CodeBuildServer

if TYPE_CHECKING:
    from pathlib import Path

    from local.emulator import Emulator
    from tests.local.pulumi.conftest import Sandbox

PROGRAM = """
import pulumi
from pulumi_aws import codebuild
project = codebuild.Project("build", service_role="arn:aws:iam::123456789012:role/build", build_timeout={timeout},
    artifacts={{"type": "NO_ARTIFACTS"}}, source={{"type": "NO_SOURCE", "buildspec": "version: 0.2"}},
    environment={{"type": "LINUX_CONTAINER", "image": "none", "compute_type": "BUILD_GENERAL1_SMALL"}})
group = codebuild.ReportGroup("tests", type="TEST", export_config={{"type": "NO_EXPORT"}}, delete_reports=True)
pulumi.export("project", project.name)
pulumi.export("group", group.arn)
"""


def test_projects_and_report_groups_live_at_the_build_endpoint(
    sandbox: Sandbox, emulator: Emulator, tmp_path: Path
) -> None:
    """They are created, updated and deleted there, with the default tags."""
    with CodeBuildServer(
        emulator.endpoint, emulator.region, emulator.account, tmp_path / "builds", lambda _: None, {}
    ) as server, clients(emulator.endpoint, emulator.region, server.endpoint) as aws:  # fmt: skip
        sandbox.codebuild_endpoint = server.endpoint
        sandbox.write(PROGRAM.format(timeout=10))
        outputs = sandbox.run("up").result["outputs"]
        sandbox.write(PROGRAM.format(timeout=20))
        assert sandbox.run("up").changes == {"update": 1, "same": 1}
        found = aws.client("codebuild").batch_get_projects(names=[outputs["project"]])["projects"][0]
        assert found["timeoutInMinutes"] == 20
        assert found["tags"] == [{"key": "Project", "value": "demo"}]
        assert aws.client("codebuild").batch_get_report_groups(reportGroupArns=[outputs["group"]])["reportGroups"]
        assert sandbox.run("destroy").changes == {"delete": 2}
        assert aws.client("codebuild").batch_get_projects(names=[outputs["project"]])["projects"] == []
