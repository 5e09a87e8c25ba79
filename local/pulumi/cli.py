"""Pulumi's command for builds on a laptop: the commands that the platform's buildspec uses, on the embedded engine.

Arguments and output are those of https://www.pulumi.com/docs/iac/cli/commands/; resources are changed under the role
of the build. Not done here: `--refresh` reads nothing, and secrets in the configuration are refused.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from local.clients import Clients
from local.pulumi.backend import BucketStore, region_of
from local.pulumi.commands import deploy, require_loopback
from local.pulumi.engine import STACK_TYPE
from local.pulumi.errors import ConfigurationError, DeploymentError
from local.pulumi.handlers.base import Cloud
from local.pulumi.project import load_project, project_name
from local.pulumi.report import Report

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

# https://github.com/pulumi/pulumi/blob/v3.272.0/sdk/go/common/util/cmdutil/exit.go: any error
FAILED = 255
_CREDENTIALS = {
    "AccessKeyId": "AWS_ACCESS_KEY_ID",
    "SecretAccessKey": "AWS_SECRET_ACCESS_KEY",
    "SessionToken": "AWS_SESSION_TOKEN",
}


def main(arguments: Sequence[str]) -> int:
    """Run one command; returns its exit code."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    # The process lives for seconds: garbage collection would take a third of it.
    gc.disable()
    try:
        succeeded: bool = options.run(options)
    except (DeploymentError, ClientError) as error:
        sys.stderr.write(f"error: {error}\n")
        return FAILED
    except KeyboardInterrupt:
        sys.stderr.write("error: the update was canceled\n")
        return FAILED
    return 0 if succeeded else FAILED


def _parser() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--non-interactive", action="store_true")
    update = argparse.ArgumentParser(add_help=False, parents=[shared])
    update.add_argument("--message", default="")
    update.add_argument("--config", action="append", default=[])
    parser = argparse.ArgumentParser(prog="pulumi", description=__doc__)
    commands = parser.add_subparsers(required=True)
    commands.add_parser("version").set_defaults(run=_version)
    commands.add_parser("install", parents=[shared]).set_defaults(run=_install)
    preview = commands.add_parser("preview", parents=[update])
    preview.add_argument("--json", action="store_true", required=True)
    preview.set_defaults(run=_preview)
    up = commands.add_parser("up", parents=[update])
    for flag in ("--yes", "--skip-preview", "--refresh"):
        up.add_argument(flag, action="store_true")
    up.set_defaults(run=_up)
    cancel = commands.add_parser("cancel", parents=[shared])
    cancel.add_argument("stack")
    cancel.add_argument("--yes", action="store_true", required=True)
    cancel.set_defaults(run=_cancel)
    stack = commands.add_parser("stack").add_subparsers(required=True)
    select = stack.add_parser("select", parents=[shared])
    select.add_argument("stack")
    select.add_argument("--create", action="store_true")
    select.add_argument("--secrets-provider", default="default")
    select.set_defaults(run=_select)
    output = stack.add_parser("output", parents=[shared])
    output.add_argument("--json", action="store_true", required=True)
    output.set_defaults(run=_output)
    return parser


def _version(_: argparse.Namespace) -> bool:
    sys.stdout.write(f"v{metadata.version('pulumi')}\n")
    return True


def _install(_: argparse.Namespace) -> bool:
    """Install the packages of a program in Python."""
    if not Path("requirements.txt").is_file():
        return True
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    return subprocess.run([*command, "-r", "requirements.txt"], check=False).returncode == 0


def _select(options: argparse.Namespace) -> bool:
    """Choose the stack of this folder; a new one uses its KMS key once, as the encryption of a data key does."""
    with _clients() as clients:
        store = BucketStore(clients, _backend(), options.stack)
        declared = project_name(Path())
        if declared != store.project:
            raise ConfigurationError(f"provided project name {store.project!r} doesn't match Pulumi.yaml: {declared!r}")
        if not store.exists:
            if not options.create:
                raise ConfigurationError(f"no stack named '{store.stack}' found")
            scheme, _, key = options.secrets_provider.partition("://")
            if scheme != "awskms":
                raise ConfigurationError("passphrase must be set with PULUMI_CONFIG_PASSPHRASE")
            clients.client("kms").encrypt(KeyId=key.partition("?")[0].lstrip("/"), Plaintext=os.urandom(32))
            store.save({})
    _selected().parent.mkdir(parents=True, exist_ok=True)
    _selected().write_text(options.stack, "utf-8")
    return True


def _preview(options: argparse.Namespace) -> bool:
    """Print the digest of what an update would do."""
    report = _deployed(options, sys.stderr, preview=True)
    stack = _selected().read_text("utf-8").split("/")
    steps = [
        {
            "op": one["op"],
            "urn": f"urn:pulumi:{stack[2]}::{stack[1]}::{one['type']}::{one['name']}",
            "diffReasons": one["changed"],
        }
        for one in report.steps
    ]
    summary = {op: count for op, count in report.changes.items() if count}
    diagnostics = [{"severity": "error", "message": text} for text in report.errors]
    digest = {"steps": steps, "diagnostics": diagnostics, **({} if report.errors else {"changeSummary": summary})}
    sys.stdout.write(json.dumps(digest) + "\n")
    return not report.errors


def _up(options: argparse.Namespace) -> bool:
    return not _deployed(options, sys.stdout, preview=False).errors


def _deployed(options: argparse.Namespace, stream: object, *, preview: bool) -> Report:
    """Run the program; an update holds the lock, and its end is recorded."""
    report = Report(lambda line: print(line, file=stream, flush=True))  # type: ignore[call-overload]
    with _clients() as clients:
        store = BucketStore(clients, _backend(), _selected().read_text("utf-8"))
        config = {"aws:region": os.environ["AWS_REGION"]}
        config |= dict(word.partition("=")[::2] for word in options.config)
        project = load_project(Path(), store.stack, config, {})
        codebuild = os.environ.get("AWS_ENDPOINT_URL_CODEBUILD")
        cloud = Cloud(_endpoint(), codebuild, project.region, {}, report.warn, _credentials())
        began = time.time()
        try:
            with contextlib.redirect_stdout(stream), contextlib.nullcontext() if preview else store.locked():  # type: ignore[type-var]
                deploy(project, cloud, store, report, preview=preview)
                if not preview:
                    store.outputs = report.outputs
                    store.save(store.load())
                    store.record(options.message, began, succeeded=not report.errors)
        finally:
            cloud.close()
    return report


def _cancel(options: argparse.Namespace) -> bool:
    with _clients() as clients:
        BucketStore(clients, _backend(), options.stack).cancel()
    return True


def _output(_: argparse.Namespace) -> bool:
    """Print the outputs of the last update; the state has no secrets."""
    with _clients() as clients:
        records = BucketStore(clients, _backend(), _selected().read_text("utf-8")).load()
    outputs = [record.outputs for record in records.values() if record.type == STACK_TYPE]
    sys.stdout.write(json.dumps(outputs[0] if outputs else {}) + "\n")
    return True


def _clients() -> Clients:
    return Clients(_endpoint(), region_of(_backend())).acting_as(_credentials())


def _endpoint() -> str:
    endpoint = os.environ.get("AWS_ENDPOINT_URL", "")
    require_loopback(endpoint)
    return endpoint


def _backend() -> str:
    return os.environ.get("PULUMI_BACKEND_URL", "")


def _credentials() -> dict[str, str]:
    return {name: os.environ[variable] for name, variable in _CREDENTIALS.items()}


def _selected() -> Path:
    """The file with the name of the selected stack of this folder."""
    folder = hashlib.sha256(str(Path.cwd()).encode()).hexdigest()[:16]
    return Path.home() / ".pulumi" / "workspaces" / folder


def _interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt
