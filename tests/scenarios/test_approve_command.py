"""docs/operations.md, *Approve with the command*: the record names who signed a decision (A5)."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from local.operators import operator_environment
from local.platform import PROJECT
from local.settings import ACCOUNT
from tests.scenarios.conftest import ENVIRONMENTS
from tests.scenarios.document import Guide
from tests.scenarios.driver import PlatformDriver, eventually, kiro, name_of
from tests.scenarios.shell import Shell

pytestmark = pytest.mark.long
ALIAS = f'alias kiro-worker="{sys.executable} -m cli"'
ADA = "ada@example.com"


def waiting(driver: PlatformDriver, message: str) -> str:
    """Push a commit, and wait until its release waits for a decision; returns the name of the deployment."""
    name = name_of(driver.push(message))
    eventually(lambda: name in {one["deployment"] for one in kiro(driver, "approvals")})
    return name


def ended(driver: PlatformDriver, name: str) -> str:
    """The outcome of a deployment that somebody decides with the command."""
    driver.executions.await_end(name, 120, lambda: None)
    return str(driver.record_of(name)["outcome"])


def approve(driver: PlatformDriver, name: str, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Approve a release with the credentials in these variables."""
    command = ("--endpoint-url", driver.platform.emulator.endpoint, "approve", name, "--reason", "it works", "--yes")
    return subprocess.run(
        [sys.executable, "-m", "cli", *command], cwd=PROJECT, env=variables, capture_output=True, text=True, check=False
    )


def test_an_identity_decides_and_is_recorded(driver: PlatformDriver) -> None:
    """Without `approvers`, by the command of the quick start: the record has the ARN that `aws sts` prints."""
    driver.released()
    shell = Shell(driver.platform, driver.author, ALIAS, {})
    commands = Guide.read(PROJECT / "docs" / "quick-start.md").commands("Push a release yourself")
    (approve,) = (one for one in commands if one.startswith("kiro-worker approve"))
    arn = shell.run("aws sts get-caller-identity --query Arn --output text")
    name = waiting(driver, "feat: approved by an identity")
    shell.run(approve.replace("DEPLOYMENT", name))
    assert ended(driver, name) == "deployed"
    approval = driver.record_of(name)["approval_production_deploy"]
    assert (approval["by"], approval["reason"]) == (arn, "it works in staging")

    name = waiting(driver, "feat: rejected by an identity")
    kiro(driver, "reject", name, "--reason", "not before the fair")
    assert ended(driver, name) == "rejected"
    assert driver.record_of(name)["reason"] == f"rejected by {arn}: not before the fair"


@pytest.fixture
def ada(driver: PlatformDriver) -> Iterator[dict[str, str]]:
    """The credentials of a role with `approverPolicy`, whose session stands for a person in the settings."""
    iam, sts = (driver.platform.clients.client(name) for name in ("iam", "sts"))
    account = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [account]})
    role = iam.create_role(RoleName="release", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.put_role_policy(RoleName="release", PolicyName="p", PolicyDocument=driver.platform.outputs["approverPolicy"])
    session = sts.assume_role(RoleArn=role, RoleSessionName=ADA)
    *others, production = ENVIRONMENTS
    stands = {"approvers": [ADA], "approverIdentities": {ADA: session["AssumedRoleUser"]["Arn"]}}
    driver.platform.change(environments=[*others, {**production, **stands}])
    given = session["Credentials"]
    yield {
        **operator_environment(driver.platform),
        "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
        "AWS_SESSION_TOKEN": given["SessionToken"],
    }
    driver.platform.change(environments=ENVIRONMENTS)


def test_an_identity_stands_for_the_person_in_the_settings(driver: PlatformDriver, ada: dict[str, str]) -> None:
    """With `approverIdentities`: the person's session decides with `approverPolicy` alone, anybody else's does not."""
    driver.released()
    name = waiting(driver, "feat: approved by a person")
    refused = approve(driver, name, operator_environment(driver.platform))
    assert (refused.returncode, "approverIdentities" in refused.stderr) == (1, True), refused.stderr
    done = approve(driver, name, ada)
    assert done.returncode == 0, done.stderr
    assert ended(driver, name) == "deployed"
    assert ADA in driver.record_of(name)["approval_production_deploy"]["by"]
