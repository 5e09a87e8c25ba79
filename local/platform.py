"""The laptop run: starts emulated AWS, CodeBuild, GitHub, events and alarms, and deploys the program to them."""

import json
import os
import secrets
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from local.alarms import AlarmEvaluator
from local.clients import Clients, clients
from local.codebuild import CodeBuildServer
from local.console import ConsoleServer
from local.ecs import EcsServer
from local.emulator import LAPTOP, Emulator, Quotas
from local.event_bridge import ServiceEvents
from local.github import LocalGitHub
from local.mailbox import Mailbox
from local.nested_ends import NestedEnds
from local.ports import ANY, Ports
from local.settings import (
    ACCOUNT,
    BOARD,
    DEPLOY_POLICY,
    NAMESPACE,
    ORGANISATION,
    REPOSITORY,
    WATCH_SECONDS,
    other_regions,
    overrides,
)
from local.slack import SIGNING_SECRET, LocalSlack
from local.strict import HOOK, SEED

PROJECT = Path(__file__).parents[1]
DEPLOY_POLICY_FILE = PROJECT / "examples" / "hello-service" / "infrastructure" / "policy.json"


class PlatformError(RuntimeError):
    """A part of the platform did not start; the text names the part, the reason and its log."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """What `up`, `preview` or `destroy` did."""

    changes: dict[str, int]
    outputs: dict[str, Any]
    steps: list[dict[str, str]]


def pulumi(command: str, stack: str, where: dict[str, Any], *options: str) -> Deployed:
    """Run the Pulumi program in its own process; `where` is what `Platform.describe` returned."""
    settings = overrides(
        PROJECT,
        stack,
        where["endpoint"],
        where["githubApi"],
        where["github"],
        where["watchSeconds"],
        where.get("changes"),
    )
    return _run(command, stack, where, [f"{key}={value}" for key, value in settings.items()], PROJECT, *options)


def forward(command: str, printed: str, where: dict[str, Any]) -> Deployed:
    """Run the program that forwards alarm events, as the `printed` command of the stack's output `forwarding` does."""
    words = shlex.split(printed)
    settings = [value for option, value in pairwise(words) if option == "--config"]
    return _run(command, words[words.index("--create") + 1], where, settings, PROJECT / words[words.index("-C") + 1])


def _run(
    command: str, stack: str, where: dict[str, Any], settings: Sequence[str], directory: Path, *options: str
) -> Deployed:
    variables = {
        "AWS_ENDPOINT_URL": where["endpoint"],
        "AWS_ENDPOINT_URL_CODEBUILD": where["codebuildEndpoint"],
        **_ecs(where.get("ecsEndpoint", "")),
        **where.get("variables", {}),
    }
    done = subprocess.run(
        [
            sys.executable,
            *("-m", "local.pulumi", command, "--json", *options, "--stack", stack),
            *("--endpoint", where["endpoint"], "--codebuild-endpoint", where["codebuildEndpoint"]),
            *("--directory", str(directory), "--config", *settings),
            *("--function-environment", *(f"{key}={value}" for key, value in variables.items())),
        ],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(HOOK)},
        capture_output=True,
        text=True,
        check=False,
    )
    (Path(where["logs"]) / f"pulumi-{command}.log").write_text(done.stderr, "utf-8")
    if done.returncode != 0:
        raise PlatformError(f"`pulumi {command}` failed:\n{done.stderr[-4000:]}")
    report = json.loads(done.stdout)
    return Deployed(report["changes"], report["outputs"], report["steps"])


def _app(github: LocalGitHub) -> dict[str, str]:
    """An App from which builds of the worker get their tokens, and what the secret `git` holds of it."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    number, installation = "1001", 2002
    permissions = {"contents": "write", "metadata": "read"}
    github.add_app(number, installation, public.decode(), permissions, pushes_to=NAMESPACE)
    return {"appId": number, "installationId": str(installation), "privateKey": pem.decode()}


def _ecs(endpoint: str) -> dict[str, str]:
    """The variable through which SDKs find ECS; {} where the run has none."""
    return {"AWS_ENDPOINT_URL_ECS": endpoint} if endpoint else {}


class Platform:
    """A platform as a context manager; every process that it starts ends with it, also when it is killed.

    `changes` are settings of the stack, `variables` go to every function; `wait_scale` shortens waits and retries,
    `alarm_clock` divides the periods of alarms (`ALARM_CLOCK`), `quotas` are the account's. Servers listen on
    `ports`.
    """

    def __init__(
        self,
        root: Path,
        stack: str,
        say: Callable[[str], None],
        watch_seconds: int = WATCH_SECONDS,
        *,
        changes: Mapping[str, Any] | None = None,
        variables: Mapping[str, str] | None = None,
        wait_scale: float = 1.0,
        alarm_clock: int = 1,
        quotas: Quotas = LAPTOP,
        ports: Ports = ANY,
    ) -> None:
        self.root = root
        self.stack = stack
        self._say = say
        self._watch_seconds = watch_seconds
        self._changes = dict(changes or {})
        self._variables = dict(variables or {})
        self._wait_scale = wait_scale
        self._alarm_clock = alarm_clock
        self._quotas = quotas
        given = self._changes.get("repositories", [REPOSITORY])
        self.repositories = [one if isinstance(one, str) else str(one["name"]) for one in given]
        self._stack = ExitStack()
        self.webhook_secret = secrets.token_hex(20)
        self.monitors_secret = secrets.token_hex(20)
        self.token = f"ghp_{secrets.token_hex(18)}"
        self.seed = os.environ.get(SEED) or secrets.token_hex(4)
        self.outputs: dict[str, Any] = {}
        self.console = ""
        self._ports = ports
        self.ecs: EcsServer | None = None

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> Self:
        """Start every part and deploy the program; reports each step before it begins."""
        self.start_services()
        self.clients.client("iam").create_policy(
            PolicyName=DEPLOY_POLICY, PolicyDocument=DEPLOY_POLICY_FILE.read_text("utf-8")
        )
        self._say(f"deploying the stack {self.stack} with the Pulumi program")
        self.deploy("up")
        self._connect()
        self._serve_console()
        return self

    def start_services(self) -> None:
        """Start the emulated AWS, whose account is empty, CodeBuild, and GitHub with its repositories and tokens.

        ECS is started where an environment has services of it.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        self._say(f"starting the emulated AWS, CodeBuild and GitHub; calls are throttled by {SEED}={self.seed}")
        enter = self._stack.enter_context
        self.emulator = enter(
            Emulator(
                self.root / "emulator.log",
                account=ACCOUNT,
                wait_scale=self._wait_scale,
                seed=self.seed,
                quotas=self._quotas,
                port=self._ports.aws,
            )
        )
        bridge = enter(ServiceEvents(clients(self.emulator.endpoint, self.emulator.region)))
        if any(one.get("ecsServices") for one in self._changes.get("environments", ())):
            emulated = enter(clients(self.emulator.endpoint, self.emulator.region))
            minute = 60 * self._wait_scale
            self.ecs = enter(
                EcsServer(emulated, ACCOUNT, self.root / "ecs", bridge.publish, minute=minute, port=self._ports.ecs)
            )
        ecs = self.ecs.endpoint if self.ecs else ""
        self.codebuild = enter(
            CodeBuildServer(
                self.emulator.endpoint,
                self.emulator.region,
                ACCOUNT,
                self.root / "builds",
                bridge.publish,
                {"AWS_ENDPOINT_URL": self.emulator.endpoint, "PYTHONPATH": str(HOOK), SEED: self.seed, **_ecs(ecs)},
                concurrency=self._quotas.builds,
                port=self._ports.codebuild,
            )
        )
        self.clients = Clients(
            self.emulator.endpoint, self.emulator.region, self.codebuild.endpoint, ecs_endpoint=ecs or None
        )
        enter(AlarmEvaluator(self.clients, bridge.publish, clock=self._alarm_clock))
        enter(NestedEnds(self.clients, bridge.publish))
        for region in other_regions(PROJECT, self.stack, self._changes, self.emulator.region):
            there = enter(clients(self.emulator.endpoint, region))
            enter(AlarmEvaluator(there, bridge.publish, clock=self._alarm_clock))
        self.github = enter(LocalGitHub(self.root / "github", self._ports.github))
        for repository in self.repositories:
            self.github.create_repository(repository)
        self.github.add_token(self.token, "kiro-worker", "kiro-worker@example.com")
        self._git_app = _app(self.github)
        self.board = self.github.add_board(ORGANISATION, BOARD)
        self.slack = enter(LocalSlack())

    def stop(self) -> None:
        """Stop everything, last started first."""
        self._stack.close()

    def deploy(self, command: str, *options: str) -> Deployed:
        """Run the Pulumi program: up, preview or destroy; the only option is `--refresh`."""
        done = pulumi(command, self.stack, self.describe(), *options)
        if command == "up":
            self.outputs = done.outputs
        return done

    def change(self, **settings: Any) -> Deployed:
        """Change settings of the stack, and deploy it."""
        self._changes |= settings
        return self.deploy("up")

    def _connect(self) -> None:
        """Do an operator's steps after the first deployment: fill secrets, add the webhook, subscribe a mailbox."""
        values = {
            "webhook": self.webhook_secret,
            "monitors": self.monitors_secret,
            "github": json.dumps({"token": self.token}),
            "git": json.dumps(self._git_app),
            "slack": self.slack.app,
            "slack-signing": SIGNING_SECRET,
        }
        for name, value in values.items():
            self.clients.client("secretsmanager").put_secret_value(
                SecretId=self.outputs["secrets"][name], SecretString=value
            )
        for repository in self.repositories:
            self.github.add_hook(
                repository,
                self.outputs["webhookUrl"],
                self.webhook_secret,
                ("push", "pull_request", "repository_dispatch", "projects_v2_item", "issue_comment"),
            )
        self.read_mails()

    def read_mails(self) -> None:
        """Subscribe a mailbox to what people get mails of: the emulated AWS sends none."""
        topics = [self.outputs[f"{name}Topic"] for name in ("deployments", "approvals", "rollbacks")]
        self.mailbox = Mailbox(self.clients, topics)

    def _serve_console(self) -> None:
        """Serve the console on this machine, if the stack has it."""
        if self.outputs["consoleUrl"] == "off":
            return
        endpoint = self.emulator.endpoint
        tables = self.clients.session.resource("dynamodb", endpoint_url=endpoint)
        table = tables.Table(self.outputs["waitsTable"])
        console = ConsoleServer(
            self.outputs["consoleUrl"], table, self.mailbox, self.slack.messages, self._ports.console
        )
        self.console = self._stack.enter_context(console).url

    def describe(self) -> dict[str, Any]:
        """Addresses, names and the emulator's credentials, for using this platform from another process."""
        api = {"apiUrl": self.outputs["endpoint"]} if self.outputs else {}
        return {
            **self.outputs,
            **api,
            "endpoint": self.emulator.endpoint,
            "codebuildEndpoint": self.codebuild.endpoint,
            **({"console": self.console} if self.console else {}),
            **({"ecsEndpoint": self.ecs.endpoint} if self.ecs else {}),
            "region": self.emulator.region,
            "account": ACCOUNT,
            "github": self.github.url,
            "githubApi": self.github.api_url,
            "repository": f"{self.github.url}/{REPOSITORY}.git",
            "githubToken": self.token,
            "monitorsSecret": self.monitors_secret,
            "logs": str(self.root),
            "watchSeconds": self._watch_seconds,
            "changes": self._changes,
            "variables": self._variables,
        }
