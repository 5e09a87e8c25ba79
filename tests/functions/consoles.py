"""The console on 127.0.0.1, served as by HTTP API, and a stack in which everything happens that it shows."""

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from msgspec.structs import replace

from functions.adapters.clock import iso
from functions.adapters.console_accesses import ConsoleAccesses
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.locks_table import LocksTable
from functions.adapters.records import stored
from functions.adapters.waits_table import WaitsTable
from functions.domain.environments import Freeze, PartState
from functions.domain.gates import Verdict
from functions.domain.locks import Contender
from functions.domain.order import Order
from functions.domain.outside_alarms import OutsideAlarm
from functions.domain.records import PlannedStage, PlanRecord, StageRecord
from functions.domain.releases import Release
from functions.domain.waits import ApprovalKey, BuildKey, Wait
from functions.domain.work_items import Item, Record
from functions.handler import encode
from tests.functions.approving import ask
from tests.functions.samples import COMMIT, DEPLOYMENT, LEASE, OLDER, RELEASE, environment, version
from tests.functions.stack import MACHINES, Stack
from tests.http_server import HttpServer, QuietHandler

ENVIRONMENTS = ("test", "staging", "production")
GATES = (
    Verdict("tests", "passed", "148 tests passed, 0 skipped"),
    Verdict("coverage", "passed", "lines 91.4 %, branches 88.0 %; 80 % demanded"),
    Verdict("security", "passed", "nothing critical or high in 2 reports, 3 lesser findings"),
)
TITLE = "feat: greet people by their name"
HOSTILE = f"{TITLE} <script>alert(1)</script>"
PATH = ("Open", "ReadRecord", "CheckEvidence", "EvidenceComplete", "CheckWindow", "WindowOpen", "ReadBaseline")
ASKED = (*PATH, "ApprovalNeeded", "RequestApproval", "AwaitApproval")
PASSED = (*PATH, "ApprovalNeeded", "AcquireLock", "LockTaken", "NextPart", "ApplyService", "Verify", "Watch", "Ended")


def settings(stack: Stack, *names: str) -> None:
    """The environments that the definition of `deployment` carries."""
    carried = [environment(name=name, approval=name == "production", critical_alarms=[]) for name in names]
    begin = {"Arguments": {"repositories": []}, "Assign": {"environments": encode(carried)}}
    stack.client("stepfunctions").update_state_machine(
        stateMachineArn=MACHINES["deployment"], definition=json.dumps({"States": {"Begin": begin}})
    )


def release(commit: str, message: str, **changes: Any) -> Release:
    """A release with a title and an author of its own."""
    return replace(RELEASE, commit=commit, message=message, author="Ada Lovelace", **changes)


def begun(stack: Stack, name: str, made: Release, environment_: str, status: str, passed: Sequence[str] = ()) -> None:
    """A deployment that is somewhere on its way."""
    deployments = DeploymentsTable.connect(stack.clients)
    deployments.begin(name, made, stack.execution("deployment", name), "push")
    plan = PlanRecord("deploy", "", tuple(PlannedStage(one, {"hello": "changed"}) for one in ENVIRONMENTS))
    deployments.note(name, plan=plan, gates=GATES)
    deployments.enter(name, environment_, status)
    for one in passed:
        deployments.note_stage(name, one, StageRecord("passed", started_at=made.committed_at))
        stack.kill(stack.execution("stage", f"{name}-{one}"))


def arrange(stack: Stack, title: str = TITLE) -> None:
    """A release waits for approval, one has the lock of staging, others have ended; production rings and is frozen."""
    settings(stack, *ENVIRONMENTS)
    now = datetime.now(UTC)
    running, deployments = EnvironmentsTable.connect(stack.clients), DeploymentsTable.connect(stack.clients)
    for where, commit, hours in (("test", COMMIT, 1), ("staging", COMMIT, 1), ("production", OLDER, 50)):
        lease = replace(LEASE, key=f"environment/{where}")
        at = iso(now - timedelta(hours=hours))
        for part in ("hello-service/hello", "hello-service/infrastructure"):
            one = version(commit, "7", at=at, deployment_id=f"main-{commit[:12]}")
            outputs = {"url": f"https://hello-{where}.example.com"}
            good = None if where == "staging" and part.endswith("hello") else one
            running.save(PartState(where, part, one, good, outputs=outputs), lease)
    begun(stack, DEPLOYMENT, release(COMMIT, title), "production", "waiting for approval", ("test", "staging"))
    approval = ask(stack, approvers=["grace@example.com", "ada@example.com"], needed=2)
    stage = stack.execution("stage", f"{DEPLOYMENT}-production")
    wait = Wait(ApprovalKey(approval.approval_id), "token-of-a-task", stage, "production")
    WaitsTable.connect(stack.clients).store(wait, now)
    newer, name = "f1e2d3c4b5a6" + "7" * 28, "main-f1e2d3c4b5a6"
    begun(stack, name, release(newer, "fix: answer 404 where nothing is found"), "staging", "running", ("test",))
    owner = Contender(stack.execution("stage", f"{name}-staging"), name, Order(1, 11), f"release {newer[:12]}")
    LocksTable.connect(stack.clients).request("environment/staging", owner)
    for commit, outcome, reason in (
        (OLDER, "deployed", ""),
        ("9" * 40, "restored", "alarm hello-test-errors is in ALARM: 14 errors of 96 requests"),
    ):
        old = f"main-{commit[:12]}"
        begun(stack, old, release(commit, "perf: keep the connection"), "test", "running")
        outcomes = ENVIRONMENTS if outcome == "deployed" else ENVIRONMENTS[:1]
        for where in outcomes:
            record = StageRecord("passed" if outcome == "deployed" else "restored", reason)
            deployments.note_stage(old, where, record)
        deployments.conclude(old, outcome, reason)  # type: ignore[arg-type]
        stack.kill(f"{MACHINES['deployment'].replace(':stateMachine:', ':execution:')}:{old}")
    running.freeze("production", Freeze("the fair: no changes until Monday", "Ada Lovelace", iso(now)))
    running.note_outside("production", OutsideAlarm("latency", "ALARM", "critical", "4.1 s at p95", "", iso(now)))
    running.note_outside("production", OutsideAlarm("errors", "OK", "critical", "", "", iso(now)))
    items(stack)


def items(stack: Stack) -> None:
    """One item is worked on, one is in quarantine."""
    work = stack.execution("work_item", "7-kiro-greet-1")
    WaitsTable.connect(stack.clients).store(Wait(BuildKey("kiro-worker-build:1"), "token", work), datetime.now(UTC))
    card = Item(
        "PVTI_7", "issue", "Greet by the time of day", "kiro/greet", RELEASE.committed_at, "", "acme/hello-service", 7
    )
    broken = replace(card, item_id="PVTI_9", number=9, title="Remember the name", branch="kiro/name")
    for record in (
        Record("PVTI_7", "running", 1, execution=work, branch="branch/acme/hello-service/kiro/greet", item=card),
        Record("PVTI_9", "quarantined", 2, 2, reason="tests: 1 of 9 tests failed: test_evening", item=broken),
    ):
        stack.clients.table("WORK_ITEMS_TABLE").put_item(Item=stored(record))


@contextmanager
def histories(stack: Stack, states: Mapping[str, Sequence[str]]) -> Iterator[None]:
    """Step Functions says that the execution with this end of its ARN entered these states; moto invents others."""
    client, begins = stack.client("stepfunctions"), datetime.now(UTC) - timedelta(minutes=3)
    asked: list[str] = []

    def note(params: dict[str, Any], **_: Any) -> None:
        asked.append(params["executionArn"])

    def rewrite(parsed: dict[str, Any], **_: Any) -> None:
        found = next((names for end, names in states.items() if asked[-1].endswith(end)), ())
        parsed.pop("nextToken", None)
        parsed["events"] = [
            {
                "id": number,
                "timestamp": begins + timedelta(seconds=number),
                "type": "TaskStateEntered",
                "stateEnteredEventDetails": {"name": name},
            }
            for number, name in enumerate(found, 1)
        ][::-1]

    client.meta.events.register("provide-client-params.sfn.GetExecutionHistory", note)
    client.meta.events.register("after-call.sfn.GetExecutionHistory", rewrite)
    try:
        yield
    finally:
        client.meta.events.unregister("provide-client-params.sfn.GetExecutionHistory", note)
        client.meta.events.unregister("after-call.sfn.GetExecutionHistory", rewrite)


def session(stack: Stack) -> str:
    """The cookie of a session, begun by a link."""
    link = ConsoleAccesses(stack.table("waits")).open("arn:aws:iam::123456789012:user/ada", datetime.now(UTC))
    answer = stack.run("events.console", event("/console", {"open": link}))
    assert answer["statusCode"] == 303, answer
    return str(answer["cookies"][0].partition(";")[0])


def event(path: str, query: dict[str, str] | None = None, cookie: str = "", **headers: str) -> dict[str, Any]:
    """A GET in the form of HTTP API, payload format 2.0; cookies come apart from the headers."""
    name = path.removeprefix("/console").removeprefix("/")
    made: dict[str, Any] = {
        "requestContext": {"http": {"method": "GET", "sourceIp": "10.0.0.1", "userAgent": "test"}},
        "headers": {name.replace("_", "-"): value for name, value in headers.items()},
        "isBase64Encoded": False,
    }
    made |= {"pathParameters": {"deployment": name}} if name else {}
    made |= {"queryStringParameters": query} if query else {}
    return {**made, "cookies": [cookie]} if cookie else made


class Console(HttpServer):
    """Serves the console's handler over HTTP, with a session."""

    def __init__(self, stack: Stack) -> None:
        lock, cookie = threading.Lock(), session(stack)

        class Handler(QuietHandler):
            def _serve(self) -> None:
                parts, tag = urlsplit(self.path), self.headers.get("if-none-match", "")
                asked = event(parts.path, dict(parse_qsl(parts.query)), cookie, if_none_match=tag)
                with lock:
                    answer = stack.run("events.console", asked)
                self.send_response(answer["statusCode"])
                for name, value in answer["headers"].items():
                    self.send_header(name, value)
                payload = answer["body"].encode()
                self.send_header("content-length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            do_GET = _serve  # noqa: N815 - the name of the base class

        super().__init__(Handler)
        self.url = f"{self.base}/console"
