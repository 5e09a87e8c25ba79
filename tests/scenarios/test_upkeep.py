"""Operators' commands, on a deployed stack."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from cli.aws.simulation import Refusal, Simulation
from tests.scenarios.driver import PlatformDriver, kiro


def test_every_resource_is_as_promised(driver: PlatformDriver) -> None:
    """The inventory finds no problem after `pulumi up` and notes optional secrets without a value."""
    pieces = kiro(driver, "validate")
    checks = [(one["kind"], one["name"], check) for one in pieces for check in one["checks"]]
    assert [(kind, name, check) for kind, name, check in checks if check["outcome"] == "wrong"] == []
    functions = {name for kind, name, _ in checks if kind == "function"}
    assert functions == set(driver.platform.outputs["functions"].values())
    (agent,) = (check for kind, name, check in checks if name.endswith("-agent-key") and check["what"] == "value")
    assert agent["outcome"] == "note"


def test_the_age_of_secrets_is_measured(driver: PlatformDriver) -> None:
    """The ages of secrets with a value are measured by the deployed function, which may read no values."""
    name = driver.platform.outputs["functions"]["functions.events.measure_secrets"]
    answer = driver.platform.clients.client("lambda").invoke(FunctionName=name, Payload=b"{}")
    filled = ("github-credential", "git-credential", "webhook", "monitors", "slack", "slack-signing")
    assert json.loads(answer["Payload"].read()) == {f"kiro-pipeline-test-{one}": 0 for one in filled}


@pytest.mark.long
def test_iam_simulates_the_permissions_of_a_role(driver: PlatformDriver) -> None:
    """By its policies and for the given resources; the root user, whom policies do not limit, may deploy."""
    # It ends with 1, because alarm events of production's region are not forwarded yet.
    assert kiro(driver, "doctor", code=1)["refused"] == []
    iam, table = driver.platform.clients.client("iam"), "arn:aws:dynamodb:eu-central-1:111122223333:table/kiro-{}"
    role = iam.create_role(RoleName="deployer", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    statement = {"Effect": "Allow", "Action": "dynamodb:*", "Resource": table.format("pipeline-*")}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName="deployer", PolicyName="tables", PolicyDocument=policy)
    aws: Any = SimpleNamespace(client=driver.platform.clients.client)
    caller = Simulation(aws, role, role, "111122223333", "eu-central-1", "aws")
    assert list(caller.refused(["dynamodb:CreateTable"], table.format("pipeline-test-locks"))) == []
    other = table.format("worker-test-work-items")
    assert list(caller.refused(["dynamodb:CreateTable"], other)) == [
        Refusal("dynamodb:CreateTable", other, "no policy allows it")
    ]
    iam.delete_role_policy(RoleName="deployer", PolicyName="tables")
    iam.delete_role(RoleName="deployer")
