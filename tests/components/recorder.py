"""Runs a Pulumi program without an engine: registrations are recorded, and ARNs have the format of AWS."""

import asyncio
import contextlib
import functools
import gc
import json
import runpy
import tempfile
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import pulumi
import yaml
from pulumi.runtime import mocks, resource, set_all_config
from pulumi.runtime.proto import source_pb2
from pulumi.runtime.settings import ROOT as ROOT_STACK
from pulumi.runtime.settings import get_root_resource
from pulumi.runtime.stack import run_in_stack
from pulumi_aws import lambda_, s3

from functions.domain.releases import repository_mark
from tests.signing import PUBLIC_KEY, SINCE

with warnings.catch_warnings():
    # The SDK loads a service when it is first asked for something of it, and warns of its own deprecated modules.
    warnings.simplefilter("ignore", DeprecationWarning)
    assert hasattr(lambda_, "Function")
    assert hasattr(s3, "Bucket")

ROOT = Path(__file__).parents[2]
ACCOUNT, REGION = "123456789012", "eu-central-1"
# The repository of the stacks' settings, and the end of the names of its projects.
REPOSITORY = "example/hello-service"
IMAGES = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/team/api"
PROJECT_KEY = repository_mark(REPOSITORY)

Properties = dict[str, Any]

# Type → how its ARN follows from its physical name; {name} is that, the rest is this account's.
_ARNS = {
    "aws:apigatewayv2/api:Api": "arn:aws:apigateway:{region}::/apis/{name}",
    "aws:cloudwatch/eventBus:EventBus": "arn:aws:events:{region}:{account}:event-bus/{name}",
    "aws:cloudwatch/eventRule:EventRule": "arn:aws:events:{region}:{account}:rule/{bus}{name}",
    "aws:cloudwatch/logGroup:LogGroup": "arn:aws:logs:{region}:{account}:log-group:{name}",
    "aws:codebuild/project:Project": "arn:aws:codebuild:{region}:{account}:project/{name}",
    "aws:dynamodb/table:Table": "arn:aws:dynamodb:{region}:{account}:table/{name}",
    "aws:iam/role:Role": "arn:aws:iam::{account}:role/{name}",
    "aws:kms/key:Key": "arn:aws:kms:{region}:{account}:key/{name}",
    "aws:lambda/function:Function": "arn:aws:lambda:{region}:{account}:function:{name}",
    "aws:lambda/layerVersion:LayerVersion": "arn:aws:lambda:{region}:{account}:layer:{name}:1",
    "aws:s3/bucket:Bucket": "arn:aws:s3:::{name}",
    "aws:secretsmanager/secret:Secret": "arn:aws:secretsmanager:{region}:{account}:secret:{name}-AbCdEf",
    "aws:sfn/stateMachine:StateMachine": "arn:aws:states:{region}:{account}:stateMachine:{name}",
    "aws:sns/topic:Topic": "arn:aws:sns:{region}:{account}:{name}",
    "aws:sqs/queue:Queue": "arn:aws:sqs:{region}:{account}:{name}",
}


@dataclass(frozen=True, slots=True)
class Registered:
    """One resource as the program registered it."""

    type: str
    name: str
    inputs: Properties
    custom: bool

    @property
    def physical_name(self) -> str:
        """Its name in AWS, where it has one."""
        for key in ("name", "bucket", "layerName", "dashboardName"):
            if key in self.inputs:
                return str(self.inputs[key])
        return self.name


@dataclass
class Recorder(pulumi.runtime.Mocks):
    """Records registrations, and returns the outputs that AWS would compute."""

    resources: list[Registered] = field(default_factory=list)
    ignored: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By the logical name of a resource: the properties whose changes Pulumi ignores."""

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        """Record it; its id is its name or, where AWS does so, its ARN."""
        made = Registered(args.typ, args.name, dict(args.inputs), bool(args.custom))
        self.resources.append(made)
        return _id(made), {**args.inputs, **_computed(made)}

    def call(self, args: pulumi.runtime.MockCallArgs) -> Any:
        """The account, region and partition of the run."""
        answers: dict[str, Properties] = {
            "aws:index/getCallerIdentity:getCallerIdentity": {"accountId": ACCOUNT},
            "aws:index/getRegion:getRegion": {"region": REGION},
            "aws:index/getPartition:getPartition": {"partition": "aws"},
            "aws:kms/getPublicKey:getPublicKey": {"publicKeyPem": PUBLIC_KEY},
            "aws:kms/getKey:getKey": {"creationDate": SINCE},
        }
        return answers[args.token]

    def of(self, kind: str) -> list[Registered]:
        """Every resource of a type, by the end of its name: `iam/role:Role`."""
        return [one for one in self.resources if one.type == f"aws:{kind}"]

    def one(self, kind: str, name: str) -> Registered:
        """The resource of a type with this logical name."""
        (found,) = [one for one in self.of(kind) if one.name == name]
        return found


class _Monitor(mocks.MockMonitor):
    """Records also an option of each registration, which mocks do not get."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__(recorder)
        self._recorder = recorder

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 — of the interface
        if request.ignoreChanges:
            self._recorder.ignored[request.name] = tuple(request.ignoreChanges)
        return super().RegisterResource(request)  # type: ignore[no-untyped-call]


def _id(made: Registered) -> str:
    by_arn = ("aws:sns/topic:Topic", "aws:sfn/stateMachine:StateMachine", "aws:secretsmanager/secret:Secret")
    return str(_computed(made)["arn"]) if made.type in by_arn else made.physical_name


def _computed(made: Registered) -> Properties:
    bus = made.inputs.get("eventBusName")
    places = {"account": ACCOUNT, "region": REGION, "name": made.physical_name, "bus": f"{bus}/" if bus else ""}
    arn = _ARNS.get(made.type, "").format(**places)
    found: Properties = {"arn": arn} if arn else {}
    if made.type == "aws:apigatewayv2/api:Api":
        host = f"api123.execute-api.{REGION}.amazonaws.com"
        found |= {"apiEndpoint": f"https://{host}", "executionArn": f"arn:aws:execute-api:{REGION}:{ACCOUNT}:api123"}
    if made.type == "aws:lambda/function:Function":
        found["invokeArn"] = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{arn}/invocations"
        found["qualifiedArn"] = f"{arn}:1" if made.inputs.get("publish") else f"{arn}:$LATEST"
    if made.type == "aws:sfn/stateMachine:StateMachine":
        found["stateMachineVersionArn"] = f"{arn}:1" if made.inputs.get("publish") else ""
    if made.type == "aws:kms/key:Key":
        found["keyId"] = made.name
    return found


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a program registered, exported and left in its globals."""

    recorder: Recorder
    outputs: Properties
    globals: Properties


def stack_config(stack: str) -> dict[str, str]:
    """The settings of `Pulumi.<stack>.yaml`, in the format that Pulumi passes to a program."""
    given = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text("utf-8"))["config"]
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in given.items()}


def run(
    program: Callable[[], Any], stack: str, config: dict[str, str], recorder: Recorder, project: str = "kiro-worker"
) -> Properties:
    """Run a program until all its outputs are known; returns its exports."""
    exported: Properties = {}

    def whole() -> None:
        program()
        outputs: Properties = getattr(get_root_resource(), "outputs", {})
        for name, value in outputs.items():
            pulumi.Output.from_input(value).apply(partial(exported.__setitem__, name))

    # The stack trace of each resource, which only an engine would show, takes a sixth of a run.
    untraced = mock.patch.object(resource, "_get_stack_trace", source_pb2.StackTrace)
    with _uncollected(), untraced, _event_loop() as loop:
        mocks.set_mocks(recorder, project=project, stack=stack, preview=False, monitor=_Monitor(recorder))
        # set_mocks makes a root stack and finishes it before the program has exported anything.
        ROOT_STACK.set(None)
        set_all_config(config, [])
        loop.run_until_complete(run_in_stack(whole))
    return exported


def run_main(stack: str, config: dict[str, str] | None = None, recorder: Recorder | None = None) -> Outcome:
    """Run `__main__.py` for a stack, with the settings of its file unless others are given."""
    from components.functions import package

    recorder, kept = recorder or Recorder(), Properties()
    # Each run would look for the runtime's interpreter, and copy all sources for it.
    with mock.patch.object(package, "bytecode", return_value={}):
        exported = run(
            lambda: kept.update(runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")),
            stack,
            stack_config(stack) if config is None else config,
            recorder,
        )
    return Outcome(recorder, exported, kept)


# Two regions and two accounts: the stack's own, another region of its account, and another account.
FOREIGN = "999999999999"
FOREIGN_ROLE, FOREIGN_READER = f"arn:aws:iam::{FOREIGN}:role/deploy", f"arn:aws:iam::{FOREIGN}:role/read"
WINDOWS = [{"days": ["sun"], "opens": "06:00", "closes": "09:00", "timezone": "Europe/Berlin"}]
FREEZES = [{"starts": "2026-12-24T00:00:00+01:00", "ends": "2026-12-27T00:00:00+01:00", "reason": "holidays"}]
STATES = {"pulumiBucket": "stack-states", "pulumiKeyArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd"}
ELSEWHERE = [
    {"name": "test", "functions": ["hello-test"], "freezeWaitDays": 2, **STATES},
    {
        "name": "staging",
        "region": "us-east-1",
        "functions": ["hello-staging"],
        "windows": WINDOWS,
        "onActiveAlarm": "ask",
        "onMissingAlarmData": "block",
        "enhancedWatchSeconds": 86_400,
    },
    {
        "name": "production",
        "account": FOREIGN,
        "region": "us-east-1",
        "deployRoleArn": FOREIGN_ROLE,
        "pulumiBucket": "their-states",
        "pulumiKeyArn": f"arn:aws:kms:{REGION}:{FOREIGN}:key/1234abcd",
        "readRoleArn": FOREIGN_READER,
        "approval": True,
        "freezes": FREEZES,
    },
]
ALLOWED_NETWORKS = ["192.30.252.0/22", "2606:50c0::/32"]
VPC = {"id": "vpc-0a1b", "subnets": ["subnet-01", "subnet-02"], "securityGroups": ["sg-0f"]}


@functools.cache
def switched_on() -> Outcome:
    """The stack `test` with every optional setting that creates resources, and environments in several places."""
    config = stack_config("test")
    repository = {"name": REPOSITORY, "images": {"api": IMAGES}, "buildsImages": True}
    github = json.loads(config["kiro-worker:github"]) | {
        "allowedNetworks": ALLOWED_NETWORKS,
        "repositories": [repository],
    }
    changed = {
        "kiro-worker:securityHub": "true",
        "kiro-worker:console": "false",
        "kiro-worker:worker": json.dumps(
            {"agent": "claude", "agentVersion": "2.2.0", "agentBudgetUsd": 2.5, "gitCredential": "app"}
        ),
        "kiro-worker:github": json.dumps(github),
        "kiro-worker:alarms": "strict",
        "kiro-worker:budgetEmail": "ops@example.com",
        "kiro-worker:codebuild": json.dumps({"vpc": VPC}),
        "kiro-worker:environments": json.dumps(ELSEWHERE),
    }
    with _empty_layer():
        return run_main("test", {**config, **changed})


@functools.cache
def stack(name: str) -> Outcome:
    """A stack with the settings of its file and an empty layer; the run is shared by all tests that only read it."""
    with _empty_layer():
        return run_main(name)


@contextlib.contextmanager
def _empty_layer() -> Iterator[None]:
    from components.functions import package

    with tempfile.TemporaryDirectory() as layer, mock.patch.object(package, "LAYER", Path(layer)):
        (Path(layer) / "python").mkdir()
        yield


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Disable the garbage collection, which takes 40 % of a run: the SDK has tens of thousands of live objects.

    What a run leaves is shared and stays until the tests end; no later collection looks at it.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@contextlib.contextmanager
def _event_loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    # One worker: the SDK gives every thread an event loop, and leaves closing them to whoever owns the thread.
    worker = ThreadPoolExecutor(1)
    loop.set_default_executor(worker)
    try:
        yield loop
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        worker.submit(_close_own_loop).result()
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
        asyncio.set_event_loop(None)


def _close_own_loop() -> None:
    with contextlib.suppress(RuntimeError):
        asyncio.get_event_loop().close()
