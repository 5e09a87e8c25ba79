"""The terminal of a developer of the storefront, in the working copy of the application.

`git` and `kiro-worker` run as they are written. After a push, and for `gh workflow run`, this does what GitHub Actions
would;
`curl` reads from the environment that has the host.
"""

import re
import shlex
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import yaml

from local.operators import operator_environment
from local.platform import PROJECT, Platform, PlatformError
from local.storefront.application import Application
from local.storefront.infrastructure import Infrastructure
from local.storefront.settings import ENVIRONMENTS, EXAMPLE

_STARTED = re.compile(r"^started ([^\s:]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Ran:
    """A command, and what it printed."""

    command: str
    output: str


class Terminal:
    """Runs commands; `started` is the deployment or rollback that the last one has started, `ran` has all of them."""

    def __init__(
        self, platform: Platform, application: Application, shop: Infrastructure, say: Callable[[Ran], None]
    ) -> None:
        self._platform = platform
        self._application = application
        self._say = say
        self._addresses = {
            host: shop.address(environment, service)
            for environment in ENVIRONMENTS
            for service, host in _hosts(environment).items()
        }
        self.started = ""
        self.ran: list[Ran] = []

    def run(self, command: str) -> str:
        """Run a command that succeeds, and return its output."""
        match shlex.split(command):
            case ["git", "push", "origin", branch]:
                self._application.git("push", "--quiet", "origin", branch)
                self.started, output = self._application.images_workflow(branch), ""
            case ["git", *arguments]:
                self._application.git(*arguments)
                output = ""
            case ["gh", "workflow", "run", "deploy.yml", *fields]:
                self.started, output = self._request(fields), ""
            case ["curl", "--silent", url]:
                output = self._get(url)
            case ["kiro-worker", *arguments]:
                output = self._kiro(arguments)
            case _:
                raise ValueError(f"`{command}` is not known here")
        self.ran.append(Ran(command, output.strip()))
        self._say(self.ran[-1])
        return output

    def _request(self, fields: list[str]) -> str:
        """https://cli.github.com/manual/gh_workflow_run: `-f key=value` is an input of the workflow."""
        given = dict(one.split("=", 1) for one in fields if one != "-f")
        images = dict(one.split("=", 1) for one in given["images"].split())
        return self._application.request(given["type"], images, given["reason"])

    def _get(self, url: str) -> str:
        place = urlsplit(url)
        address = f"{self._addresses[str(place.hostname)]}{place.path}"
        with urllib.request.urlopen(address, timeout=20) as answer:  # noqa: S310 - an address of this machine
            return str(answer.read().decode())

    def _kiro(self, arguments: list[str]) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "cli", "--endpoint-url", self._platform.emulator.endpoint, *arguments],
            cwd=PROJECT,
            env={**operator_environment(self._platform), "COLUMNS": "240"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise PlatformError(
                f"`kiro-worker {shlex.join(arguments)}` failed: {done.stderr.strip() or done.stdout.strip()}"
            )
        found = _STARTED.search(done.stdout)
        self.started = found[1] if found else self.started
        return done.stdout


def _hosts(environment: str) -> dict[str, str]:
    """The hosts of website and API, as the program names them."""
    file = EXAMPLE / "infrastructure" / f"Pulumi.{environment}.yaml"
    domain = str(yaml.safe_load(file.read_text("utf-8"))["config"]["storefront:domain"])
    return {"web": domain, "api": f"api.{domain}"}
