"""Drives a platform from outside: pushes, decisions, executions, records, answers of the service."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from functions.adapters.records import plain
from functions.domain.releases import execution_name
from local.approver import Approver
from local.author import Author
from local.executions import Executions, Progress
from local.operators import operator_environment
from local.platform import PROJECT, Platform
from local.service import get
from local.settings import REPOSITORY
from tests.cli.conftest import ASKS


class PlatformDriver:
    """A platform with an author, an approver and its executions."""

    def __init__(self, platform: Platform, author: Author | None = None) -> None:
        self.platform = platform
        self.author = author or Author(platform)
        self.approver = Approver(platform.mailbox, "Grace Hopper")
        self.executions = Executions(platform.clients, platform.outputs)
        self._changes = 0

    def leave_out_suites(self) -> None:
        """Take tests after deployments, which are a build each, out of the manifest."""
        manifest = self.author.folder / "delivery.yml"
        left, count = re.subn(r"^  afterDeploy:.*\n(    .*\n)+", "", manifest.read_text("utf-8"), flags=re.MULTILINE)
        assert count == 1
        manifest.write_text(left, "utf-8")

    def table(self, output: str) -> Any:
        """A table of the stack."""
        endpoint = self.platform.emulator.endpoint
        return self.platform.clients.session.resource("dynamodb", endpoint_url=endpoint).Table(
            self.platform.outputs[output]
        )

    def push(self, message: str) -> str:
        """Push a commit that changes the service a little."""
        self._changes += 1
        service = self.author.folder / "src" / "hello.py"
        service.write_text(service.read_text("utf-8") + f"\n# change {self._changes}\n", "utf-8")
        return self.author.push(message)

    def deployed(self, commit: str, *, approve: bool = True, reason: str = "") -> list[Progress]:
        """Wait until the deployment of a commit has ended, and decide its approval requests."""
        return self.executions.await_end(
            name_of(commit), 120, lambda: self.approver.decide_next(approve=approve, reason=reason)
        )

    def released(self) -> None:
        """Make sure that a release exists to go back to; scenarios before may have left one."""
        if not self.table("environmentsTable").scan(Limit=1)["Items"]:
            self.deployed(self.push("feat: the first release"))

    def start(self, name: str, commit: str) -> list[Progress]:
        """Start a deployment as an operator does, and wait for its end."""
        payload = {"repository": REPOSITORY, "ref": "refs/heads/main", "commit": commit}
        self.platform.clients.client("stepfunctions").start_execution(
            stateMachineArn=self.platform.outputs["deploymentWorkflow"], name=name, input=json.dumps(payload)
        )
        return self.executions.await_end(name, 120, self.approver.decide_next)

    def record(self, commit: str) -> dict[str, Any]:
        """The record of a commit's deployment."""
        return self.record_of(name_of(commit))

    def record_of(self, deployment_id: str) -> dict[str, Any]:
        """The record of a deployment."""
        item = self.table("deploymentsTable").get_item(Key={"deploymentId": deployment_id})["Item"]
        found: dict[str, Any] = plain(item)
        return found

    def reconcile(self) -> list[str]:
        """Run the deployed reconciliation now; returns the kinds of its repairs."""
        name = self.platform.outputs["functions"]["functions.events.reconcile"]
        answer = self.platform.clients.client("lambda").invoke(FunctionName=name, Payload=b"{}")
        result = json.loads(answer["Payload"].read())
        assert "errorMessage" not in result, result
        return [one["kind"] for one in result["repairs"]]

    def address(self, environment: str) -> str:
        """The address of an environment's service."""
        key = {"environment": environment, "part": "hello-service/infrastructure"}
        return str(self.table("environmentsTable").get_item(Key=key)["Item"]["outputs"]["url"])

    def version(self, environment: str) -> str:
        """The commit that an environment's service reports."""
        return str(get(f"{self.address(environment)}/health")[1].get("version"))

    def statuses(self, commit: str) -> dict[str, str]:
        """The newest status of each context of a commit, as GitHub shows them."""
        found: dict[str, str] = {}
        for status in self.platform.github.repository(REPOSITORY).statuses:
            if status.sha == commit:
                found[status.context] = status.state
        return found

    def left_behind(self) -> dict[str, list[Any]]:
        """Locks with an owner and open waits; decided approvals stay as records."""
        locks = [row["lockKey"] for row in self.table("locksTable").scan()["Items"] if row.get("owner")]
        waits = self.table("waitsTable").scan()["Items"]
        return {"locks": locks, "waits": [w["waitKey"] for w in waits if not w["waitKey"].startswith(_KEPT)]}


# Decisions, accesses to the console, handled deliveries, sent notifications, and the heads and tags of repositories are
# records, not waits.
_KEPT = ("approval/", "console/", "delivery/", "notified/", "push/", "refs/", "thread/")


def name_of(commit: str) -> str:
    """The name of the execution for a commit on main."""
    return execution_name(REPOSITORY, "refs/heads/main", commit)


def eventually(found: Callable[[], Any], seconds: float = 180) -> Any:
    """Call until the answer is truthy, and return it."""
    deadline = time.monotonic() + seconds
    while not (answer := found()):
        assert time.monotonic() < deadline, f"no result after {seconds} s"
        time.sleep(0.5)
    return answer


def kiro(driver: PlatformDriver, *arguments: str, code: int | None = 0) -> Any:
    """Run the operator's command in its own process, which ends with `code`, or with any; returns its JSON."""
    endpoint = ("--endpoint-url", driver.platform.emulator.endpoint)
    confirmed = ("--yes",) if arguments[0] in ASKS else ()
    done = subprocess.run(
        [sys.executable, "-m", "cli", *endpoint, *arguments, *confirmed, "--output", "json"],
        cwd=PROJECT,
        env=operator_environment(driver.platform),
        capture_output=True,
        text=True,
        check=False,
    )
    assert code in (None, done.returncode), done.stderr or done.stdout
    return json.loads(done.stdout.splitlines()[-1] if arguments[0] == "watch" else done.stdout)
