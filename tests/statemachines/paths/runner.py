"""Runs the real definitions on an emulator, with scripted handlers behind every task: see `WorkflowRunner.run`."""

from __future__ import annotations

import io
import json
import threading
import time
import uuid
import zipfile
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from functions.adapters.bus import read_event
from functions.handler import encode
from local.pulumi.handlers.lambda_ import BOOTSTRAP, CUSTOM_RUNTIME
from statemachines.definitions import WORKFLOWS, load, render, tasks
from statemachines.policies import BUDGETS, ask_again, waits
from tests.roles import new_role
from tests.statemachines.paths.answers import ECHOES, ENVIRONMENTS, HAPPY, usual_input
from tests.statemachines.paths.executions import (
    AS_USUAL,
    EndedExecution,
    Line,
    RunningExecution,
    Script,
    Workflow,
    answer,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.clients import Clients

# The emulator does not shorten token timeouts: a lost answer costs one backstop. A wait has two queries only.
BACKSTOP_SECONDS = 2
ASKS = 2
SUFFIXES = {"rollback": "-full-rollback", "enhanced_watch": "-enhanced"}
CHILDREN_FIRST = ("rollback", "enhanced_watch", "stage", "deployment", "work_item")
BUS = "played"
_ID = {"work_item": "workId"}


class WorkflowRunner:
    """The workflows on an emulator; `scripts` is the folder that the scripted handlers read."""

    def __init__(self, aws: Clients, scripts: Path) -> None:
        self._aws = aws
        self._role = new_role(aws)
        self._scripts = scripts
        self._inbox: dict[str, list[tuple[str, dict[str, Any]]]] = {}
        self._inbox_lock = threading.Lock()
        self._queue = self._open_bus()
        code = _handler_zip()
        self._handlers = {
            f"{workflow}/{state}": self._create_handler(code, f"{workflow}/{state}")
            for workflow in WORKFLOWS
            for state in tasks(workflow)
        }
        self._machines = self._open_machines("played", BUS)

    def without_bus(self) -> Self:
        """A runner whose workflows can't put events on the bus."""
        other = copy(self)
        other._machines = self._open_machines("without-bus", "{% $error('the bus is gone') %}")
        return other

    def without(self, workflow: Workflow) -> Self:
        """A runner in which no workflow can start this one."""
        other = copy(self)
        other._machines = self._open_machines(f"without-{workflow}", BUS, missing=workflow)
        return other

    def over_budget(self) -> Self:
        """A runner whose budgets are all 0 seconds, and so used up at once."""
        other = copy(self)
        other._machines = self._open_machines("over-budget", BUS, budgets=dict.fromkeys(BUDGETS, 0))
        return other

    def run(
        self,
        workflow: Workflow,
        script: Script | None = None,
        **changes: Any,
    ) -> EndedExecution:
        """Run a workflow with this script to its end; `changes` are merged into its input."""
        return self.start(workflow, script, **changes).end()

    def start(
        self,
        workflow: Workflow,
        script: Script | None = None,
        **changes: Any,
    ) -> RunningExecution:
        """Start a workflow, to complete waits or stop executions while it runs."""
        deployment = f"d-{uuid.uuid4().hex[:12]}"
        text = json.dumps(_full_script(workflow, script or {}))
        (self._scripts / f"{deployment}.json").write_text(text, "utf-8")
        given = {_ID.get(workflow, "deploymentId"): deployment, **usual_input(workflow), **changes}
        place = "" if workflow in ("deployment", "work_item") else f"-{given['environment']['name']}"
        name = f"{deployment}{place}{SUFFIXES.get(workflow, '')}"
        started = self._aws.client("stepfunctions").start_execution(
            stateMachineArn=self._machines[workflow], name=name, input=json.dumps(given)
        )
        return RunningExecution(self._aws, self._machines, started, deployment, self._scripts / f"{deployment}.calls")

    def announced(self, execution: EndedExecution, count: int) -> list[tuple[str, dict[str, Any]]]:
        """The events (type and detail) that an execution put on the bus, in order; waits until there are `count`."""
        first = execution.calls[0].payload
        deployment = first.get("deploymentId") or first["workId"]
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with self._inbox_lock:
                self._empty_queue()
                if len(self._inbox.get(deployment, [])) >= count:
                    break
            time.sleep(0.05)
        return self._inbox.get(deployment, [])

    def _empty_queue(self) -> None:
        sqs = self._aws.client("sqs")
        while messages := sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                event = json.loads(message["Body"])
                read_event(event)  # raises for an event that consumers could not read
                detail = event["detail"]
                received = self._inbox.setdefault(detail.get("deploymentId") or detail["workId"], [])
                received.append((event["detail-type"], event["detail"]))
                sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])

    def _open_bus(self) -> str:
        events, sqs = self._aws.client("events"), self._aws.client("sqs")
        url: str = sqs.create_queue(QueueName="played")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        events.create_event_bus(Name=BUS)
        events.put_rule(Name="all", EventBusName=BUS, EventPattern=json.dumps({"source": ["kiro.pipeline"]}))
        events.put_targets(Rule="all", EventBusName=BUS, Targets=[{"Id": "queue", "Arn": arn}])
        return url

    def _open_machines(
        self, prefix: str, bus: str, missing: str = "", budgets: Mapping[str, int] = BUDGETS
    ) -> dict[str, str]:
        machines: dict[str, str] = {}
        backstops = dict.fromkeys(("build", "approval", "lock", "watch", "enhanced", "unfreeze"), BACKSTOP_SECONDS)
        asks = (
            "AskBuild",
            "AskWorkerBuild",
            "AskApproval",
            "AskLock",
            "AskWatch",
            "AskEnhanced",
            "AskUnfreeze",
            "AskRollout",
        )
        for workflow in sorted(WORKFLOWS, key=CHILDREN_FIRST.index):
            filled: dict[str, Any] = {
                **waits(**backstops),
                **dict.fromkeys(asks, ask_again(ASKS - 1)),
                **{state: self._handlers[f"{workflow}/{state}"] for state in tasks(workflow)},
                **{
                    f"{name.title().replace('_', '')}Workflow": f"{arn}-gone" if name == missing else arn
                    for name, arn in machines.items()
                },
                "EventBus": bus,
                "BuildProject": "build",
                "WorkerProject": "worker",
                "WorkerProgram": "sources/worker/program.zip",
                "StackName": "test",
                "WorkerBuildspec": "version: 0.2",
                "WorkerMinutes": 60,
                "Environments": encode(ENVIRONMENTS),
                "Repositories": [{"repository": "example/hello"}],
                "StageTimeoutSeconds": 60,
                "RollbackTimeoutSeconds": 60,
                **budgets,
            }
            machines[workflow] = self._aws.client("stepfunctions").create_state_machine(
                name=f"{prefix}-{workflow}", definition=json.dumps(render(load(workflow), filled)), roleArn=self._role
            )["stateMachineArn"]
        return machines

    def _create_handler(self, code: bytes, role: str) -> str:
        settings = {
            "SCRIPTS": str(self._scripts),
            "ROLE": role,
            "AWS_ENDPOINT_URL": self._aws.endpoint,
        }
        arn: str = self._aws.client("lambda").create_function(
            FunctionName=role.replace("/", "-"),
            Runtime=CUSTOM_RUNTIME,
            Handler="scripted_handler.handle",
            Role=self._role,
            Code={"ZipFile": code},
            Timeout=30,
            Environment={"Variables": settings},
        )["FunctionArn"]
        return arn


def _full_script(workflow: str, script: Script) -> dict[str, list[Line]]:
    """The lines of every handler; `State` means a state of the started workflow first, then of a nested one."""
    usual = {
        f"{name}/{state}": {**answer(value), "echo": f"{name}/{state}" in ECHOES}
        for name, handlers in HAPPY.items()
        for state, value in handlers.items()
    }
    full = {role: [line] for role, line in usual.items()}
    for key, given in script.items():
        role = key if "/" in key else f"{_owner(workflow, key.partition('@')[0])}/{key}"
        lines = given if isinstance(given, list) else [given]
        full[role] = [usual[role.partition("@")[0]] if line is AS_USUAL else line for line in lines]
    return full


def _owner(workflow: str, state: str) -> str:
    return next(name for name in (workflow, *WORKFLOWS) if state in HAPPY[name])


def _handler_zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for name, text, mode in (
            ("scripted_handler.py", Path(__file__).with_name("scripted_handler.py").read_text("utf-8"), 0o644),
            ("bootstrap", BOOTSTRAP, 0o755),
        ):
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            packed.writestr(info, text)
    return buffer.getvalue()
