"""The platform that fault cases run on, with subjects, short times, fault plans and a record of every event."""

import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from botocore.exceptions import ClientError

from functions.adapters.bus import Bus
from functions.adapters.clock import Clock, iso
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.executions import Executions
from functions.adapters.locks_table import LocksTable
from functions.adapters.records import plain
from functions.adapters.task_tokens import TaskTokens
from functions.domain.environments import Freeze
from functions.domain.events import EnvironmentUnfrozen
from functions.domain.records import PlannedChange
from functions.domain.releases import Release
from functions.handler import camel, encode
from local.approver import Approver
from local.platform import PROJECT, Platform
from local.settings import worker
from statemachines.definitions import WORKFLOWS
from tests.faults.harness.plans import Plans
from tests.faults.harness.subjects import BOARD, Subject

_WAITS = ("build", "approval", "lock", "watch", "enhanced", "unfreeze", "push")
_BACKSTOPS = tuple(f"{name}Seconds" for name in _WAITS)
BACKSTOP_SECONDS = 5  # the settings refuse shorter ones
# Short, because cases wait for timeouts, but long enough for a cold start on a busy machine.
_FUNCTION_SECONDS = 25
_WAIT_SCALE = 0.02
_MAIL_SECONDS = 0.2
_NEWEST = 100
# The workflows that run as long as their builds; builds of a stage belong to its deployment.
_BUILDING = ("deployment", "rollback", "work_item")
# Where a holder of a lock waits for its window, and what it would deploy if it opened.
_NOWHERE = "nowhere"
_NOTHING = Release("acme/nothing", "refs/heads/main", "0" * 40)


def _nowhere() -> dict[str, Any]:
    """An environment into which no release may go, in the form of the stack's settings."""
    now = Clock().now()
    starts, ends = iso(now - timedelta(days=1)), iso(now + timedelta(days=20))
    return {
        "name": _NOWHERE,
        "approvalTimeoutSeconds": 3600,
        "freezeWaitDays": 0.1,
        "protected": False,
        "demandedGates": [],  # the stage that holds a lock has no reports, and would end at once
        "freezes": [{"starts": starts, "ends": ends, "reason": "a case of the matrix"}],
    }


class FaultEnvironment:
    """A platform for fault cases, as a context manager; with 0 `function_seconds` the functions keep their timeouts."""

    def __init__(
        self, root: Path, subjects: list[Subject], say: Callable[[str], None], function_seconds: int = _FUNCTION_SECONDS
    ) -> None:
        self.subjects = subjects
        self.say = say
        self.plans = Plans(root / "faults")
        backstops = dict.fromkeys(_BACKSTOPS, BACKSTOP_SECONDS)
        self.platform = Platform(
            root,
            "test",
            say,
            changes={
                "repositories": [subject.claim() for subject in subjects],
                "environments": [*(one.settings() for one in subjects if one.kind is not BOARD), _nowhere()],
                "worker": worker(PROJECT, concurrency=max(1, sum(subject.kind is BOARD for subject in subjects))),
                "backstops": backstops,
            },
            variables={
                "FAULT_PLANS": str(self.plans.folder),
                "FAULT_WRAPPER": str(Path(__file__).with_name("wrapper.py")),
                **({"FAULT_TIMEOUT": str(function_seconds)} if function_seconds else {}),
            },
            wait_scale=_WAIT_SCALE,
        )
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._read_mails, self._read_bus)]
        self.announced: dict[str, list[tuple[str, dict[str, Any]]]] = defaultdict(list)

    def __enter__(self) -> Self:
        self.platform.__enter__()
        try:
            self._set_up()
        except BaseException:
            self.platform.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        self.platform.__exit__(kind, error, trace)

    def _set_up(self) -> None:
        clients, outputs = self.platform.clients, self.platform.outputs
        self.clients = clients
        self.sfn = clients.client("stepfunctions")
        self.machines = {name: outputs[f"{camel(name)}Workflow"] for name in WORKFLOWS}
        resource = clients.session.resource("dynamodb", endpoint_url=self.platform.emulator.endpoint)
        self.tables: dict[str, Any] = {
            name: resource.Table(outputs[f"{name}Table"])
            for name in ("deployments", "environments", "locks", "waits", "workItems")
        }
        self.environments = EnvironmentsTable(self.tables["environments"])
        self.locks = LocksTable(self.tables["locks"], Executions(self.sfn), TaskTokens(self.sfn), Clock(), "superseded")
        for subject in self.subjects:
            subject.set_up(self.platform)
        self._subscribe_to_bus()
        for thread in self._threads:
            thread.start()

    def hold(self, name: str) -> str:
        """Start a stage that waits for its window, to own a lock; returns its ARN.

        It is a stage, because the roles of handlers may read executions of the stack's own workflows only.
        """
        deployments = DeploymentsTable(self.tables["deployments"], Clock())
        deployments.begin(name, _NOTHING, "", "a case of the matrix")
        deployments.note(name, **{f"planned_{_NOWHERE}": PlannedChange()})
        deployments.conclude(name, "held", "a case of the matrix")
        given: dict[str, Any] = {
            "parts": [],
            "gone": [],
            "source": "",
            "artifact": "",
            "gates": [],
            "afterDeploy": None,
        }
        given |= {"deploymentId": name, "release": encode(_NOTHING), "environment": {"name": _NOWHERE}}
        return self.start("stage", name, given)

    def start(self, workflow: str, name: str, given: Any) -> str:
        """Start an execution by hand; returns its ARN."""
        started = self.sfn.start_execution(stateMachineArn=self.machines[workflow], name=name, input=json.dumps(given))
        return str(started["executionArn"])

    def call(self, handler: str, event: Any) -> None:
        """Invoke a handler as an execution does."""
        name = self.platform.outputs["functions"][handler]
        self.platform.clients.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))

    def unfreeze(self, environment: str) -> None:
        """Unfreeze an environment, and publish the event; does nothing if it is not frozen."""
        if self.environments.frozen(environment):
            by = Freeze("a case of the matrix", "a person", Clock().text())
            self.environments.unfreeze(environment, by)
            bus = Bus(self.clients.client("events"), self.platform.outputs["eventBus"])
            bus.put(EnvironmentUnfrozen(environment, by.reason, by.by, by.since))

    def status(self, execution: str) -> str:
        """The status of an execution."""
        return str(self.sfn.describe_execution(executionArn=execution)["status"])

    def running(self, name: str, workflow: str = "") -> list[str]:
        """The running executions of a deployment, in one workflow or in all."""
        machines = [self.machines[workflow]] if workflow else list(self.machines.values())
        return [
            row["executionArn"]
            for machine in machines
            for row in self.sfn.list_executions(stateMachineArn=machine, statusFilter="RUNNING")["executions"]
            if row["name"] == name or row["name"].startswith(f"{name}-")
        ]

    def of_workflow(self, name: str, workflow: str) -> list[str]:
        """A deployment's executions of one workflow, running or ended, from the newest 100."""
        rows = self.sfn.list_executions(stateMachineArn=self.machines[workflow], maxResults=_NEWEST)["executions"]
        return [r["executionArn"] for r in rows if r["name"] == name or r["name"].startswith(f"{name}-")]

    def given(self, execution: str) -> dict[str, Any]:
        """The input of an execution."""
        found: dict[str, Any] = json.loads(self.sfn.describe_execution(executionArn=execution)["input"])
        return found

    def visited(self, name: str) -> set[tuple[str, str]]:
        """The states that a deployment has entered, each with its workflow."""
        return {
            (workflow, state)
            for workflow in self.machines
            for execution in self.of_workflow(name, workflow)
            for state in self.states(execution)
        }

    def states(self, execution: str) -> Iterator[str]:
        """The states that an execution has entered, in order."""
        events = self.sfn.get_execution_history(executionArn=execution, maxResults=1000, includeExecutionData=False)[
            "events"
        ]
        return (e["stateEnteredEventDetails"]["name"] for e in events if "stateEnteredEventDetails" in e)

    def state(self, execution: str) -> str:
        """The state that an execution is in, or was in last; empty when it has entered none."""
        return next(iter(reversed(list(self.states(execution)))), "")

    def stop(self, execution: str) -> None:
        """Stop an execution as a person does; does nothing to an ended one."""
        with suppress(ClientError):
            self.sfn.stop_execution(executionArn=execution, cause="stopped by a person")

    def record(self, name: str) -> dict[str, Any]:
        """A deployment's record."""
        item = self.tables["deployments"].get_item(Key={"deploymentId": name}, ConsistentRead=True).get("Item", {})
        found: dict[str, Any] = plain(item)
        return found

    def waits(self, name: str) -> bool:
        """Whether an execution of a deployment waits for an event."""
        rows = self.tables["waits"].scan(ConsistentRead=True)["Items"]
        mine = (row for row in rows if not row["waitKey"].startswith("approval/"))
        return any(str(row.get("execution", "")).rpartition(":")[2].startswith(f"{name}-") for row in mine)

    def waiting(self) -> set[str]:
        """The keys of all waits."""
        return {row["waitKey"] for row in self.tables["waits"].scan(ConsistentRead=True)["Items"]}

    def builds_left(self, name: str) -> list[str]:
        """The builds of a deployment or card that still run, or that ran on after the end of their execution."""
        codebuild = self.platform.clients.client("codebuild")
        ids = codebuild.list_builds(sortOrder="DESCENDING")["ids"][:60]
        builds = codebuild.batch_get_builds(ids=ids)["builds"] if ids else []
        mine = [b for b in builds if _ordered_by(b, name)]
        wanting = (e for workflow in _BUILDING for e in self.of_workflow(name, workflow))
        wanted = [self._lifetime(execution) for execution in wanting] if mine else []
        return [b["id"] for b in mine if b["buildStatus"] == "IN_PROGRESS" or _ran_on(b, wanted)]

    def _lifetime(self, execution: str) -> tuple[datetime, datetime]:
        """Start and end of an execution; a running one ends at the latest possible time."""
        found = self.sfn.describe_execution(executionArn=execution)
        return found["startDate"], found.get("stopDate", datetime.max.replace(tzinfo=UTC))

    def _subscribe_to_bus(self) -> None:
        clients, bus = self.platform.clients, self.platform.outputs["eventBus"]
        self._queue = clients.client("sqs").create_queue(QueueName="bus-recorder")["QueueUrl"]
        arn = clients.client("sqs").get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])
        events = clients.client("events")
        pattern = json.dumps({"source": ["kiro.pipeline"]})
        events.put_rule(Name="bus-recorder", EventBusName=bus, EventPattern=pattern)
        target = {"Id": "ear", "Arn": arn["Attributes"]["QueueArn"]}
        events.put_targets(Rule="bus-recorder", EventBusName=bus, Targets=[target])

    def _read_bus(self) -> None:
        sqs = self.platform.clients.client("sqs")
        while not self._stopping.wait(_MAIL_SECONDS):
            with suppress(ClientError):
                while messages := sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages"):
                    for message in messages:
                        event = json.loads(message["Body"])
                        detail = event["detail"]
                        events = self.announced[detail.get("deploymentId") or detail.get("workId", "")]
                        events.append((event["detail-type"], detail))
                        sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])

    def _read_mails(self) -> None:
        """Approve every request; errors of requests that have ended are ignored."""
        approver = Approver(self.platform.mailbox, "Grace Hopper")
        while not self._stopping.wait(_MAIL_SECONDS):
            with suppress(RuntimeError, OSError, ClientError):
                approver.decide_next()


def _ordered_by(build: Any, name: str) -> bool:
    """Whether a build was started for a deployment, or for an attempt at a card."""
    variables = {one["name"]: one["value"] for one in build["environment"]["environmentVariables"]}
    deployment = str(variables.get("KIRO_DEPLOYMENT", ""))
    return deployment == name or deployment.startswith(f"{name}-")


def _ran_on(build: Any, wanted: list[tuple[datetime, datetime]]) -> bool:
    """Whether a build succeeded, but not within the time of an execution that wanted it."""
    if build["buildStatus"] != "SUCCEEDED":
        return False
    return not any(since <= build["startTime"] and build["endTime"] <= until for since, until in wanted)


def wait_for(found: Callable[[], Any], seconds: float, pause: float = 0.1) -> Any:
    """Call until the answer is truthy or the time is up; returns the last answer."""
    deadline = time.monotonic() + seconds
    while not (answer := found()) and time.monotonic() < deadline:
        time.sleep(pause)
    return answer
