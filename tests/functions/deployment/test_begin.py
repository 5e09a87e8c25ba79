"""Begin: the record is written once, with the facts of the commit from GitHub."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.adapters.deployments_table import DeploymentsTable
from functions.domain.errors import BadInputError, GitHubNotFoundError
from functions.domain.order import History, Order
from functions.domain.releases import LONGEST_NAME, Release
from functions.handler import decode
from tests.functions.stack import Stack
from tests.local.github.support import REPOSITORY, WorkingCopy

CLAIMS = [{"repository": REPOSITORY}]


def begin(
    stack: Stack, deployment_id: str = "main-1", claims: Any = CLAIMS, execution: str = "", **changes: Any
) -> Any:
    """Run the handler; `changes` are those of the request."""
    request = {"repository": REPOSITORY, "ref": "refs/heads/main", "commit": "", "trigger": "operator", **changes}
    wanted = {"deploymentId": deployment_id, "execution": execution or f"arn:execution:{deployment_id}"}
    return stack.run("deployment.begin", {**wanted, "request": request, "repositories": claims})


def test_a_commit_is_completed(stack: Stack, copy: WorkingCopy) -> None:
    """Author, message and time come from GitHub, for a push and for a start by branch."""
    sha = copy.commit("feat: greet", {"a": "1"})
    copy.push()
    release = begin(stack)["release"]
    assert (release["commit"], release["author"], release["message"]) == (sha, "Ada", "feat: greet")
    assert release["committedAt"].endswith("+00:00")
    assert begin(stack, commit=sha)["release"] == release


def test_a_message_of_any_length_is_delivered(stack: Stack, copy: WorkingCopy) -> None:
    """git allows 294 KB, but a state's output 256 KiB; the record keeps the title and the first part."""
    (copy.path / ".git" / "long").write_text("feat: greet\n\n" + "x" * 294_000, "utf-8")
    copy.git("commit", "--quiet", "--allow-empty", "--file", ".git/long")
    copy.push()
    message = begin(stack)["release"]["message"]
    assert message.startswith("feat: greet\n\nxxx")
    assert len(message) < 10_000


def test_an_emergency_is_part_of_the_release(stack: Stack, copy: WorkingCopy) -> None:
    """P8: and so of the record and of all notifications."""
    copy.commit("fix: greet", {"a": "1"})
    copy.push()
    assert begin(stack)["release"]["emergency"] is False
    assert begin(stack, "main-2", emergency=True)["release"]["emergency"] is True
    assert stack.deployment("main-2")["release"]["emergency"] is True


def order(stack: Stack, commit: str) -> Order:
    """The order that a commit gets when its deployment begins."""
    found = decode(Release, begin(stack, f"main-{commit[:12]}", commit=commit)["release"]).order
    assert found
    return found


def history(copy: WorkingCopy) -> list[str]:
    """Commits of one line: now, twice in one second by a laptop ten minutes fast, a year ahead, and now."""
    now = datetime.now(UTC).replace(microsecond=0)
    fast, year = (now + timedelta(minutes=10)).isoformat(), (now + timedelta(days=365)).isoformat()
    dates = [now.isoformat(), fast, fast, year, now.isoformat()]
    commits = [copy.commit_at(date, f"feat: {number}", {"a": str(number)}) for number, date in enumerate(dates)]
    copy.push()
    return commits


@pytest.mark.parametrize("begun", [(0, 1, 2, 3, 4), (4, 3, 2, 1, 0), (2, 4, 0, 3, 1)])
def test_releases_are_ordered_by_ancestry(stack: Stack, copy: WorkingCopy, begun: tuple[int, ...]) -> None:
    """P14: whatever their commits' times, and in whatever order they begin."""
    commits = history(copy)
    orders = {number: order(stack, commits[number]) for number in begun}
    assert sorted(orders, key=lambda number: orders[number]) == [0, 1, 2, 3, 4]
    assert len({one.epoch for one in orders.values()}) == 1


def test_what_replaced_the_branch_is_newer(stack: Stack, copy: WorkingCopy) -> None:
    """P14: after a forced push, and after one back to the former line, which begins under another name."""
    old = history(copy)
    first = order(stack, old[2])
    copy.git("reset", "--quiet", "--hard", old[1])
    forced = copy.commit("feat: another way", {"b": "1"})
    copy.push("--force", "origin", "main")
    second = order(stack, forced)
    back = decode(Release, begin(stack, "back", until="test", commit=old[2])["release"]).order
    assert back
    assert first < second < back


def test_a_repetition_keeps_its_order(stack: Stack, copy: WorkingCopy) -> None:
    """A retry of Begin after a forced push does not make the release the newest."""
    old = history(copy)
    first = order(stack, old[3])
    copy.git("reset", "--quiet", "--hard", old[1])
    forced = copy.commit("feat: another way", {"b": "1"})
    copy.push("--force", "origin", "main")
    order(stack, forced)
    assert order(stack, old[3]) == first


def test_two_that_begin_at_once_have_different_orders(
    stack: Stack, copy: WorkingCopy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P14: whose history was changed between its read and its write reads again."""
    old = history(copy)
    order(stack, old[0])
    real, second = DeploymentsTable.save_history, []

    def late(table: DeploymentsTable, *given: Any) -> bool:
        monkeypatch.undo()
        second.append(order(stack, old[2]))
        return real(table, *given)

    monkeypatch.setattr(DeploymentsTable, "save_history", late)
    third = order(stack, old[4])
    assert second[0] < third
    assert DeploymentsTable.connect(stack.clients).history(REPOSITORY) == History(old[4], third)


def test_a_record_is_opened_once(stack: Stack, copy: WorkingCopy) -> None:
    """A retry changes nothing; the record expires after 90 days."""
    copy.commit("feat: greet", {"a": "1"})
    copy.push()
    begin(stack)
    first = stack.deployment("main-1")
    begin(stack, trigger="push")
    assert stack.deployment("main-1") == first
    with pytest.raises(BadInputError, match="the record main-1 is that of another execution"):
        begin(stack, execution="arn:other")
    assert (first["trigger"], first["status"], first["ledger"]) == ("operator", "running", {})
    assert first["expiresAt"] > 0


def test_a_commit_that_github_does_not_know_opens_nothing(stack: Stack, copy: WorkingCopy) -> None:
    """The error names the commit."""
    copy.commit("feat: greet", {"a": "1"})
    copy.push()
    with pytest.raises(GitHubNotFoundError):
        begin(stack, commit="f" * 40)
    assert stack.deployment("main-1") == {}


def test_a_repository_of_another_stack_is_refused(stack: Stack, copy: WorkingCopy) -> None:
    """Who may start an execution chooses its input; nothing is recorded of a repository that the settings lack."""
    copy.commit("feat: greet", {"a": "1"})
    copy.push()
    with pytest.raises(BadInputError, match=r"acme/hello-service is not delivered by this stack \(delivered: acme/a\)"):
        begin(stack, claims=[{"repository": "acme/a"}])
    assert stack.deployment("main-1") == {}


def test_a_name_that_is_too_long_is_refused(stack: Stack, copy: WorkingCopy) -> None:
    """Before a stage fails by its own name; the longest allowed name begins."""
    copy.commit("feat: greet", {"a": "1"})
    copy.push()
    longest = "a" * LONGEST_NAME
    with pytest.raises(BadInputError, match=r"a' has 49 characters; at most 48 are allowed"):
        begin(stack, f"{longest}a")
    assert stack.deployment(f"{longest}a") == {}
    begin(stack, longest)
    assert stack.deployment(longest)["status"] == "running"
