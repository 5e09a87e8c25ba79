"""docs/operators-day.md: the commands of the page ran here, and printed what it shows (T1)."""

import re
import secrets
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from local.platform import PROJECT
from local.settings import REPOSITORY
from local.specs import spec
from tests.scenarios.document import Guide
from tests.scenarios.driver import PlatformDriver, eventually, name_of
from tests.scenarios.shell import Shell
from tests.scenarios.test_board import SHOUT, BoardUser

pytestmark = pytest.mark.long
ALIAS = f'alias kiro-worker="{sys.executable} -m cli"'
PAGE = PROJECT / "docs" / "operators-day.md"
# They change nothing, and are repeated until they print what the page shows.
READ = re.compile(r"kiro-worker (history|items|items show|locks|status|why)( -.*| [A-Z]+)?")
PATIENCE_SECONDS = 90.0
# From here on the page is a test of its own: one platform would take too long.
SECOND_HALF = "Stop the agent"


class Day:
    """What happens between the commands; `names` are those behind the words of the page."""

    def __init__(self, driver: PlatformDriver, folder: Path) -> None:
        self._driver = driver
        self.names: dict[str, str] = {}
        self.token = folder / "token.txt"
        self._go = folder / "go"

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

    def add_card(self) -> None:
        """The agent works on a card; it does not finish before `finish_card`."""
        self._user = BoardUser(self._driver, self._driver.push("feat: begin [skip ci]"))
        branch = "kiro/operators-day"
        self._card = self._user.add_card(branch, spec(branch, SHOUT.format(go=self._go), "Shout", "Test it"))
        assert self._card.issue
        self.names["ITEM"] = f"{REPOSITORY}#{self._card.issue.number}"
        self._await_build(attempts=1)

    def read_card(self) -> None:
        """The card says who stopped the work."""
        assert self._user.board.column_of(self._card) == "Failed"
        assert self._user.board.text_of(self._card, "Reason").startswith("stopped by arn:aws:")

    def finish_card(self) -> None:
        """The work that the page stopped and started again is finished."""
        self._await_build(attempts=2)
        self._go.touch()
        self._user.await_column(self._card, "In Review")

    def _await_build(self, attempts: int) -> None:
        def working() -> bool:
            found = self._user.attempts(self._card)
            return len(found) == attempts and found[-1].state == "AwaitBuild"

        eventually(working, 120)

    def make_token(self) -> None:
        """GitHub shows a second token of the platform's account, once."""
        new = f"ghp_{secrets.token_hex(18)}"
        self._driver.platform.github.add_token(new, "kiro-worker", "kiro-worker@example.com")
        self.token.write_text(f"{new}\n", "utf-8")
        self._driver.reconcile()  # this function keeps the first token in memory

    def revoke_token(self) -> None:
        """A function that knows only the first token uses the second one."""
        platform, new = self._driver.platform, self.token.read_text("utf-8").strip()
        del platform.github.store.tokens[platform.token]
        self._driver.reconcile()
        # The author of the other tests pushes with the same token.
        remote = self._driver.author.git("remote", "get-url", "origin").strip()
        self._driver.author.git("remote", "set-url", "origin", remote.replace(platform.token, new))
        platform.token = new


BEFORE: Mapping[str, Callable[[Day], None]] = {
    "Who has the lock?": Day.push,
    "Approve it on a phone": Day.approve,
    "See a release leave it, and unpin": Day.push,
    "Stop the agent": Day.add_card,
    "Rotate the credential": Day.make_token,
}
AFTER: Mapping[str, Callable[[Day], None]] = {
    "Stop the agent": Day.read_card,
    "Let the agent go on": Day.finish_card,
    "Rotate the credential": Day.revoke_token,
}


def test_releases_are_shown_and_changed_by_the_commands_of_the_page(driver: PlatformDriver, tmp_path: Path) -> None:
    """In the order of the page; `…` stands for any characters."""
    driver.released()
    sections = Guide.read(PAGE).sections
    first = list(sections)[: list(sections).index(SECOND_HALF)]
    assert answered(Day(driver, tmp_path), driver, {heading: sections[heading] for heading in first}) == 10


def test_agent_and_credential_are_changed_by_the_commands_of_the_page(driver: PlatformDriver, tmp_path: Path) -> None:
    """The agent stops and goes on, and functions use the new credential."""
    sections = Guide.read(PAGE).sections
    second = list(sections)[list(sections).index(SECOND_HALF) :]
    assert answered(Day(driver, tmp_path), driver, {heading: sections[heading] for heading in second}) == 3


def answered(day: Day, driver: PlatformDriver, sections: Mapping[str, str]) -> int:
    """Follow these sections of the page; returns how many of them have commands."""
    shell = Shell(driver.platform, driver.author, ALIAS, {"token.txt": day.token})
    count = 0
    for heading, text in sections.items():
        if heading in BEFORE:
            BEFORE[heading](day)
        shown = Guide({heading: text}).terminal()
        for command, output in shown:
            follow(shell, day, command, output)
        if heading in AFTER:
            AFTER[heading](day)
        count += bool(shown)
    return count


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
        again = READ.fullmatch(command) and time.monotonic() < deadline
        assert again, f"{command}\n{_plain(printed)}\nis not\n{_plain(expected)}"
        time.sleep(1)


def _plain(text: str) -> str:
    """Without the widths of columns, which names have."""
    return "\n".join(" ".join(line.split()) for line in text.strip().splitlines())
