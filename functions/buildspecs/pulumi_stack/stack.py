"""Applies a stack with Pulumi's command, after the lock of an earlier build that has died was cancelled.

https://www.pulumi.com/docs/iac/cli/commands/ has the commands, and
https://github.com/pulumi/pulumi/blob/v3.272.0/pkg/backend/diy/lock.go what a lock contains.
"""

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from ..work_item.errors import WorkError
from .aws import Aws
from .order import Order

# A build that was stopped ends within seconds; until then its `pulumi` may still write.
_END_SECONDS, _LOOK_SECONDS = 120.0, 5.0
_PROVIDER = re.compile(r"^secretsprovider:\s*[\"']?(awskms://[^\s\"']+)[\"']?\s*$", re.MULTILINE)
# What `pulumi stack output` shows instead of a secret.
_SECRET = "[secret]"  # noqa: S105


class Stack:
    """One stack; commands run in the folder of its program, with the credentials of the environment's account."""

    def __init__(self, order: Order, environment: Mapping[str, str], source: Path) -> None:
        self._order = order
        self._environment = environment
        self._source = source
        self._folder = source / order.folder
        self._variables = dict(environment)
        self._own = Aws(environment.get("AWS_REGION", order.region), environment)

    def apply(self) -> None:
        """Preview, then `up`; the preview and the outputs are kept. A WorkError says what is not as it should be."""
        role = self._environment.get("KIRO_DEPLOY_ROLE")
        if role:
            self._variables |= self._own.assumed(role, "kiro-pulumi")
        self._variables |= {"PULUMI_BACKEND_URL": self._order.backend, "AWS_REGION": self._order.region}
        there = Aws(self._order.region, self._variables)
        provider, name = self._secrets_provider(), self._order.stack
        self._run("install")
        self._run("stack", "select", name, "--create", "--secrets-provider", provider)
        update = ["--message", self._order.message]
        update += [word for key, value in self._order.config.items() for word in ("--config", f"{key}={value}")]
        self._keep("preview.json", self._read("preview", "--json", *update))
        self._take_over(there)
        self._run("up", "--yes", "--skip-preview", "--refresh", *update)
        self._keep("outputs.json", json.dumps(_texts(json.loads(self._read("stack", "output", "--json")))))

    def _secrets_provider(self) -> str:
        """The KMS key in the stack's file: without one, Pulumi would ask for a passphrase."""
        file = self._folder / f"Pulumi.{self._order.stack.rpartition('/')[2]}.yaml"
        found = _PROVIDER.search(file.read_text("utf-8")) if file.is_file() else None
        if not found:
            raise WorkError(
                f"{file.relative_to(self._source)} has no `secretsprovider: awskms://…`: create the stack with "
                "`pulumi stack init --secrets-provider`, and commit the file"
            )
        return found[1]

    def _take_over(self, there: Aws) -> None:
        """Cancel the locks of an earlier build of ours that has ended, and leave word of this one.

        Only the owner of the environment's lock starts a build of it, so that no other of ours may be at work.
        """
        order = self._order
        locks = [key for key in there.keys(order.bucket, order.locks) if key.endswith(".json")]
        before = json.loads(there.get(order.bucket, order.runs) or b"{}")
        for key in locks:
            lock = json.loads(there.get(order.bucket, key) or b"{}")
            if lock and lock.get("hostname") != before.get("host"):
                raise WorkError(
                    f"{order.stack} is locked by {lock.get('username')}@{lock.get('hostname')} since "
                    f"{lock.get('timestamp')}, which is no build of the platform: wait for its end, or run "
                    "`pulumi cancel` if it has died"
                )
        if locks:
            self._await_end(str(before.get("build")))
            self._run("cancel", order.stack, "--yes")
        ours = {"host": socket.gethostname(), "build": self._environment.get("CODEBUILD_BUILD_ID", "")}
        there.put(order.bucket, order.runs, json.dumps(ours).encode())

    def _await_end(self, build: str) -> None:
        deadline = time.monotonic() + _END_SECONDS
        while not self._own.has_ended(build):
            if time.monotonic() > deadline:
                raise WorkError(f"{self._order.stack} is locked by the build {build}, which has not ended")
            time.sleep(_LOOK_SECONDS)

    def _run(self, *words: str) -> None:
        self._started(words)

    def _read(self, *words: str) -> str:
        """The output of a command."""
        return self._started(words, stdout=subprocess.PIPE).stdout

    def _started(self, words: tuple[str, ...], stdout: int | None = None) -> subprocess.CompletedProcess[str]:
        command = ["pulumi", *words, "--non-interactive"]
        sys.stdout.write(f"{' '.join(command[:3])}\n")
        sys.stdout.flush()
        done = subprocess.run(command, cwd=self._folder, env=self._variables, stdout=stdout, text=True, check=False)
        if done.returncode:
            sys.stdout.write(done.stdout or "")
            raise WorkError(f"`pulumi {words[0]}` of {self._order.stack} failed: {done.returncode}")
        return done

    def _keep(self, name: str, content: str) -> None:
        folder = self._source / "kiro-outputs"
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(content, "utf-8")


def _texts(outputs: Mapping[str, object]) -> dict[str, str]:
    """The outputs as texts; secrets are left out."""
    shown = {name: value for name, value in outputs.items() if value != _SECRET}
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in shown.items()}
