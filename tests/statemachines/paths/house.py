"""A house in which the real definitions are played by scripted actors: see `house.play`."""

from __future__ import annotations

import io
import json
import threading
import time
import uuid
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_type_hints

from functions.entry import decode, encode, room_function
from importlib import import_module
from inspect import signature
from local.pulumi.handlers.lambda_ import BOOTSTRAP, CUSTOM_RUNTIME
from statemachines.definitions import WORKFLOWS, load, placeholders, render, tasks
from statemachines.policies import ask_again, waits
from tests.statemachines.paths.answers import ECHOES, ENVIRONMENTS, HAPPY, usual_input

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.emulator import Clients

Line = dict[str, Any]

SILENCE: Line = {"do": "silence"}
CRASH: Line = {"do": "crash"}
AS_USUAL: Line = {"do": "as usual"}
PATIENCE_SECONDS = 60.0
# Token timeouts are not shortened by the emulator: a lost answer costs one of these, and three asks are all there are.
BACKSTOP_SECONDS = 1
ASKS = 3
BUS = "played"
ROLE_ARN = "arn:aws:iam::123456789012:role/played"


def answer(value: Any) -> Line:
    """The room answers this, or completes its token with it."""
    return {"do": "answer", "value": value}


def raises(error: str, cause: str = "as the script says") -> Line:
    """The room fails with an exception of this class name."""
    return {"do": "raise", "error": error, "cause": cause}


@dataclass(frozen=True)
class Call:
    """One call of a room; `at` is in seconds since 1970."""

    role: str
    payload: dict[str, Any]
    at: float

    def of(self, role: str) -> bool:
        """Whether this is a call of `State`, `workflow/State` or `workflow/State@environment`."""
        anywhere = self.role.partition("@")[0]
        return role in (self.role, anywhere, anywhere.partition("/")[2])


@dataclass(frozen=True)
class Played:
    """An execution that has ended; `children` are the nested ones by the rest of their name."""

    name: str
    states: list[str]
    status: str
    output: Any
    error: str
    events: list[dict[str, Any]]
    calls: list[Call] = field(default_factory=list)
    children: dict[str, Played] = field(default_factory=dict)

    def told(self, state: str, *, times: int | None = None) -> Any:
        """The payload of the last call of a room, which was called this many times when that is given."""
        found = [call.payload for call in self.calls if call.of(state)]
        assert times is None or len(found) == times, f"{state} was called {len(found)} times"
        return found[-1]


class House:
    """Holds the workflows on an emulator; `scripts` is a folder that the actors read."""

    def __init__(self, aws: Clients, scripts: Path) -> None:
        self._aws = aws
        self._scripts = scripts
        self._machines: dict[str, str] = {}
        self._inbox: dict[str, list[tuple[str, dict[str, Any]]]] = {}
        self._inbox_lock = threading.Lock()
        self._queue = self._open_bus()
        self._open_machines()

    def play(
        self,
        workflow: Literal["deployment", "stage", "rollback"],
        script: Mapping[str, Line | list[Line]] | None = None,
        **changes: Any,
    ) -> Played:
        """Start a workflow with this script, wait for its end and tell what was seen; `changes` go to its input."""
        return self.start(workflow, script, **changes).end()

    def start(
        self,
        workflow: Literal["deployment", "stage", "rollback"],
        script: Mapping[str, Line | list[Line]] | None = None,
        **changes: Any,
    ) -> Playing:
        """Start a workflow, to meddle with it while it runs."""
        deployment = f"d-{uuid.uuid4().hex[:12]}"
        text = json.dumps(_full_script(workflow, script or {}))
        (self._scripts / f"{deployment}.json").write_text(text, "utf-8")
        given = {"deploymentId": deployment, **usual_input(workflow), **changes}
        place = "" if workflow == "deployment" else f"-{given['environment']['name']}"
        name = f"{deployment}{place}" + ("-full-rollback" if workflow == "rollback" else "")
        arn = self._aws.client("stepfunctions").start_execution(
            stateMachineArn=self._machines[workflow], name=name, input=json.dumps(given)
        )["executionArn"]
        return Playing(self._aws, self._machines, arn, deployment, self._scripts / f"{deployment}.calls")

    def announced(self, played: Played, count: int) -> list[tuple[str, dict[str, Any]]]:
        """What a play put on the bus: type and detail, in order; waits until there are as many as expected."""
        deployment = played.calls[0].payload["deploymentId"]
        deadline = time.monotonic() + 10
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
                said = self._inbox.setdefault(event["detail"]["deploymentId"], [])
                said.append((event["detail-type"], event["detail"]))
                sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])

    def _open_bus(self) -> str:
        events, sqs = self._aws.client("events"), self._aws.client("sqs")
        url: str = sqs.create_queue(QueueName="played")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        events.create_event_bus(Name=BUS)
        events.put_rule(Name="all", EventBusName=BUS, EventPattern=json.dumps({"source": ["kiro.pipeline"]}))
        events.put_targets(Rule="all", EventBusName=BUS, Targets=[{"Id": "queue", "Arn": arn}])
        return url

    def _open_machines(self) -> None:
        code = _actor_zip()
        for workflow in reversed(WORKFLOWS):  # a child before its parent
            values: dict[str, Any] = {
                **waits(build=BACKSTOP_SECONDS, approval=BACKSTOP_SECONDS, lock=BACKSTOP_SECONDS, watch=BACKSTOP_SECONDS),
                **dict.fromkeys(("AskBuild", "AskApproval", "AskLock", "AskWatch"), ask_again(ASKS - 1)),
                **{state: self._actor(code, f"{workflow}/{state}") for state in tasks(workflow)},
                **{f"{name.title()}Workflow": arn for name, arn in self._machines.items()},
                "EventBus": BUS,
                "BuildProject": "build",
                "Environments": encode(ENVIRONMENTS),
                "StageTimeoutSeconds": 60,
                "RollbackTimeoutSeconds": 60,
            }
            definition = render(load(workflow), {name: values[name] for name in placeholders(workflow)})
            self._machines[workflow] = self._aws.client("stepfunctions").create_state_machine(
                name=f"played-{workflow}", definition=json.dumps(definition), roleArn=ROLE_ARN
            )["stateMachineArn"]

    def _actor(self, code: bytes, role: str) -> str:
        settings = {
            "SCRIPTS": str(self._scripts),
            "PLAYED_ROLE": role,
            "AWS_ENDPOINT_URL": self._aws.endpoint,
        }
        arn: str = self._aws.client("lambda").create_function(
            FunctionName=role.replace("/", "-"),
            Runtime=CUSTOM_RUNTIME,
            Handler="actor.act",
            Role=ROLE_ARN,
            Code={"ZipFile": code},
            Timeout=30,
            Environment={"Variables": settings},
        )["FunctionArn"]
        return arn


class Playing:
    """An execution that runs."""

    def __init__(self, aws: Clients, machines: Mapping[str, str], arn: str, deployment: str, calls: Path) -> None:
        self._sfn = aws.client("stepfunctions")
        self._machines = machines
        self._arn = arn
        self._deployment = deployment
        self._calls = calls

    def called(self, role: str) -> Call:
        """Wait for the first call of a room."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            found = [call for call in self._read_calls() if call.of(role)]
            if found:
                return found[0]
            time.sleep(0.02)
        raise AssertionError(f"{role} was not called; calls: {[c.role for c in self._read_calls()]}")

    def complete(self, role: str, value: Any) -> None:
        """What an event does: complete the token that a silent room was given."""
        call = self.called(role)
        self._sfn.send_task_success(taskToken=call.payload["taskToken"], output=json.dumps(value))

    def stop(self, role: str) -> None:
        """What a person does in the console: stop the execution that waits in a silent room."""
        self._sfn.stop_execution(executionArn=self.called(role).payload["execution"], cause="stopped by a person")

    def end(self) -> Played:
        """Wait for the end; every payload on the way must have been the typed input of its room."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self._sfn.describe_execution(executionArn=self._arn)["status"] == "RUNNING":
            assert time.monotonic() < deadline, f"{self._arn} still runs: {self._seen(self._arn).states}"
            time.sleep(0.05)
        calls = self._read_calls()
        for call in calls:
            decode(_input_of(call.role), call.payload)
        children = {
            item["name"].removeprefix(self._deployment).strip("-"): self._seen(item["executionArn"])
            for workflow in ("stage", "rollback")
            for item in self._sfn.list_executions(stateMachineArn=self._machines[workflow])["executions"]
            if item["name"].startswith(self._deployment) and item["executionArn"] != self._arn
        }
        return self._seen(self._arn, calls, children)

    def _seen(
        self, arn: str, calls: list[Call] | None = None, children: dict[str, Played] | None = None
    ) -> Played:
        told = self._sfn.describe_execution(executionArn=arn)
        pages = self._sfn.get_paginator("get_execution_history").paginate(executionArn=arn)
        events = [event for page in pages for event in page["events"]]
        states = [event["stateEnteredEventDetails"]["name"] for event in events if "stateEnteredEventDetails" in event]
        output = json.loads(told["output"]) if told["status"] == "SUCCEEDED" else None
        return Played(
            told["name"], states, told["status"], output, told.get("error", ""), events, calls or [], children or {}
        )

    def _read_calls(self) -> list[Call]:
        if not self._calls.exists():
            return []
        lines = self._calls.read_text("utf-8").splitlines(keepends=True)
        return [Call(**json.loads(line)) for line in lines if line.endswith("\n")]


def _full_script(workflow: str, script: Mapping[str, Line | list[Line]]) -> dict[str, list[Line]]:
    """Every room's lines; `State` means the played workflow's own before a nested one's."""
    usual = {
        f"{name}/{state}": {**answer(value), "echo": f"{name}/{state}" in ECHOES}
        for name, rooms in HAPPY.items()
        for state, value in rooms.items()
    }
    full = {role: [line] for role, line in usual.items()}
    for key, given in script.items():
        role = key if "/" in key else f"{_owner(workflow, key.partition('@')[0])}/{key}"
        lines = given if isinstance(given, list) else [given]
        full[role] = [usual[role.partition("@")[0]] if line is AS_USUAL else line for line in lines]
    return full


def _owner(workflow: str, state: str) -> str:
    return next(name for name in (workflow, *WORKFLOWS) if state in HAPPY[name])


def _input_of(role: str) -> type:
    workflow, _, state = role.partition("@")[0].partition("/")
    function = room_function(import_module(tasks(workflow)[state]))
    kind: type = get_type_hints(function)[next(iter(signature(function).parameters))]
    return kind


def _actor_zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for name, text, mode in (
            ("actor.py", Path(__file__).with_name("actor.py").read_text("utf-8"), 0o644),
            ("bootstrap", BOOTSTRAP, 0o755),
        ):
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            packed.writestr(info, text)
    return buffer.getvalue()
