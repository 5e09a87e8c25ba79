"""Subjects: small repositories, each delivered to an environment of its own, so that cases can run in parallel."""

import io
import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from local.clients import Clients
from local.platform import Platform
from local.pulumi.handlers.lambda_ import once_the_role_is_known
from local.service import get
from tests.roles import new_role

COMMITS = 400
_MANIFEST = """version: 1
name: {name}
environments: [{name}]
build:
  buildspec: build.yml
  junit: [junit.xml]
  cobertura: coverage.xml
infrastructure:
  kind: command
  buildspec: infrastructure.yml
services:
  hello:
    kind: lambda
    function: {function}
    alias: live
    artifact: hello.zip{steps}
    health:
      url: "{url}/health"
    alarms:
      critical: [{alarm}]
"""
_STEPS = """
    steps: [50]"""
# Long enough for the end of the build to come as an event, and not in the first query.
_BUILD = """version: 0.2
phases:
  build:
    commands:
      - printf '%s' "$KIRO_COMMIT" > version.txt
      - python3 -I -S -m zipfile -c hello.zip hello.py version.txt
      - sleep 0.7
artifacts:
  files: [hello.zip, junit.xml, coverage.xml]
"""
_INFRASTRUCTURE = """version: 0.2
phases:
  build:
    commands:
      - >-
        printf '{{"url": "%s"}}' "{url}" > outputs.json
      - sleep 0.7
artifacts:
  files: [outputs.json]
"""
_AFTER_DEPLOY = """gates:
  afterDeploy:
    {name}:
      buildspec: tests.yml
      junit: [junit.xml]
"""
_TESTS = """version: 0.2
phases:
  build:
    commands:
      - sleep 0.7
artifacts:
  files: [junit.xml]
"""
_JUNIT = '<testsuite tests="1"><testcase classname="hello" name="greets"/></testsuite>'
_COVERAGE = '<coverage line-rate="1" branch-rate="1" lines-valid="1" lines-covered="1" version="1" timestamp="1"/>'
# The test reports exist already: other tests cover the test runs of a card's build.
_WORKED_ON = {
    ".kiro/worker.json": (
        '{"test": ["git", "checkout", "--", "junit.xml", "coverage.xml"],'
        ' "junit": "junit.xml", "coverage": "coverage.xml"}'
    ),
    "junit.xml": _JUNIT,
    "coverage.xml": _COVERAGE,
}
# https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
_PUBLIC: Mapping[str, Mapping[str, Any]] = {
    "public": {"Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "NONE"},
    "public-invoke": {"Action": "lambda:InvokeFunction", "InvokedViaFunctionUrl": True},
}
_SERVICE = """import json
from pathlib import Path


def handler(event, context):
    body = json.dumps({"version": (Path(__file__).parent / "version.txt").read_text()})
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": body}
"""


@dataclass(frozen=True, slots=True)
class Kind:
    """The demands of an environment on a release.

    `tested` means that tests run after the deployment, `stepped` that its requests meet a release in steps, `on_ecs`
    that it is a service of ECS instead of a function.
    """

    name: str
    approval: bool
    watch_seconds: int
    enhanced_watch_seconds: int = 0
    tested: bool = False
    stepped: bool = False
    on_ecs: bool = False


CALM = Kind("calm", approval=False, watch_seconds=0)
CAREFUL = Kind("careful", approval=True, watch_seconds=3)
THOROUGH = Kind("thorough", approval=False, watch_seconds=0, enhanced_watch_seconds=3, tested=True, stepped=True)
ROLLED = Kind("rolled", approval=False, watch_seconds=3, on_ecs=True)
# A repository without an environment, whose branches the worker works on.
BOARD = Kind("board", approval=False, watch_seconds=0)


@dataclass(slots=True)
class Subject:
    """One environment with its repository; `commits` are not delivered yet, oldest first."""

    name: str
    kind: Kind
    url: str = ""
    commits: list[str] = field(default_factory=list)

    @property
    def repository(self) -> str:
        """The repository, which is delivered to this environment only."""
        return f"acme/{self.name}"

    @property
    def function(self) -> str:
        """The name of the delivered function."""
        return f"hello-{self.name}"

    @property
    def alarm(self) -> str:
        """The name of the alarm that marks a bad release."""
        return f"{self.function}-errors"

    @property
    def target(self) -> str:
        """The name of what its releases change."""
        return self.function

    def claim(self) -> dict[str, Any]:
        """The repository in the form of the stack's settings."""
        owned = {"manifests": [self.name], "targets": [self.target]}
        return {"name": self.repository, **(owned if self.kind is not BOARD else {"manifests": [], "targets": []})}

    def settings(self) -> dict[str, Any]:
        """The environment in the form of the stack's settings."""
        return {
            "name": self.name,
            "approval": self.kind.approval,
            "demandedGates": ["tests", "coverage"],
            "skippable": True,
            "watchSeconds": self.kind.watch_seconds,
            "enhancedWatchSeconds": self.kind.enhanced_watch_seconds,
            "approvalTimeoutSeconds": 3600,
            "stabiliseSeconds": 1,
            "freezeWaitDays": 0.1,
            **self._bounds(),
        }

    def answers(self) -> str:
        """The commit that the service reports over HTTP; empty without an answer."""
        try:
            return str(get(f"{self.url}/health")[1].get("version", ""))
        except OSError:
            return ""

    def set_up(self, platform: Platform) -> None:
        """Create function, address, alarm and commits, as operator and author do before the first release."""
        repository = platform.github.repository(self.repository).git
        if self.kind is BOARD:
            begin = imported("refs/heads/main", "feat: begin [skip ci]", _WORKED_ON)
            repository.run("fast-import", "--quiet", stdin=begin)
            return
        self.url = self._create(platform)
        platform.clients.client("cloudwatch").put_metric_alarm(
            AlarmName=self.alarm,
            Namespace="HelloService",
            MetricName="Errors",
            Dimensions=[{"Name": "Environment", "Value": self.name}],
            Statistic="Sum",
            Period=10,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            TreatMissingData="ignore",  # so that it stays as a case sets it
        )
        self.set_alarm(platform.clients, on=False)
        repository.run("fast-import", "--quiet", stdin=self._history())
        *self.commits, _ = repository.text("rev-list", "--reverse", "main").splitlines()

    def set_alarm(self, clients: Clients, *, on: bool) -> None:
        """Put the alarm into ALARM or OK."""
        state = "ALARM" if on else "OK"
        clients.client("cloudwatch").set_alarm_state(
            AlarmName=self.alarm, StateValue=state, StateReason="set by a fault case"
        )

    def _bounds(self) -> dict[str, Any]:
        """What may be delivered to the environment, in the form of its settings."""
        return {"functions": [self.function]}

    def _create(self, platform: Platform) -> str:
        """Create what is delivered; returns its address."""
        return _function(platform, self.function)

    def _files(self) -> dict[str, str]:
        """The files of the first commit."""
        return {
            "delivery.yml": _MANIFEST.format(
                name=self.name,
                function=self.function,
                url=self.url,
                alarm=self.alarm,
                steps=_STEPS if self.kind.stepped else "",
            )
            + (_AFTER_DEPLOY.format(name=self.name) if self.kind.tested else ""),
            "build.yml": _BUILD,
            "infrastructure.yml": _INFRASTRUCTURE.format(url=self.url),
            "tests.yml": _TESTS,
            "junit.xml": _JUNIT,
            "coverage.xml": _COVERAGE,
            "hello.py": _SERVICE,
        }

    def _changed(self, number: int) -> dict[str, str]:
        """The file that a commit changes."""
        return {"number.txt": str(number)}

    def _history(self) -> bytes:
        """Commits one second apart, because their times decide the order; the last one starts no deployment."""
        first = int(time.time()) - COMMITS
        commits = [
            imported(
                "refs/heads/main",
                f"feat: change {number}",
                {**self._changed(number), **(self._files() if number == 0 else {})},
                at=first + number,
            )
            for number in range(COMMITS)
        ]
        return b"".join([*commits, imported("refs/heads/main", "chore: wait [skip ci]", {}, at=first + COMMITS)])


def imported(ref: str, message: str, files: Mapping[str, str], *, at: int = 0, start: str = "") -> bytes:
    """A commit in the format of `git fast-import`; a new branch begins at `start`, without it the ref is continued."""
    out = [f"commit {ref}\ncommitter Ada Lovelace <ada@example.com> {at or int(time.time())} +0000\n"]
    out.append(f"data {len(message)}\n{message}\n" + (f"from {start}\n" if start else ""))
    out += [f"M 644 inline {path}\ndata {len(text.encode())}\n{text}\n" for path, text in files.items()]
    return "".join(out).encode()


def _function(platform: Platform, name: str) -> str:
    """Create the delivered function, with an alias on code that is no release; returns its address."""
    functions = platform.clients.client("lambda")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("hello.py", _SERVICE)
        archive.writestr("version.txt", "none")
    wanted = {
        "FunctionName": name,
        "Runtime": "python3.13",
        "Handler": "hello.handler",
        "Role": new_role(platform.clients),
        "Timeout": 5,
        "Code": {"ZipFile": packed.getvalue()},
    }
    once_the_role_is_known(lambda: functions.create_function(**wanted))
    functions.create_alias(FunctionName=name, Name="live", FunctionVersion="$LATEST")
    for statement, permission in _PUBLIC.items():
        functions.add_permission(
            FunctionName=name, Qualifier="live", StatementId=statement, Principal="*", **permission
        )
    address = functions.create_function_url_config(FunctionName=name, Qualifier="live", AuthType="NONE")["FunctionUrl"]
    identity = address.removeprefix("https://").partition(".")[0]
    return f"{platform.emulator.endpoint}/_aws/lambda-url/{identity}"
