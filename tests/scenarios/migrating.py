"""The steps of docs/migrate.md on the laptop: settings, manifests and commands are those of the guide."""

import json
import sys
from collections.abc import Callable
from typing import Any

import yaml

from local.platform import PROJECT, Platform
from local.settings import ACCOUNT, REPOSITORY
from tests.scenarios.document import Guide
from tests.scenarios.driver import PlatformDriver, kiro
from tests.scenarios.shell import Shell
from tests.scenarios.small import FILES, FUNCTION, write

GUIDE = Guide.read(PROJECT / "docs" / "migrate.md")
STEPS = "In every case"
FIRST, NEXT = "test", "production"
_ALIAS = f'alias kiro-worker="{sys.executable} -m cli"'
_BUILD = {"buildspec": "buildspec.yml", "junit": ["junit.xml"], "cobertura": "coverage.xml"}


def settings(heading: str, group: str, environment: str = FIRST) -> Any:
    """A group of a section's settings, such as its environments, with this machine's names for the guide's words."""
    (found,) = (one for one in GUIDE.documents(heading) if group in one)
    text = json.dumps(found[group]).replace("ACCOUNT", ACCOUNT).replace("OWNER/NAME", REPOSITORY)
    return json.loads(text.replace(f"-{FIRST}", f"-{environment}"))


def environment(name: str, /, **kind: Any) -> dict[str, Any]:
    """The settings of the first step, with what a kind needs besides; the next environment is a protected one."""
    (shown,) = settings(STEPS, "kiro-worker:environments", name)
    assert not shown["protected"]
    next_one = {"protected": None, "approval": True} if name == NEXT else {}
    return {**shown, "watchSeconds": 0, "stabiliseSeconds": 1, **kind, "name": name, **next_one}


def services(heading: str) -> dict[str, Any]:
    """What the manifest of a section delivers."""
    (found,) = (one["services"] for one in GUIDE.documents(heading) if "services" in one)
    delivered: dict[str, Any] = found
    return delivered


class Migration:
    """A repository that another system delivered; `answers` has what runs in an environment, as its users see it."""

    def __init__(self, platform: Platform, heading: str, answers: Callable[[str], str]) -> None:
        self.driver = PlatformDriver(platform)
        self.services = services(heading)
        self.answers = answers
        self.shell = Shell(platform, self.driver.author, _ALIAS, {})

    def push(self, message: str, **files: str) -> dict[str, Any]:
        """Push a change, approve its release, and return the record."""
        manifest = {"version": 1, "name": "shop", "build": _BUILD, "services": self.services}
        function = {"src/function.py": FUNCTION.format(said=message)}
        write(self.driver.author, **{**FILES, **function, "delivery.yml": yaml.safe_dump(manifest), **files})
        commit = self.driver.author.push(message)
        self.driver.deployed(commit)
        return self.driver.record(commit)

    def try_the_way_back(self) -> tuple[str, str]:
        """Run the commands of the fourth step; returns what answers after each of them."""
        back, again = GUIDE.commands(STEPS)
        assert self._ended(self.shell.run(f"{back} --output json"), "rollback") == "restored"
        restored = self.answers(FIRST)
        command = again.replace("OWNER/NAME", REPOSITORY)
        assert self._ended(self.shell.run(f"{command} --output json"), "deployment") == "deployed"
        return restored, self.answers(FIRST)

    def back(self, name: str, *options: str) -> dict[str, Any]:
        """Take the last release back in an environment; returns the record of the rollback."""
        started = kiro(self.driver, "rollback", name, "--reason", "a drill", *options)
        record: dict[str, Any] = kiro(self.driver, "watch", started["rollback"], code=None)
        return record

    def _ended(self, printed: str, key: str) -> str:
        name = json.loads(printed)[key]
        return str(kiro(self.driver, "watch", name, code=None)["outcome"])
