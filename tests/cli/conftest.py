"""The resources of a stack on moto, named as the program names them, and the command for them."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
import pytest
from moto import mock_aws
from typer import testing
from typer.testing import CliRunner

from cli.__main__ import app
from functions.handler import encode
from functions.runtime import Clients
from tests.functions.samples import environment
from tests.functions.stack import ACCOUNT, REGION
from tests.functions.tables import create_tables
from tests.moto_answers import kept_names

# Commands that ask before they change an environment whose releases people approve.
ASKS = {"approve", "cancel", "deploy", "retry", "rollback", "stop-all", "unfreeze"}
TABLES = ("deployments", "environments", "locks", "waits")

# Typer makes all commands anew for each call of one: a tenth of the time of these tests.
testing._get_command = cache(testing._get_command)  # type: ignore[attr-defined]


@dataclass
class Kiro:
    """Runs the command; `clients` set up and read the stack."""

    clients: Clients

    def run(self, *arguments: str, **environment: str) -> Any:
        """Run a command; one that asks is confirmed by its option."""
        confirmed = ("--yes",) if arguments[0] in ASKS else ()
        return self.invoke(*arguments, *confirmed, **environment)

    def invoke(self, *arguments: str, answers: str | None = None, **environment: str) -> Any:
        """Run a command as it is written; `answers` are typed at its prompts."""
        return CliRunner().invoke(app, arguments, answers, environment)

    def json(self, *arguments: str) -> Any:
        """Run a command that succeeds, and return its JSON output."""
        done = self.run(*arguments, "--output", "json")
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


class KeptClients(boto3.Session):
    """A session that makes each client once: sessions and clients would take a third of the time of these tests."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: dict[tuple[str, str, str | None], Any] = {}

    def client(self, service_name: str, region_name: str | None = None, **more: Any) -> Any:  # type: ignore[override]
        """The client of a service in a region."""
        return self._once("client", service_name, region_name, more)

    def resource(self, service_name: str, region_name: str | None = None, **more: Any) -> Any:  # type: ignore[override]
        """The resource of a service in a region."""
        return self._once("resource", service_name, region_name, more)

    def _once(self, kind: str, service: str, region: str | None, more: dict[str, Any]) -> Any:
        key = (kind, service, region)
        if key not in self._kept:
            self._kept[key] = getattr(super(), kind)(service, region_name=region, **more)
        return self._kept[key]


@cache
def session_of(access_key: str | None) -> KeptClients:
    """The session of an environment with this access key, or with none."""
    return KeptClients()


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
    settings = {f"{table.upper()}_TABLE": f"kiro-pipeline-test-{table}" for table in TABLES}
    settings |= {"WORK_ITEMS_TABLE": "kiro-worker-test-work-items", "LOCK_MODE": "superseded"}
    monkeypatch.setattr(Clients, "_session", property(lambda _: session_of(os.environ.get("AWS_ACCESS_KEY_ID"))))
    with mock_aws(), kept_names():
        clients = Clients(settings)
        create_tables(clients.client("dynamodb"), prefix="kiro-pipeline-test-", worker="kiro-worker-test-")
        clients.client("events").create_event_bus(Name="kiro-pipeline-test-events")
        for workflow in ("deployment", "stage", "rollback", "enhanced-watch", "work-item"):
            clients.client("stepfunctions").create_state_machine(
                name=machine(workflow).rpartition(":")[2],
                definition=json.dumps(definition),
                roleArn=f"arn:aws:iam::{ACCOUNT}:role/workflow",
            )
        yield Kiro(clients)
