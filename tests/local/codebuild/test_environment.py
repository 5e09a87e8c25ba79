"""A build gets the variables that CodeBuild documents, and no others of this machine."""

from __future__ import annotations

import json
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

    from tests.local.codebuild.conftest import Workbench

PRINT = "version: 0.2\nphases:\n  build:\n    commands: [env, which python]\n"


def printed(bench: Workbench, build: dict[str, object]) -> dict[str, str]:
    """Return the variables a build printed."""
    return dict(line.split("=", 1) for line in bench.log(build) if "=" in line and "[Container]" not in line)


def test_builtin_variables(bench: Workbench) -> None:
    """CodeBuild's own variables describe this build."""
    build = bench.run(PRINT, sourceVersion="abc")
    variables = printed(bench, build)
    assert variables["CODEBUILD_BUILD_ID"] == build["id"]
    assert variables["CODEBUILD_BUILD_ARN"] == build["arn"]
    assert variables["CODEBUILD_BUILD_NUMBER"] == "1"
    assert variables["CODEBUILD_LOG_PATH"] == build["logs"]["streamName"]
    assert variables["CODEBUILD_SOURCE_VERSION"] == "abc"
    assert variables["CODEBUILD_BUILD_SUCCEEDING"] == "1"
    assert variables["CODEBUILD_SRC_DIR"] == variables["PWD"]
    assert variables["CODEBUILD_START_TIME"] == str(round(build["startTime"].timestamp() * 1000))
    assert variables["AWS_REGION"] == variables["AWS_DEFAULT_REGION"] == bench.aws.region
    assert variables["AWS_ENDPOINT_URL"] == bench.aws.endpoint
    assert not [name for name in variables if name.startswith("CODEBUILD_WEBHOOK")]
    assert str(Path(sys.executable).with_name("python")) in bench.log(build)


def test_isolation(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of the server's environment reaches a build, and home and temporary directories are its own."""
    monkeypatch.setenv("OPERATORS_TOKEN", "planted-secret")
    build = bench.run(PRINT)
    variables = printed(bench, build)
    assert "planted-secret" not in "\n".join(bench.log(build))
    assert build["id"].rpartition(":")[2] in variables["HOME"]
    assert build["id"].rpartition(":")[2] in variables["TMPDIR"]
    assert not Path(variables["HOME"]).exists()


def test_secrets_and_parameters(bench: Workbench) -> None:
    """Secrets and parameters are read by name, key or ARN, and never appear in a log."""
    name = f"secret-{uuid.uuid4().hex[:8]}"
    manager, ssm = bench.aws.client("secretsmanager"), bench.aws.client("ssm")
    arn = manager.create_secret(Name=name, SecretString=json.dumps({"token": "s3cr3t-token"}))["ARN"]
    ssm.put_parameter(Name=f"/{name}", Value="param-value", Type="SecureString")
    build = bench.run(
        f"""
version: 0.2
env:
  secrets-manager: {{BY_NAME: "{name}:token", WHOLE: "{name}"}}
  parameter-store: {{PARAMETER: "/{name}"}}
phases:
  build:
    commands:
      - test "$BY_NAME" = "$BY_ARN" && test "$BY_NAME" = s3cr3t-"token"
      - test "$PARAMETER" = param-"value" && test "$(printf %s "$WHOLE" | cut -c 1-9)" = '{{"token":'
      - echo "token=$BY_NAME parameter=$PARAMETER"
""",
        environmentVariablesOverride=[
            {"name": "BY_ARN", "type": "SECRETS_MANAGER", "value": f"{arn}:token::"},
        ],
    )
    assert build["buildStatus"] == "SUCCEEDED", bench.log(build)
    assert "token=*** parameter=***" in bench.log(build)


def test_missing_secret(bench: Workbench) -> None:
    """A missing secret fails the build before any command, and the error names it."""
    build = bench.run("version: 0.2\nenv:\n  secrets-manager: {X: nobody:key}\nphases:\n  build: {commands: [ls]}\n")
    context = next(phase for phase in build["phases"] if phase["phaseType"] == "DOWNLOAD_SOURCE")["contexts"][0]
    assert build["buildStatus"] == "FAILED"
    assert "nobody" in context["message"]


def test_precedence(bench: Workbench) -> None:
    """The call takes precedence over the project, and the project over the buildspec."""
    spec = PRINT.replace("phases:", "env:\n  variables: {A: spec, B: spec, C: spec}\nphases:")
    project = bench.project(
        spec,
        environment={
            "type": "LINUX_CONTAINER",
            "image": "i",
            "computeType": "BUILD_GENERAL1_SMALL",
            "environmentVariables": [{"name": "B", "value": "project"}, {"name": "C", "value": "project"}],
        },
    )
    override = [{"name": "C", "value": "call"}]
    build = bench.finish(bench.start(project, environmentVariablesOverride=override))
    variables = printed(bench, build)
    assert [variables[name] for name in "ABC"] == ["spec", "project", "call"]
