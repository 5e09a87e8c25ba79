"""Lambda functions under AWS's own runtime client."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.clients import Clients
    from tests.local.pulumi.conftest import Sandbox

    Program = Callable[[str], Sandbox]

PROGRAM = """
import json, pathlib, pulumi
from pulumi_aws import iam, lambda_
trust = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}]}
role = iam.Role("role", assume_role_policy=json.dumps(trust))
files = {f"package/{path.name}": pulumi.FileAsset(str(path)) for path in pathlib.Path("package").glob("*.py")}
layer = lambda_.LayerVersion("wheels", layer_name="wheels", code=pulumi.AssetArchive(
    {"python/x.py": pulumi.StringAsset("x = 1")}))
for number in range(COUNT):
    function = lambda_.Function(f"f{number}", role=role.arn, runtime="python3.13", handler="package.main.handler",
                                layers=[layer.arn], code=pulumi.AssetArchive(files),
                                environment={"variables": {"OWN": "declared"}})
    pulumi.export(f"f{number}", function.name)
"""
MAIN = """
import os
import sys
from package.part1 import NUMBER

class OrderRejected(Exception):
    pass

def handler(event, context):
    if event.get("reject"):
        raise OrderRejected("no stock")
    client = "awslambdaric.bootstrap" in sys.modules
    return {"number": NUMBER, "own": os.environ["OWN"], "given": os.environ.get("GIVEN"), "client": client}
"""


def package(sandbox: Sandbox, count: int) -> Sandbox:
    """Write a package of many files, and a program with `count` functions of it."""
    folder = sandbox.directory / "package"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "main.py").write_text(MAIN)
    for number in range(40):
        (folder / f"part{number}.py").write_text(f"NUMBER = {number}\n")
    sandbox.write(PROGRAM.replace("COUNT", str(count)))
    return sandbox


def invoke(aws: Clients, name: str, event: dict[str, Any]) -> tuple[str | None, dict[str, Any]]:
    """Invoke a function; returns the kind of its error, or None, and its payload."""
    answer = aws.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
    return answer.get("FunctionError"), json.loads(answer["Payload"].read())


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="awslambdaric has wheels for Linux only")
def test_a_function_runs_with_its_own_exception_classes(sandbox: Sandbox, aws: Clients) -> None:
    """The deployed package runs, its exceptions keep their class names, and it gets both kinds of variables."""
    name = package(sandbox, 1).run("up", "--function-environment", "GIVEN=by the run").result["outputs"]["f0"]
    kind, payload = invoke(aws, name, {"reject": True})
    assert (kind, payload["errorType"], payload["errorMessage"]) == ("Unhandled", "OrderRejected", "no stock")
    kind, payload = invoke(aws, name, {})
    assert (kind, payload["number"], payload["own"], payload["given"]) == (None, 1, "declared", "by the run")
    assert payload["client"]


@pytest.mark.long
def test_changed_code_is_an_update_and_touched_code_is_not(sandbox: Sandbox, aws: Clients) -> None:
    """The content decides, not file times; the next invocation runs the new code."""
    package(sandbox, 2)
    name = sandbox.run("up").result["outputs"]["f0"]
    part = sandbox.directory / "package" / "part1.py"
    os.utime(part, (1, 1))
    assert sandbox.run("up").changes == {"same": 4}
    part.write_text("NUMBER = 100\n")
    assert sandbox.run("up").changes == {"update": 2, "same": 2}
    assert invoke(aws, name, {})[1]["number"] == 100


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="awslambdaric has wheels for Linux only")
def test_an_old_version_runs_its_old_code(sandbox: Sandbox, aws: Clients) -> None:
    """Changed code or configuration is a new version, anything else is none; a version keeps both.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html
    """
    package(sandbox, 1)
    program = sandbox.directory / "__main__.py"
    published = program.read_text("utf-8").replace("layers=[layer.arn],", "layers=[layer.arn], publish=True,")
    sandbox.write(published + "    pulumi.export('versioned', function.qualified_arn)\n")
    code = sandbox.directory / "package" / "part1.py"
    arns = [sandbox.run("up").result["outputs"]["versioned"]]
    for change in (lambda: code.write_text("NUMBER = 2\n"), lambda: None):
        change()
        arns.append(sandbox.run("up").result["outputs"]["versioned"])
    sandbox.write(published.replace("declared", "changed") + "    pulumi.export('versioned', function.qualified_arn)\n")
    arns.append(sandbox.run("up").result["outputs"]["versioned"])
    assert [arn.rpartition(":")[2] for arn in arns] == ["1", "2", "2", "3"]
    met = [invoke(aws, arn, {})[1] for arn in arns]
    assert [(one["number"], one["own"]) for one in met] == [
        (1, "declared"),
        (2, "declared"),
        (2, "declared"),
        (2, "changed"),
    ]
