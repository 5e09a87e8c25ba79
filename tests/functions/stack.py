"""A stack as the functions see it, on moto: clients, settings, records of every call, and the tables behind them."""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from types import ModuleType
from typing import Any
from unittest.mock import patch

import boto3

from functions.adapters.github.connection import Connection
from functions.adapters.records import every, plain
from functions.domain.triggers import TriggerRules
from functions.handler import Handler, decode, encode, handler_function
from functions.runtime import Clients, wire
from local.strict.hooks import HANDLERS
from tests import signing
from tests.functions.tables import KEYS, create_table

REGION = "eu-central-1"
ACCOUNT = "123456789012"
BUCKET = "kiro-pipeline-test-artifacts"
DEPLOY_ROLE = f"arn:aws:iam::{ACCOUNT}:role/kiro-pipeline-test-deploy"
READ_ROLE = f"arn:aws:iam::{ACCOUNT}:role/kiro-pipeline-test-read"
MACHINES = {
    name: f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:kiro-{name}"
    for name in ("deployment", "stage", "rollback", "enhanced_watch", "work_item")
}
TABLES = {f"{name.upper()}_TABLE": f"kiro-{name}" for name in ("deployments", "environments", "locks", "waits")}
BOARD = {
    "owner": "acme",
    "number": 1,
    "statusField": "Status",
    "branchField": "Branch",
    "reasonField": "Reason",
    "columns": {"todo": "Todo", "inProgress": "In Progress", "inReview": "In Review", "failed": "Failed"},
}
WORKER = {
    "repositories": ["acme/hello-service"],
    "mainBranch": "main",
    "branchNamespace": "kiro/",
    "concurrency": 2,
    "attempts": 2,
    "coveragePercent": 80,
}
TRIGGERS = TriggerRules("main", ("test", "production"), ("production",), candidate_until="test")
SETTINGS = {
    **TABLES,
    **{f"{name.upper()}_WORKFLOW": arn for name, arn in MACHINES.items()},
    **{
        f"{name.upper()}_TOPIC": f"arn:aws:sns:{REGION}:{ACCOUNT}:kiro-{name}"
        for name in ("deployments", "approvals", "rollbacks")
    },
    "ARTIFACTS_BUCKET": BUCKET,
    "EVENT_BUS": "kiro-bus",
    "LOCK_MODE": "superseded",
    "APPROVALS_URL": "https://approvals.example.com/approvals/",
    "ENVIRONMENT_NAMES": "test,production",
    "ALLOWED_NETWORKS": "anywhere",
    "REPOSITORIES": "acme/hello-service",
    "TRIGGERS": json.dumps(encode(TRIGGERS)),
    "PUSHED_IMAGES": "[]",
    "VERSIONED": "none",
    "WORK_ITEMS_TABLE": "kiro-work-items",
    "GIT_CREDENTIAL_SECRET": "kiro-git",
    "WORKER_PROJECT": "kiro-worker-build",
    "BUILD_PROGRAMS": "programs/1.zip,programs/2.zip",
    "PLAN_FUNCTION": "kiro-plan-pull-requests",
    "REVIEW_FUNCTION": "kiro-review-jobs",
    "POLL_FUNCTION": "kiro-poll-board",
    "BOARD": json.dumps(BOARD),
    "PROJECT_CONFIG": "/kiro-worker/test/github-project-config",
    "WORKER": json.dumps(WORKER),
    "WEBHOOK_SECRET": "kiro-webhook",
    "MONITORS_SECRET": "kiro-monitors",
    "SECRETS": "kiro-webhook,kiro-monitors",
    "BUILD_PROJECTS": "kiro-build",
    "PULUMI_PROGRAM": "programs/pulumi.zip",
    "PUSH_GRACE_SECONDS": "0",
    "GITHUB_URL": "https://github.example.com",
    "APPROVERS": json.dumps({"production": {}, "eu-production": {}}),
    "CONSOLE_URL": "https://approvals.example.com/console",
    "RUNBOOK_URL": "https://runbooks.example.com",
    "AWS_REGION_NAME": REGION,
    "SLACK_SECRET": "kiro-slack",
    "SLACK_SIGNING_SECRET": "kiro-slack-signing",
    "SECURITY_HUB": "off",
    "GITHUB_CREDENTIAL_SECRET": "kiro-github",
    "GITHUB_API_URL": "http://127.0.0.1:9/api/v3",
    "PROVENANCE_KEY": signing.ARN,
    "PROVENANCE_PUBLIC_KEY": signing.PUBLIC_KEY,
    "PROVENANCE_SINCE": signing.SINCE,
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",  # as on a laptop, so that services may be on loopback
}
_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_SESSION_TOKEN": "testing",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
}
# What IAM calls a call; everything else is called as it is.
_ACTIONS = {
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:CopyObject": "s3:PutObject",
    "s3:CreateMultipartUpload": "s3:PutObject",
    "s3:HeadObject": "s3:GetObject",
    "lambda:Invoke": "lambda:InvokeFunction",
    "monitoring:DescribeAlarms": "cloudwatch:DescribeAlarms",
}


class StrictClients(Clients):
    """As strict as AWS under every role (local/strict); `entered` are the roles under which clients were asked for."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        super().__init__(settings)
        self.entered: list[str] = []
        be_strict(self._session)

    def client(self, service: str, *, region: str = "", role_arn: str = "") -> Any:
        if role_arn:
            self.entered.append(role_arn)
        return super().client(service, region=region, role_arn=role_arn)

    def _assumed(self, role_arn: str) -> boto3.Session:
        known = self._roles.get(role_arn)
        session = super()._assumed(role_arn)
        if known is None or known[0] is not session:
            be_strict(session)
        return session


def be_strict(session: boto3.Session) -> None:
    """What every process of a run does to its sessions."""
    for event, handler in HANDLERS:
        session.events.register(event, handler)


@dataclass(frozen=True)
class Call:
    """One call of an SDK under the function's own role."""

    action: str
    on: str
    given: Mapping[str, Any]


@dataclass
class Stack:
    """What a test arranges, runs and reads; `calls` are those that a handler made."""

    clients: StrictClients
    settings: dict[str, str]
    calls: list[Call] = field(default_factory=list)
    recording: bool = False
    rewritten: dict[str, dict[str, Any]] = field(default_factory=dict)
    _made: set[tuple[str, str]] = field(default_factory=set)

    def connect(self, events: Any) -> None:
        """See every call of a session's clients, and rewrite answers of moto that tests need otherwise."""
        events.register("before-parameter-build", self.record)
        events.register("before-call.kms.Sign", signing.sign)
        events.register("provide-client-params.sfn.ListExecutions", self._ask_for_all)
        events.register("after-call.sfn.ListExecutions", self._rewrite_executions)
        events.register("after-call.sfn.DescribeExecution", self._rewrite_execution)
        events.register("after-call.codebuild.BatchGetBuilds", self._rewrite_builds)

    def reset(self) -> None:
        """Nothing is there, nothing was called, settings are as usual."""
        self.settings.clear()
        self.settings.update(SETTINGS)
        self.recording = False
        self.calls.clear()
        self.rewritten.clear()
        self._made.clear()

    def rewrite(self, name: str, **facts: Any) -> str:
        """From now on AWS answers these facts about an execution (by its ARN) or a build (by its id)."""
        self.rewritten[name] = {**self.rewritten.get(name, {}), **facts}
        return name

    def _ask_for_all(self, params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        """moto filters by the status it knows itself."""
        if self.rewritten:
            context["status"] = params.pop("statusFilter", None)

    def _rewrite_executions(self, parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        wanted = context.get("status")
        found = [{**one, **self.rewritten.get(one["executionArn"], {})} for one in parsed.get("executions", [])]
        parsed["executions"] = [one for one in found if wanted in (None, one["status"])]

    def _rewrite_execution(self, parsed: dict[str, Any], **_: Any) -> None:
        parsed.update(self.rewritten.get(parsed.get("executionArn", ""), {}))

    def _rewrite_builds(self, parsed: dict[str, Any], **_: Any) -> None:
        for build in parsed.get("builds", []):
            build.update(self.rewritten.get(build["id"], {}))

    def record(self, params: Mapping[str, Any], model: Any, **_: Any) -> None:
        """Note a call (botocore's `before-parameter-build`); the first one that names a resource makes it."""
        service = model.service_model.service_name
        named, make = _RESOURCES.get(service, (_nothing, None))
        for name in named(params):
            if make and (service, name) not in self._made:  # a table and a topic have the same name
                self._made.add((service, name))
                recording, self.recording = self.recording, False
                make(self, name)
                self.recording = recording
        if self.recording:
            action = f"{model.service_model.signing_name}:{model.name}"
            self.calls.append(Call(_ACTIONS.get(action, action), _resource(params), dict(params)))

    def client(self, service: str) -> Any:
        """A client to arrange or to look with."""
        return self.clients.client(service)

    def table(self, name: str) -> Any:
        """One of the four tables."""
        return self.clients.table(f"{name.upper()}_TABLE")

    def items(self, name: str) -> list[dict[str, Any]]:
        """Everything in one of the tables."""
        return list(every(self.table(name), "scan"))

    def executions(self, machine: str) -> list[str]:
        """The names of the executions of a workflow."""
        client = self.client("stepfunctions")
        pages = client.get_paginator("list_executions").paginate(stateMachineArn=MACHINES[machine])
        return [one["name"] for page in pages for one in page["executions"]]

    def run(self, module_name: str, event: Any) -> Any:
        """Run a handler as the runtime does, from JSON to JSON, and demand that it declares what it calls."""
        module = import_module(f"functions.{module_name}")
        function = handler_function(module)
        kind, adapters = wire(function, self.clients)
        payload = json.loads(json.dumps(encode(event)))
        first, entered = len(self.calls), len(self.clients.entered)
        self.recording = True
        try:
            answer = encode(function(decode(kind, payload) if kind else payload, **adapters))
        finally:
            self.recording = False
            # A Lambda keeps its connection to GitHub. Collected as garbage, it would be a warning in another test.
            for one in (
                part for adapter in adapters.values() for part in (adapter, *getattr(adapter, "__dict__", {}).values())
            ):
                if isinstance(one, Connection):
                    one.close()
        roles = [Call("sts:AssumeRole", _role(arn), {}) for arn in self.clients.entered[entered:]]
        undeclared(module, [*self.calls[first:], *roles])
        said = json.dumps(answer, ensure_ascii=False)
        # https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html: the result of a task
        assert len(said.encode()) <= 256 * 1024, f"States.DataLimitExceeded: {module_name} answers {len(said)} bytes"
        return json.loads(said)

    def completed(self) -> dict[str, Any]:
        """The task tokens that were completed, with their answers."""
        done = [call for call in self.calls if call.action == "states:SendTaskSuccess"]
        return {call.given["taskToken"]: json.loads(call.given["output"]) for call in done}

    def told(self) -> list[tuple[str, Any]]:
        """The domain events that were put on the bus."""
        puts = [call for call in self.calls if call.action == "events:PutEvents"]
        return [(entry["DetailType"], json.loads(entry["Detail"])) for call in puts for entry in call.given["Entries"]]

    def stopped(self) -> dict[str, str]:
        """The executions that were stopped, and why."""
        stops = [call.given for call in self.calls if call.action == "states:StopExecution"]
        return {given["executionArn"]: given["cause"] for given in stops}

    def mails(self) -> list[Mapping[str, Any]]:
        """The messages that were published."""
        return [call.given for call in self.calls if call.action == "sns:Publish"]

    def execution(self, machine: str, name: str, given: Any = None) -> str:
        """The ARN of an execution that runs now."""
        started = self.client("stepfunctions").start_execution(
            stateMachineArn=MACHINES[machine], name=name, input=json.dumps(encode(given or {}))
        )
        return str(started["executionArn"])

    def kill(self, execution: str) -> None:
        """Stop an execution."""
        self.client("stepfunctions").stop_execution(executionArn=execution)

    def deployment(self, deployment_id: str = "main-1a2b3c4d5e6f") -> dict[str, Any]:
        """A deployment's row in the table."""
        item = self.table("deployments").get_item(Key={"deploymentId": deployment_id}, ConsistentRead=True).get("Item")
        found: dict[str, Any] = plain(item or {})
        return found


@contextmanager
def opened() -> Iterator[Stack]:
    """A stack whose credentials are good for nothing; moto is started by the caller."""
    with patch.dict(os.environ, _CREDENTIALS):
        os.environ.pop("AWS_PROFILE", None)
        settings = dict(SETTINGS)
        made = Stack(StrictClients(settings), settings)
        made.connect(made.clients._session.events)
        yield made


def _resource(params: Mapping[str, Any]) -> str:
    """`table/waits` or `index/waits` for DynamoDB, empty for what has one resource per action here."""
    name = str(params.get("TableName") or next(iter(params.get("RequestItems", ())), ""))
    if not name:
        return ""
    return ("index/" if "IndexName" in params else "table/") + name.removeprefix("kiro-")


def _role(arn: str) -> str:
    """Which role of an environment this is, as handlers declare it; read roles of tests end in `read`."""
    return "read-roles" if arn.endswith("read") else "deploy-roles"


def undeclared(module: ModuleType, calls: list[Call]) -> None:
    """Fail when a handler called what its declaration does not allow."""
    handler: Handler = module.HANDLER
    for call in calls:
        fits = [a for a in handler.allow if call.action in a.actions and (not call.on or a.on == call.on)]
        assert fits, f"{module.__name__} calls {call.action} on {call.on or 'a resource'} without declaring it"


@contextmanager
def failing(client: Any, operation: str, error: Exception) -> Iterator[None]:
    """Every call of one operation of a client raises."""

    def fail(name: str, params: Any) -> Any:
        if name == operation:
            raise error
        return real(name, params)

    real = client._make_api_call
    with patch.object(client, "_make_api_call", fail):
        yield


Params = Mapping[str, Any]


def _nothing(_: Params) -> Iterable[str]:
    return ()


def _tables(params: Params) -> Iterable[str]:
    """The table of a call; one that names none may be about several of them."""
    named = {str(params["TableName"])} if "TableName" in params else set(params.get("RequestItems", ()))
    return named & _OWN_TABLES.keys() if named else _OWN_TABLES


def _machines(params: Params) -> Iterable[str]:
    """The workflow of a call or of its execution."""
    arn = str(params.get("stateMachineArn") or params.get("executionArn") or "")
    return {arn.split(":")[6]} & _OWN_MACHINES if arn else () if "taskToken" in params else _OWN_MACHINES


def _topics(params: Params) -> Iterable[str]:
    """The topic of a call."""
    return {str(params["TopicArn"]).rpartition(":")[2]} & _OWN_TOPICS if "TopicArn" in params else _OWN_TOPICS


def _bucket(stack: Stack, name: str) -> None:
    stack.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})


def _workflow(stack: Stack, name: str) -> None:
    stack.client("stepfunctions").create_state_machine(
        name=name, definition="{}", roleArn=f"arn:aws:iam::{ACCOUNT}:role/workflow"
    )


_OWN_TABLES = {f"kiro-{table}": table for table in KEYS}
_OWN_TOPICS = frozenset(f"kiro-{topic}" for topic in ("deployments", "approvals", "rollbacks"))
_OWN_MACHINES = frozenset(arn.rpartition(":")[2] for arn in MACHINES.values())
# By service: which resources a call names, and what makes one. Most tests need few of them.
_RESOURCES: Mapping[str, tuple[Callable[[Params], Iterable[str]], Callable[[Stack, str], object]]] = {
    "dynamodb": (
        _tables,
        lambda stack, name: create_table(stack.client("dynamodb"), name, *KEYS[_OWN_TABLES[name]]),
    ),
    "s3": (lambda _: (BUCKET,), _bucket),
    "events": (lambda _: ("kiro-bus",), lambda stack, name: stack.client("events").create_event_bus(Name=name)),
    "sns": (_topics, lambda stack, name: stack.client("sns").create_topic(Name=name)),
    "stepfunctions": (_machines, _workflow),
}
