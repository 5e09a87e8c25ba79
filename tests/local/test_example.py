"""The infrastructure of the delivered example: what its policy allows is what it needs, and its address answers."""

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest

from local.clients import Clients, clients
from local.emulator import Emulator
from local.service import get
from tests.roles import new_role

SCRIPT = Path(__file__).parents[2] / "examples" / "hello-service" / "infrastructure" / "deploy.py"
POLICY: list[dict[str, Any]] = json.loads(SCRIPT.with_name("policy.json").read_text("utf-8"))["Statement"]


def deploy(aws: Clients, arn: str, folder: Path, environment: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the script as a build does: with the credentials of a role and nothing else."""
    taken = aws.client("sts").assume_role(RoleArn=arn, RoleSessionName="build")["Credentials"]
    variables = {
        "PATH": os.environ["PATH"],
        "AWS_ENDPOINT_URL": aws.endpoint,
        "AWS_DEFAULT_REGION": aws.region,
        "AWS_ACCESS_KEY_ID": taken["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": taken["SecretAccessKey"],
        "AWS_SESSION_TOKEN": taken["SessionToken"],
        "KIRO_ENVIRONMENT": environment,
        "KIRO_REGION": aws.region,
        "PUBLIC_URL": f"{aws.endpoint}/_aws/lambda-url/{{id}}",
        **more,
    }
    return subprocess.run(
        [sys.executable, str(SCRIPT)], cwd=folder, env=variables, capture_output=True, text=True, check=False
    )


def deployed(aws: Clients, arn: str, folder: Path, environment: str) -> str:
    """Run it to its good end; the address that it leaves."""
    done = deploy(aws, arn, folder, environment)
    assert done.returncode == 0, done.stderr
    return str(json.loads((folder / "outputs.json").read_text("utf-8"))["url"])


@pytest.mark.long
def test_the_address_answers_after_every_run(tmp_path: Path) -> None:
    """The first run waits until its new role can be assumed; the second adds a permission that is missing.

    Role: https://github.com/aws/aws-cli/issues/7700.
    Permissions: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
    """
    with (
        Emulator(tmp_path / "emulator.log", account="123456789012") as emulator,
        clients(emulator.endpoint, emulator.region) as aws,
    ):
        arn, where = new_role(aws, *POLICY), {"FunctionName": "hello-test", "Qualifier": "live"}
        address = deployed(aws, arn, tmp_path, "test")
        assert get(address)[0] == 503
        for missing in ("public-invoke", "public"):
            aws.client("lambda").remove_permission(**where, StatementId=missing)
            assert get(address)[0] == 403
            assert deployed(aws, arn, tmp_path, "test") == address
            assert get(address)[0] == 503


@pytest.mark.parametrize("needed", POLICY, ids=lambda statement: statement["Sid"])
def test_every_statement_of_its_policy_is_needed(aws: Clients, tmp_path: Path, needed: dict[str, Any]) -> None:
    """Without one of them the commands are refused, and IAM names what they lack."""
    arn = new_role(aws, *(statement for statement in POLICY if statement != needed))
    done = deploy(aws, arn, tmp_path, uuid.uuid4().hex[:8])
    assert done.returncode != 0
    assert any(f"is not authorized to perform: {action} " in done.stderr for action in needed["Action"])


def test_an_environment_of_another_account_and_region_is_entered_by_its_role(aws: Clients, tmp_path: Path) -> None:
    """The build's own role may only assume that role; everything is created in that account and region.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/tutorial_cross-account-with-roles.html
    """
    with Clients(aws.endpoint, "us-east-1", account="222233334444") as other:
        trusted = {"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "sts:AssumeRole"}
        deploy_role, name = new_role(other, *POLICY, trust=trusted), uuid.uuid4().hex[:8]
        own = new_role(aws, {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": deploy_role})
        where = {"KIRO_REGION": other.region, "KIRO_DEPLOY_ROLE": deploy_role}
        done = deploy(aws, own, tmp_path, name, **where)
        assert done.returncode == 0, done.stderr
        made = other.client("lambda").get_function_configuration(FunctionName=f"hello-{name}")["FunctionArn"]
        assert made.startswith("arn:aws:lambda:us-east-1:222233334444:")
        assert other.client("cloudwatch").describe_alarms(AlarmNames=[f"hello-{name}-errors"])["MetricAlarms"]
        assert get(json.loads((tmp_path / "outputs.json").read_text("utf-8"))["url"])[0] == 503
        assert f"hello-{name}" not in {
            one["FunctionName"] for one in aws.client("lambda").list_functions()["Functions"]
        }
