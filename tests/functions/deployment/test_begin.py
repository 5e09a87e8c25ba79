"""Begin: the record is written once, with the facts of the commit from GitHub."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.adapters.deployments_table import DeploymentsTable
from functions.domain.errors import BadInputError, GitHubNotFoundError, GitHubUnavailableError
from functions.domain.order import History, Order, is_newer
from functions.domain.releases import LONGEST_NAME, Release
from functions.domain.requests import Request
from functions.handler import decode
from tests.functions.delivered import push_image
from tests.functions.stack import ACCOUNT, REGION, Stack
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


def unmerged(copy: WorkingCopy, branch: str = "feature/a") -> str:
    """A pushed commit that only a branch has."""
    copy.git("checkout", "--quiet", "-b", branch)
    sha = copy.commit(f"feat: {branch}", {branch.replace("/", "-"): "1"})
    copy.push("origin", branch)
    copy.git("checkout", "--quiet", "main")
    return sha


@pytest.mark.parametrize(
    ("ref", "trigger"),
    [
        ("refs/heads/feature/a", "operator"),
        ("refs/heads/main", "dispatch"),
        ("refs/tags/v1.2.0", "tag"),
        ("main", "operator"),
    ],
)
def test_an_unmerged_commit_enters_no_protected_environment(
    stack: Stack, copy: WorkingCopy, ref: str, trigger: str
) -> None:
    """P1: whatever ref its request claims, and also where a tag has the main branch's name; the record shows it."""
    copy.commit("feat: greet", {"a": "1"})
    copy.push()
    sha = unmerged(copy)
    copy.commit("feat: later", {"b": "1"})
    copy.git("tag", "main", sha)
    copy.push("origin", "refs/heads/main", "refs/tags/main")
    with pytest.raises(
        BadInputError, match=f"{sha[:12]}.* is not on main of {REPOSITORY}, and production is protected"
    ):
        begin(stack, ref=ref, commit=sha, trigger=trigger)
    assert stack.deployment("main-1")["release"]["commit"] == sha
    assert begin(stack, "branch-1", ref=ref, commit=sha, trigger=trigger, until="test")["request"]["until"] == "test"


def test_a_branch_leaves_the_order_of_main_as_it_was(stack: Stack, copy: WorkingCopy) -> None:
    """P14: an older release of main that begins after a branch is still older than what began before the branch."""
    old = history(copy)
    newer = order(stack, old[3])
    branch = unmerged(copy)
    beside = decode(
        Release, begin(stack, "b", commit=branch, ref="refs/heads/feature/a", until="test")["release"]
    ).order
    assert beside
    older, newest = order(stack, old[1]), order(stack, old[4])
    assert older < newer < newest
    assert (beside.branch, is_newer(newest, beside), is_newer(beside, older)) == (1, True, False)


def test_a_push_that_github_does_not_show_yet_is_read_again(
    stack: Stack, copy: WorkingCopy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error is one that the workflow retries: the branch's head may be older than its webhook."""
    old = history(copy)
    monkeypatch.setattr("functions.adapters.github.client.GitHub.branch_head", lambda *_: old[3])
    with pytest.raises(GitHubUnavailableError, match=r"main of .* is behind .*, which was pushed to it"):
        begin(stack, commit=old[4])
    assert stack.deployment("main-1") == {}


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"until": "moon"}, "until = moon: no environment of this stack; there are test, production"),
        ({"until": "production"}, "until = production: acme/hello-service may not deliver there"),
        ({"untill": "test"}, "unknown key 'untill'"),
        ({"images": {"api": "v1"}, "until": "test"}, "name no ECR repository for a service api of acme/hello-service"),
        ({"force": "yes"}, 'force is "yes", expected true or false'),
    ],
)
def test_a_request_that_the_settings_refuse_is_no_release(
    stack: Stack, copy: WorkingCopy, request_: dict[str, Any], said: str
) -> None:
    """Who may start an execution chooses its input: it is believed as far as the settings allow."""
    copy.commit("feat: greet", {"a": "1"})
    copy.push()
    with pytest.raises(BadInputError, match=re.escape(said)):
        begin(stack, claims=[{"repository": REPOSITORY, "environments": ["test"]}], **request_)
    assert stack.deployment("main-1") == {}


REGISTRY = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
IMAGES = [{"repository": REPOSITORY, "images": {"api": f"{REGISTRY}/api", "web": f"{REGISTRY}/web"}}]


def test_images_are_recorded_by_their_digests_once(stack: Stack, copy: WorkingCopy) -> None:
    """M3: whatever becomes of the tag afterwards; the release stands beside the line of commits."""
    first, digest = copy.commit("feat: greet", {"a": "1"}), push_image(stack, "api", "v1.2.3")
    copy.push()
    main = order(stack, first)
    release = begin(stack, "images-1", IMAGES, images={"api": "v1.2.3"})["release"]
    assert release["images"] == {"api": {"repository": f"{REGISTRY}/api", "tag": "v1.2.3", "digest": digest}}
    assert release["order"]["services"] == ["api"]
    stack.client("ecr").batch_delete_image(repositoryName="api", imageIds=[{"imageTag": "v1.2.3"}])
    assert push_image(stack, "api", "v1.2.3", "another") != digest
    assert begin(stack, "images-1", IMAGES, images={"api": "v1.2.3"})["release"] == release
    assert order(stack, copy_head(copy)) == main


def copy_head(copy: WorkingCopy) -> str:
    """The newest commit of the working copy."""
    return str(copy.git("rev-parse", "HEAD")).strip()


def test_images_with_the_manifest_of_an_unmerged_commit_are_refused(stack: Stack, copy: WorkingCopy) -> None:
    """M3: also for an environment that other commits may enter."""
    copy.commit("feat: greet", {"a": "1"})
    copy.push()
    sha = unmerged(copy)
    push_image(stack, "api", "v1.2.3")
    with pytest.raises(BadInputError, match=r"images \(api\) are deployed with the manifest of a commit on main"):
        begin(stack, claims=IMAGES, commit=sha, ref="refs/heads/feature/a", until="test", images={"api": "v1.2.3"})


def test_the_record_says_what_started_the_release(stack: Stack, copy: WorkingCopy) -> None:
    """N3: who, why, how far, and with what options."""
    copy.commit("feat: greet", {"a": "1"})
    copy.push()
    begin(stack, trigger="dispatch", by="ada", reason="again", until="test", force=True)
    record = DeploymentsTable.connect(stack.clients).get("main-1")
    assert record
    asked = Request(
        REPOSITORY, "refs/heads/main", until="test", force=True, trigger="dispatch", by="ada", reason="again"
    )
    assert (record.request, record.trigger) == (asked, "dispatch")


@pytest.mark.parametrize(
    "begun",
    [(2, 4, 0, 3, 1), *(pytest.param(one, marks=pytest.mark.long) for one in ((0, 1, 2, 3, 4), (4, 3, 2, 1, 0)))],
)
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


@pytest.mark.parametrize("forced", [True, False])
def test_a_branch_that_is_moved_back_is_newer(stack: Stack, copy: WorkingCopy, *, forced: bool) -> None:
    """P14: the push says that it is forced; without that word an older commit stays older."""
    old = history(copy)
    newest = order(stack, old[3])
    copy.git("reset", "--quiet", "--hard", old[1])
    copy.push("--force", "origin", "main")
    back = decode(Release, begin(stack, "back", commit=old[1], forced=forced)["release"]).order
    assert back
    assert (back > newest) is forced


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
