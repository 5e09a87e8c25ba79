"""docs/operators-day.md: the commands of the page ran here, and printed what it shows (T1)."""

import re
import sys
import time
from collections.abc import Callable, Mapping

import pytest

from local.platform import PROJECT
from tests.scenarios.document import Guide
from tests.scenarios.driver import PlatformDriver, eventually, name_of
from tests.scenarios.shell import Shell

pytestmark = pytest.mark.long
ALIAS = f'alias kiro-worker="{sys.executable} -m cli"'
# They are asked again until they print what the page shows.
READ = ("history", "locks", "status", "why")
PATIENCE_SECONDS = 90.0


class Day:
    """What happens between the commands; `names` are those behind the words of the page."""

    def __init__(self, driver: PlatformDriver) -> None:
        self._driver = driver
        self.names: dict[str, str] = {}
        driver.released()

    def push(self) -> None:
        """A release begins, and is in `test`."""
        commit = self._driver.push("feat: greet louder")
        self.names["RELEASE"] = name_of(commit)
        locks = self._driver.table("locksTable")
        key = {"lockKey": "environment/test"}
        eventually(lambda: name_of(commit) in str(locks.get_item(Key=key).get("Item", {}).get("owner")))

    def approve(self) -> None:
        """The page of the mail's link takes the decision; `test_approval_page_in_a_browser.py` has it on a phone."""
        assert eventually(self._driver.approver.decide_next)


BEFORE: Mapping[str, Callable[[Day], None]] = {
    "Who has the lock?": Day.push,
    "Approve it on a phone": Day.approve,
}


def test_each_question_is_answered_by_the_command_that_the_page_shows(driver: PlatformDriver) -> None:
    """In the order of the page; `…` stands for any characters."""
    guide = Guide.read(PROJECT / "docs" / "operators-day.md")
    day = Day(driver)
    shell = Shell(driver.platform, driver.author, ALIAS, {})
    answered = []
    for heading, text in guide.sections.items():
        if heading in BEFORE:
            BEFORE[heading](day)
        shown = Guide({heading: text}).terminal()
        for command, output in shown:
            follow(shell, day, command, output)
        answered += [heading] if shown else []
    assert len(answered) == 8


def follow(shell: Shell, day: Day, command: str, expected: str) -> None:
    """Run a command of the page, with the names for its words, until it prints what the page shows."""
    run, deadline = command, time.monotonic() + PATIENCE_SECONDS
    for word, name in day.names.items():
        run = run.replace(word, name)
    pattern = ".*".join(map(re.escape, _plain(expected).split("…")))
    while True:
        printed = shell.run(run)
        for word, name in day.names.items():
            printed = printed.replace(name, word)
        if re.fullmatch(pattern, _plain(printed), re.DOTALL):
            return
        again = command.split()[1] in READ and time.monotonic() < deadline
        assert again, f"{command}\n{_plain(printed)}\nis not\n{_plain(expected)}"
        time.sleep(1)


def _plain(text: str) -> str:
    """Without the widths of columns, which names have."""
    return "\n".join(" ".join(line.split()) for line in text.strip().splitlines())
