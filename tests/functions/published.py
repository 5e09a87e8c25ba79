"""A stack with versions on the embedded AWS, which has what moto lacks: versions of state machines."""

import json
import uuid
from collections.abc import Iterator

import pytest

from functions.adapters.versions import Versions
from local.clients import Clients, clients
from local.emulator import Emulator
from tests.packages import packed
from tests.roles import new_role

FUNCTION = "kiro-pipeline-test-shared-watch"
CODE = "def handler(event, context):\n    return {}\n"


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clients]:
    """An emulated AWS of this module."""
    log = tmp_path_factory.mktemp("emulator") / "emulator.log"
    with (
        Emulator(log, account="123456789012", role_seconds=0) as running,
        clients(running.endpoint, "eu-central-1") as made,
    ):
        yield made


class Published:
    """Two workflows, of which the first starts the second, and the function that the second calls."""

    def __init__(self, aws: Clients) -> None:
        self.states, self.functions = aws.client("stepfunctions"), aws.client("lambda")
        self.role, suffix = new_role(aws), uuid.uuid4().hex[:6]
        self.function = f"{FUNCTION}-{suffix}"
        self.functions.create_function(
            FunctionName=self.function,
            Runtime="provided.al2023",
            Handler="main.handler",
            Role=self.role,
            Code={"ZipFile": packed(CODE)},
            Publish=True,
        )
        names = ("deployment", "stage")
        empty = json.dumps({"StartAt": "Hold", "States": {"Hold": {"Type": "Wait", "Seconds": 9999, "End": True}}})
        self.outer, self.inner = (
            self.states.create_state_machine(name=f"{name}-{suffix}", definition=empty, roleArn=self.role)[
                "stateMachineArn"
            ]
            for name in names
        )
        self.versions = Versions(self.states, self.functions, (self.outer, self.inner))
        self.arn = self.functions.get_function_configuration(FunctionName=self.function)["FunctionArn"]
        self.number = 1
        self.update_definitions()

    def update(self) -> None:
        """Publish the function's next version, and definitions that name it."""
        self.publish_function()
        self.update_definitions()

    def publish_function(self) -> None:
        """Publish the function's next version, which no definition names yet."""
        waiter = self.functions.get_waiter("function_updated_v2")
        waiter.wait(FunctionName=self.function, WaiterConfig={"Delay": 1})
        self.functions.update_function_configuration(FunctionName=self.function, Description=str(self.number))
        waiter.wait(FunctionName=self.function, WaiterConfig={"Delay": 1})
        self.number = int(self.functions.publish_version(FunctionName=self.function)["Version"])

    def update_definitions(self) -> None:
        """Publish the inner workflow, then the outer one, which names the inner one's version."""
        inner = self.publish(self.inner, f"{self.arn}:{self.number}")
        self.publish(self.outer, inner)

    def publish(self, machine: str, called: str) -> str:
        """Publish a workflow whose definition names what it calls; returns the version's ARN."""
        hold = {"Type": "Wait", "Comment": called, "Seconds": 9999, "End": True}
        definition = json.dumps({"StartAt": "Hold", "States": {"Hold": hold}})
        answer = self.states.update_state_machine(stateMachineArn=machine, definition=definition, publish=True)
        return str(answer["stateMachineVersionArn"])

    def start(self) -> str:
        """Start the outer workflow, which waits."""
        return str(self.states.start_execution(stateMachineArn=self.outer)["executionArn"])

    def numbers(self) -> dict[str, list[int]]:
        """The versions that there are."""
        pages = self.functions.get_paginator("list_versions_by_function").paginate(FunctionName=self.function)
        found = {
            "function": [one["Version"] for page in pages for one in page["Versions"] if one["Version"] != "$LATEST"]
        }
        for name, machine in (("outer", self.outer), ("inner", self.inner)):
            versions = self.states.list_state_machine_versions(stateMachineArn=machine)["stateMachineVersions"]
            found[name] = [one["stateMachineVersionArn"].rpartition(":")[2] for one in versions]
        return {name: sorted(map(int, numbers)) for name, numbers in found.items()}
