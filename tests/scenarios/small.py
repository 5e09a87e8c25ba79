"""Small delivered repositories: their build has nothing to build, and answers with reports in which all is well."""

import io
import zipfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from local.clients import Clients
from local.platform import Platform
from local.settings import ACCOUNT
from local.working_copy import WorkingCopy
from tests.scenarios.driver import eventually

BUILD = """version: 0.2
phases: {build: {commands: [mkdir -p dist, "cd src && python -m zipfile -c ../dist/function.zip function.py"]}}
artifacts: {files: [dist/function.zip, images.json, junit.xml, coverage.xml, scan.sarif]}
"""
FILES = {
    "buildspec.yml": BUILD,
    "junit.xml": '<testsuite name="t"><testcase classname="c" name="n"/></testsuite>',
    "coverage.xml": '<coverage line-rate="1" branch-rate="1" lines-valid="1" lines-covered="1" '
    'version="1" timestamp="1"/>',
    "scan.sarif": '{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "scanner"}}, "results": []}]}',
    "images.json": "{}",
}
_ROLE = "another-system"
_TRUST = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", '
    '"Principal": {"Service": "lambda.amazonaws.com"}}]}'
)
FUNCTION = "def handler(event, context):\n    return {said!r}\n"


def write(copy: WorkingCopy, **files: str) -> None:
    """Write files by their paths, without committing them."""
    for name, text in files.items():
        file = Path(copy.folder, name)
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, "utf-8")


def repository(platform: Platform, name: str, folder: Path, manifest: str) -> WorkingCopy:
    """A working copy of a repository that exists on the local GitHub, whose function answers `new`."""
    folder.mkdir()
    copy = WorkingCopy(platform, name, folder / "working-copy", folder)
    write(copy, **FILES, **{"delivery.yml": manifest, "src/function.py": FUNCTION.format(said="new")})
    return copy


def functions(clients: Clients, names: Iterable[str], said: str) -> None:
    """Create functions that answer `said`, as another system does: they have neither version nor alias."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("function.py", FUNCTION.format(said=said))
    client, role = clients.client("lambda"), clients.client("iam")
    with suppress(role.exceptions.EntityAlreadyExistsException):  # for functions in another region
        role.create_role(RoleName=_ROLE, AssumeRolePolicyDocument=_TRUST)
    for name in names:
        eventually(lambda name=name: _created(client, name, packed.getvalue()))  # type: ignore[misc]
        client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})


def _created(client: Any, name: str, code: bytes) -> bool:
    """Whether a function was created: a new role can be assumed after some seconds.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
    """
    try:
        client.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Handler="function.handler",
            Role=f"arn:aws:iam::{ACCOUNT}:role/{_ROLE}",
            Code={"ZipFile": code},
        )
    except client.exceptions.InvalidParameterValueException as error:
        if "cannot be assumed by Lambda" not in str(error):
            raise
        return False
    return True


def answer(clients: Clients, name: str, qualifier: str = "live") -> Any:
    """What a function answers by an alias or a version."""
    invoked = clients.client("lambda").invoke(FunctionName=name, Qualifier=qualifier, Payload=b"{}")
    return invoked["Payload"].read().decode().strip('"')
