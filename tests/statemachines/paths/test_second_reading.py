"""A second interpreter runs the same definitions: moto's, which is LocalStack's, independent of the emulator's.

Where both agree on every state and every payload, a definition depends on no peculiarity of either. Each workflow is
run by itself; nested executions are answered here.
"""

from __future__ import annotations

import io
import json
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from functions.handler import encode
from statemachines.definitions import load, render, sample_values, tasks
from tests.statemachines.paths.answers import (
    ECHOES,
    ENVIRONMENTS,
    HAPPY,
    INFRASTRUCTURE,
    SERVICE,
    admission,
    baseline,
    environment,
    steps,
    turn,
    usual_input,
    window,
)
from tests.statemachines.paths.executions import Workflow, answer

# Importing jsonata raises the recursion limit of the process, on which other tests must not depend.
LIMIT = sys.getrecursionlimit()
from jsonata import Jsonata  # noqa: E402

sys.setrecursionlimit(LIMIT)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.statemachines.paths.runner import WorkflowRunner

_ASL = "moto.stepfunctions.parser.asl"
_TASK = f"{_ASL}.component.state.exec.state_task"
_WHY = "moto's interpreter needs the packages of moto[stepfunctions]"
bridge = pytest.importorskip(f"{_ASL}.jsonata.jsonata", reason=_WHY)
lambda_tasks = pytest.importorskip(f"{_TASK}.lambda_eval_utils", reason=_WHY)
nested_tasks = pytest.importorskip(f"{_TASK}.service.state_task_service_sfn", reason=_WHY)

pytestmark = pytest.mark.long
REGION = "eu-central-1"
ROLE = "arn:aws:iam::123456789012:role/played"
WAITING = {"AcquireLock": turn("waiting")}
CASES: dict[str, tuple[Workflow, dict[str, Any], dict[str, Any]]] = {
    "a deployment of three stages": ("deployment", {}, {}),
    "a stage straight through": ("stage", {}, {}),
    "a stage with everything": (
        "stage",
        WAITING,
        {"environment": encode(environment("test", approval=True)), "parts": encode((INFRASTRUCTURE, SERVICE))},
    ),
    "a stage with an enhanced watch": ("stage", {}, {"environment": encode(environment("test", enhanced=60))}),
    "a stage with a noisy alarm": (
        "stage",
        {"ReadBaseline": baseline("clear", "noisy is in ALARM", "noisy")},
        {},
    ),
    "a stage that is held": (
        "stage",
        {"CheckWindow": window("frozen"), "AwaitUnfreeze": admission("held", "frozen for too long")},
        {},
    ),
    "a rollback alone": ("rollback", {**WAITING, "PlanRollback": steps("hello", "infrastructure")}, {}),
    "an item that passes": ("work_item", {}, {}),
    "a rollback of nothing": ("rollback", {"PlanRollback": steps()}, {}),
    "an enhanced watch": ("enhanced_watch", {}, {}),
}
# Fields that differ between executions, or depend on the clock.
VOLATILE = {
    "taskToken",
    "waitedSeconds",
    "queueSeconds",
    "approvalSeconds",
    "startedAt",
    "breachedAt",
    "until",
    "since",
}


class Handlers:
    """Replaces the Lambda client of the interpreter."""

    def __init__(self, workflow: str, answers: dict[str, Any]) -> None:
        self._workflow = workflow
        self._answers = {**HAPPY[workflow], **answers}
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def invoke(self, *, FunctionName: str, Payload: str, **_: Any) -> dict[str, Any]:  # noqa: N803 - boto3's names
        """Answer as a handler does, or complete the token."""
        role, payload = f"{self._workflow}/{FunctionName.rpartition(':')[2]}", json.loads(Payload)
        self.calls.append((role, payload))
        value = self._answers[role.partition("/")[2]]
        value = {**payload, **value} if role in ECHOES else value
        if "taskToken" in payload:
            sfn = boto3.client("stepfunctions", region_name=REGION)
            sfn.send_task_success(taskToken=payload["taskToken"], output=json.dumps(value))
            value = None
        return {"StatusCode": 200, "ExecutedVersion": "1", "Payload": io.BytesIO(json.dumps(value).encode())}


class Nested:
    """Replaces the Step Functions client of the interpreter, whose nested calls differ from those of AWS."""

    def start_execution(self, **_: Any) -> dict[str, Any]:
        """Answer a start; the nested execution is not run."""
        return {"ExecutionArn": "arn", "StartDate": datetime.now(UTC)}


def passed(_: object, env: Any, **__: Any) -> Callable[[], Any]:
    """Let every nested stage pass at once."""
    env.stack.pop()
    return lambda: {"Status": "SUCCEEDED", "Output": {"result": "passed", "reason": ""}}


def read(
    workflow: str, handlers: Handlers, name: str, given: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> tuple[list[str], str]:
    """The states that moto's interpreter enters, and the end of the execution."""
    monkeypatch.setattr(bridge, "_eval_jsonata", lambda text: Jsonata.jsonata(text).evaluate(None))
    monkeypatch.setattr(lambda_tasks, "boto_client_for", lambda **_: handlers)
    monkeypatch.setattr(nested_tasks, "boto_client_for", lambda **_: Nested())
    monkeypatch.setattr(nested_tasks.StateTaskServiceSfn, "_build_sync2_resolver", passed)
    actors = {state: f"arn:aws:lambda:{REGION}:123456789012:function:{state}" for state in tasks(workflow)}
    settled = {"Environments": encode(ENVIRONMENTS), "BuildProject": "build", "EventBus": "bus"}
    settled |= {"WorkerProject": "worker", "WorkerProgram": "sources/worker/program.zip", "StackName": "test"}
    settled |= {"WorkerBuildspec": "version: 0.2", "Repositories": [{"repository": "example/hello"}]}
    definition = render(load(workflow), {**sample_values(workflow), **actors, **settled})
    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
        boto3.client("events", region_name=REGION).create_event_bus(Name="bus")
        sfn = boto3.client("stepfunctions", region_name=REGION)
        machine = sfn.create_state_machine(name=f"played-{workflow}", definition=json.dumps(definition), roleArn=ROLE)[
            "stateMachineArn"
        ]
        arn = sfn.start_execution(stateMachineArn=machine, name=name, input=json.dumps(given))["executionArn"]
        deadline = time.monotonic() + 60
        while (status := sfn.describe_execution(executionArn=arn)["status"]) == "RUNNING":
            assert time.monotonic() < deadline, "moto's interpreter did not end the execution"
            time.sleep(0.05)
        events = sfn.get_execution_history(executionArn=arn, maxResults=1000)["events"]
    return [e["stateEnteredEventDetails"]["name"] for e in events if "stateEnteredEventDetails" in e], status


def lasting(payload: dict[str, Any]) -> dict[str, Any]:
    """The part of a payload that must be the same in both interpreters."""
    return {key: value for key, value in payload.items() if key not in VOLATILE}


@pytest.mark.parametrize("case", CASES)
def test_both_interpreters_agree(runner: WorkflowRunner, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    """Both enter the same states in the same order and call every handler with the same payload."""
    workflow, answers, changes = CASES[case]
    execution = runner.run(workflow, {state: answer(value) for state, value in answers.items()}, **changes)
    name = "workId" if workflow == "work_item" else "deploymentId"
    given = {name: execution.calls[0].payload[name], **usual_input(workflow), **changes}
    handlers = Handlers(workflow, answers)
    states, status = read(workflow, handlers, execution.name, given, monkeypatch)
    assert (states, status) == (execution.states, execution.status)
    own = [call for call in execution.calls if call.role.startswith(f"{workflow}/")]
    first = [(call.role.partition("@")[0], lasting(call.payload)) for call in own]
    assert [(role, lasting(payload)) for role, payload in handlers.calls] == first
