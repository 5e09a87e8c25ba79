"""Each kind of process that calls AWS for the product is as strict as AWS (local/strict)."""

import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local import platform
from local.operators import operator_environment
from local.platform import PROJECT, PlatformError
from local.pulumi.handlers.lambda_ import HAS_RUNTIME_CLIENT
from local.settings import REPOSITORY
from tests.packages import packed
from tests.scenarios.driver import PlatformDriver, eventually

# botocore sends this name of a session, and the emulator takes it; AWS does not.
PROBE = """
import boto3

def handler(event=None, context=None):
    try:
        boto3.client("sts").assume_role(RoleArn="arn:aws:iam::111122223333:role/any", RoleSessionName="two words")
    except Exception as error:
        return str(error)
    return "let through"
"""
REFUSED = "failed to satisfy constraint"


@pytest.fixture
def probe(driver: PlatformDriver) -> Iterator[str]:
    """A function that makes the call."""
    name, other = "probe", driver.platform.outputs["functions"]["functions.events.reconcile"]
    functions = driver.platform.clients.client("lambda")
    functions.create_function(
        FunctionName=name,
        Runtime="provided.al2023",
        Handler="main.handler",
        Timeout=60,
        Role=functions.get_function_configuration(FunctionName=other)["Role"],
        Code={"ZipFile": packed(PROBE)},
    )
    yield name
    functions.delete_function(FunctionName=name)


@pytest.mark.skipif(not HAS_RUNTIME_CLIENT, reason="AWS's runtime client has wheels for Linux only")
@pytest.mark.parametrize("more", [{}, {"LAMBDA_PREFORK": "/nowhere"}], ids=["forked", "without prefork server"])
def test_functions_are_strict(driver: PlatformDriver, probe: str, more: dict[str, str]) -> None:
    """Forked off the prefork server, and started before that is ready."""
    functions = driver.platform.clients.client("lambda")
    variables = {"AWS_ENDPOINT_URL": driver.platform.emulator.endpoint, **more}
    functions.get_waiter("function_updated_v2").wait(FunctionName=probe, WaiterConfig={"Delay": 1})
    functions.update_function_configuration(FunctionName=probe, Environment={"Variables": variables})
    assert REFUSED in json.loads(functions.invoke(FunctionName=probe)["Payload"].read())


def test_builds_are_strict(driver: PlatformDriver) -> None:
    """Whatever Python program they run."""
    said = f"assert {REFUSED!r} in handler()"
    command = f"python -c {shlex.quote(PROBE + said)}"
    buildspec = json.dumps({"version": 0.2, "phases": {"build": {"commands": [command]}}})
    codebuild, project = (
        driver.platform.clients.client("codebuild"),
        driver.platform.outputs["projects"][f"{REPOSITORY}/build"],
    )
    started = codebuild.start_build(projectName=project, buildspecOverride=buildspec)["build"]["id"]

    def ended() -> Any:
        (build,) = codebuild.batch_get_builds(ids=[started])["builds"]
        return build["buildComplete"] and build["buildStatus"]

    assert eventually(ended) == "SUCCEEDED"


def test_the_command_is_strict(driver: PlatformDriver) -> None:
    """In the environment in which scenarios run it."""
    environment = {**operator_environment(driver.platform), "AWS_ENDPOINT_URL": driver.platform.emulator.endpoint}
    done = subprocess.run(
        [sys.executable, "-c", f"{PROBE}print(handler())"], env=environment, capture_output=True, text=True, check=True
    )
    assert REFUSED in done.stdout


def test_the_program_is_strict(driver: PlatformDriver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A role whose name is too long for AWS can't be deployed."""
    (tmp_path / "local").symlink_to(PROJECT / "local")
    (tmp_path / "Pulumi.yaml").write_text("name: other\nruntime: python\nmain: .\n", "utf-8")
    given = {"aws:region": "eu-central-1", "kiro-worker:github": {}, "kiro-worker:environments": []}
    (tmp_path / "Pulumi.other.yaml").write_text(json.dumps({"config": given}), "utf-8")
    role = "from pulumi_aws import iam\n\niam.Role('long', name='x' * 65, assume_role_policy='{}')\n"
    (tmp_path / "__main__.py").write_text(role, "utf-8")
    monkeypatch.setattr(platform, "PROJECT", tmp_path)
    with pytest.raises(PlatformError, match=REFUSED):
        platform.pulumi("up", "other", {**driver.platform.describe(), "logs": str(tmp_path)})
