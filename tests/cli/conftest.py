"""The resources of a stack on moto, named as the program names them, and the command for them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from moto import mock_aws
from typer.testing import CliRunner

from cli.__main__ import app
from functions.handler import encode
from functions.runtime import Clients
from tests.functions.samples import environment
from tests.functions.stack import ACCOUNT, REGION, create_tables

TABLES = ("deployments", "environments", "locks", "waits")


@dataclass
class Kiro:
    """Runs the command; `clients` set up and read the stack."""

    clients: Clients

    def run(self, *arguments: str) -> Any:
        """Run a command."""
        return CliRunner().invoke(app, arguments)

    def json(self, *arguments: str) -> Any:
        """Run a command that succeeds, and return its JSON output."""
        done = self.run(*arguments, "--json")
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    def executions(self, workflow: str) -> dict[str, Any]:
        """The input of every execution of a workflow, by name."""
        client = self.clients.client("stepfunctions")
        found = client.list_executions(stateMachineArn=machine(workflow))["executions"]
        return {
            one["name"]: json.loads(client.describe_execution(executionArn=one["executionArn"])["input"])
            for one in found
        }


def machine(workflow: str) -> str:
    """The ARN of a workflow."""
    family = "worker" if workflow == "work-item" else "pipeline"
    return f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:kiro-{family}-test-{workflow}"


@pytest.fixture
def kiro(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kiro]:
    """The stack `test` with two environments and no deployments."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("COLUMNS", "240")
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_ENDPOINT_URL", "KIRO_STACK"):
        monkeypatch.delenv(name, raising=False)
    carried = encode([environment(name="test", approval=False), environment()])
    repositories = [{"repository": "acme/hello-service"}, {"repository": "acme/test-only", "environments": ["test"]}]
    begin = {"Arguments": {"repositories": repositories}, "Assign": {"environments": carried}}
    definition = {"States": {"Begin": begin}}
    with mock_aws():
        create_tables(boto3.client("dynamodb"), prefix="kiro-pipeline-test-", worker="kiro-worker-test-")
        boto3.client("events").create_event_bus(Name="kiro-pipeline-test-events")
        for workflow in ("deployment", "stage", "rollback", "enhanced-watch", "work-item"):
            boto3.client("stepfunctions").create_state_machine(
                name=machine(workflow).rpartition(":")[2],
                definition=json.dumps(definition),
                roleArn=f"arn:aws:iam::{ACCOUNT}:role/workflow",
            )
        settings = {f"{table.upper()}_TABLE": f"kiro-pipeline-test-{table}" for table in TABLES}
        settings["WORK_ITEMS_TABLE"] = "kiro-worker-test-work-items"
        yield Kiro(Clients({**settings, "LOCK_MODE": "superseded"}))
