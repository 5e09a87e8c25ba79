"""RequestApproval: the request, the mail and its links."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.pages import open_page
from functions.adapters.waits_table import WaitsTable
from functions.domain.approvals import Approval, State, holder, secret_matches
from functions.domain.approvers import Approvers
from functions.domain.decisions import Decision, Refused, decide
from functions.domain.errors import GitHubError, SourceError
from functions.domain.gates import Verdict
from functions.domain.images import Image
from functions.domain.order import Mark, Order
from functions.domain.releases import Release
from functions.domain.requests import Request
from functions.domain.times import minute
from local.github import LocalGitHub
from tests.functions.delivered import artifact, create_function, judged, runs
from tests.functions.samples import (
    COMMAND,
    DEPLOYMENT,
    ENVIRONMENT,
    EXECUTION,
    OLDER,
    RELEASE,
    SERVICE,
    environment,
    state,
    version,
)
from tests.functions.stack import BUCKET, Stack
from tests.local.github.support import REPOSITORY, WorkingCopy

ARTIFACT = f"deployments/{DEPLOYMENT}/build.zip"
LINK = re.compile(r"https://approvals\.example\.com/approvals/(\w+)\?secret=([\w-]+)&intent=(approve|reject)")


def built(stack: Stack, deployment_id: str = DEPLOYMENT, release: Release = RELEASE) -> None:
    """An artifact that the gates judged."""
    artifact(stack, ARTIFACT, {"app.zip": "code"})
    judged(stack, ARTIFACT, deployment_id=deployment_id, release=release)


def request(stack: Stack, **changes: Any) -> str:
    """Run the handler for an artifact that the gates judged; returns the id of the request."""
    built(stack, changes.get("deploymentId", DEPLOYMENT), changes.get("release", RELEASE))
    return str(stack.run("stage.request_approval", {**wanted(), **changes})["approvalId"])


def wanted() -> dict[str, Any]:
    """The input that a stage sends."""
    return {
        "deploymentId": DEPLOYMENT,
        "execution": EXECUTION,
        "release": RELEASE,
        "environment": ENVIRONMENT,
        "parts": ["hello"],
        "gates": [Verdict("tests", "passed", "3 tests passed"), Verdict("coverage", "passed", "lines 91 %")],
        "artifact": ARTIFACT,
        "purpose": "deploy",
        "reason": "",
    }


def kept(stack: Stack, approval_id: str) -> Approval:
    """The stored request."""
    found = WaitsTable.connect(stack.clients).approval(approval_id)
    assert found
    return found


def links(stack: Stack) -> list[tuple[str, str, str]]:
    """Id, secret and intent of every mailed link."""
    return [found for mail in stack.mails() for found in LINK.findall(mail["Message"])]


def test_people_get_a_mail_with_two_links_that_open(stack: Stack) -> None:
    """A1: release, changes, gates and what a rollback would do; only the mail contains the secret."""
    runs(stack, state(), state(COMMAND))
    approval = kept(stack, request(stack))
    (mail,) = stack.mails()
    assert mail["TopicArn"].endswith(":kiro-approvals")
    assert mail["Subject"] == "Approve acme/hello-service 1a2b3c4d5e6f for production"
    for words in ("tests: 3 tests passed; coverage: lines 91 %", "hello to 0a0a0a0a0a0a", "feat: greet", "Ada"):
        assert words in mail["Message"]
    assert "infrastructure to" not in mail["Message"], "this release leaves it alone"
    assert [intent for _, _, intent in links(stack)] == ["approve", "reject"]
    assert all(secret_matches(approval, secret) and len(secret) >= 43 for _, secret, _ in links(stack))
    secret = links(stack)[0][1]
    assert secret not in str(stack.items("waits"))
    assert secret not in str(stack.items("deployments"))


def test_people_read_what_would_change(stack: Stack) -> None:
    """On the page and in the mail, with the environment's resources; without definitions only names are shown."""
    approval = kept(stack, request(stack, changes=[COMMAND, SERVICE]))
    touched = "infrastructure (buildspec infra/buildspec.yml), hello (Lambda function hello-production, alias live)"
    (mail,) = stack.mails()
    assert touched in " ".join(mail["Message"].split())
    assert touched in open_page(approval, "")["body"]
    assert kept(stack, request(stack, purpose="review")).summary["changes"] == "hello"


def test_a_request_has_its_times(stack: Stack) -> None:
    """Approvals count after the wait timer and until the timeout of the environment."""
    approval = kept(stack, request(stack))
    requested, counts, ends = map(
        datetime.fromisoformat, (approval.requested_at, approval.decides_from, approval.expires_at)
    )
    assert (counts - requested, ends - requested) == (timedelta(minutes=5), timedelta(hours=24))
    assert approval.state == "open"
    record = stack.deployment()
    assert (record["environment"], record["status"]) == ("production", "waiting for approval")


def test_record_and_bus_say_what_the_release_waits_for(stack: Stack) -> None:
    """N1, P12: commit status and Slack learn that approval is wanted, once; only the approvers' mail has the link."""
    DeploymentsTable.connect(stack.clients).begin(DEPLOYMENT, RELEASE, "arn:e", "push")
    approval = kept(stack, request(stack))
    request(stack)
    words = f"waits for an approval for production until {minute(approval.expires_at)}"
    assert stack.deployment()["reason"] == words
    ((kind, detail),) = stack.told()
    assert (kind, detail["environment"], detail["reason"]) == ("StageHeld", "production", words)


def test_a_retry_is_one_request_with_two_mails(stack: Stack) -> None:
    """The retry mails another secret; both links open the same request, whose times stay."""
    first = request(stack)
    before = kept(stack, first)
    assert request(stack) == first
    after = kept(stack, first)
    assert all(secret_matches(after, secret) for _, secret, _ in links(stack))
    assert len(after.secret_hashes) == 2
    assert after.expires_at == before.expires_at


def test_a_review_is_another_request_than_the_deployment(stack: Stack) -> None:
    """R2: one stage may request an approval and a review of each warning."""
    ids = {
        request(stack),
        request(stack, purpose="review", reason="cpu rings"),
        request(stack, purpose="review", reason="memory"),
    }
    assert len(ids) == 3
    assert stack.mails()[1]["Subject"].startswith("Review a warning of acme/hello-service")
    assert "cpu rings" in stack.mails()[1]["Message"]


def test_an_irreversible_migration_is_shown_before_it_is_approved(stack: Stack) -> None:
    """M6: in the mail, and first on the page."""
    runs(stack, state())
    create_function(stack, "hello-production")
    approval = kept(stack, request(stack, irreversible=["hello"]))
    assert approval.shown
    (way,) = approval.shown.rollback
    assert (way.part, way.ready) == ("hello", False)
    assert way.reason.endswith("declared irreversible: a rollback restores the code, not the data")
    assert "NOT READY" in stack.mails()[0]["Message"]
    assert "No rollback for hello" in open_page(approval, "s")["body"]


def test_an_emergency_is_marked_as_one(stack: Stack) -> None:
    """P8: it needs an approval, too, and the mail begins with it."""
    approval = kept(stack, request(stack, release=replace(RELEASE, emergency=True)))
    assert approval.summary["emergency"].startswith("This is an EMERGENCY deployment: it does not wait")
    assert stack.mails()[0]["Subject"].startswith("EMERGENCY: Approve acme/hello-service")


def test_a_first_release_says_that_there_is_no_rollback(stack: Stack) -> None:
    """Approvers learn what a rollback would do."""
    approval = kept(stack, request(stack, environment=environment(approval_wait_seconds=0)))
    assert "no earlier release" in approval.summary["rollback"]


def test_the_readiness_of_a_rollback_is_checked(stack: Stack) -> None:
    """Ready means that the version of a function, or the objects of a command, still exist."""
    create_function(stack, versions=1)
    gone = version(number="7")
    command = version(source="sources/older.zip", artifact="")
    runs(stack, state(running=gone), state(COMMAND, running=command))
    way, other = kept(stack, request(stack, parts=["hello", "infrastructure"])).shown.rollback  # type: ignore[union-attr]
    assert (way.to, way.ready, way.reason) == (OLDER[:12], False, "version 7 of hello-production was deleted")
    assert (other.ready, other.reason) == (False, "sources/older.zip is no longer in the bucket")
    assert "NOT READY: version 7 of hello-production was deleted" in " ".join(stack.mails()[0]["Message"].split())
    runs(stack, state(running=version()), state(COMMAND, running=command))
    artifact(stack, "sources/older.zip", {})
    ways = kept(stack, request(stack, parts=["hello", "infrastructure"], execution=f"{EXECUTION}-other")).shown.rollback  # type: ignore[union-attr]
    assert [(one.ready, one.reason) for one in ways] == [(True, "last known good, still available")] * 2


def test_the_commits_since_what_runs_are_shown(stack: Stack, hub: LocalGitHub, copy: WorkingCopy) -> None:
    """Newest first, with their authors."""
    shas = [copy.commit(message, {"a": message}) for message in ("first", "feat: second", "fix: third")]
    copy.push()
    runs(stack, state(running=version(commit=shas[0])))
    shown = kept(stack, request(stack, release=replace(RELEASE, repository=REPOSITORY, commit=shas[2]))).shown
    assert shown
    assert [line.partition(" ")[2].partition(" (")[0] for line in shown.commits] == ["fix: third", "feat: second"]
    assert shown.commits[0].startswith(shas[2][:12])


def test_a_github_out_of_reach_stops_no_request(stack: Stack) -> None:
    """The request says that the commits could not be read."""
    runs(stack, state())
    shown = kept(stack, request(stack)).shown
    assert shown
    assert shown.commits_note.startswith("the commits could not be read from GitHub")


def test_only_what_the_gates_judged_can_be_approved(stack: Stack) -> None:
    """There is no request for an artifact that was changed or is missing."""
    artifact(stack, ARTIFACT, {"app.zip": "code"})
    for digest, reason in (("0" * 64, "was overwritten: its SHA-256 is"), ("", "no SHA-256 of it is known")):
        DeploymentsTable.connect(stack.clients).note(DEPLOYMENT, artifactDigest=digest)
        with pytest.raises(SourceError, match=reason):
            stack.run("stage.request_approval", wanted())
    built(stack)
    stack.client("s3").delete_object(Bucket=BUCKET, Key=ARTIFACT)
    with pytest.raises(SourceError, match="does not exist"):
        stack.run("stage.request_approval", wanted())
    assert stack.mails() == []


def test_named_approvers_get_links_of_their_own(stack: Stack) -> None:
    """One mail each; the link identifies the approver, and only its hash is stored."""
    approval = kept(
        stack, request(stack, environment=environment(approvers=["ada@x.io", "bob@x.io"], approvals_needed=2))
    )
    to = [mail["MessageAttributes"]["approver"]["StringValue"] for mail in stack.mails()]
    assert to == ["ada@x.io", "bob@x.io"]
    assert [holder(approval, secret) for _, secret, intent in links(stack) if intent == "approve"] == to
    assert approval.needed == 2
    again = kept(stack, request(stack, environment=environment(approvers=["ada@x.io", "bob@x.io"], approvals_needed=2)))
    assert len(again.holders) == 4
    assert all(holder(again, secret) in to for _, secret, _ in links(stack))


def test_a_domain_shares_one_link(stack: Stack) -> None:
    """In addition to the personal links."""
    approval = kept(stack, request(stack, environment=environment(approvers=["ada@x.io", "@y.io"])))
    assert ["approver" in mail["MessageAttributes"] for mail in stack.mails()] == [True, False]
    assert [holder(approval, secret) for _, secret, intent in links(stack) if intent == "approve"] == ["ada@x.io", ""]


def test_no_shared_link_is_mailed_where_it_could_not_approve(stack: Stack) -> None:
    """A3: where several must approve, each link has a holder, also if the execution began with other settings."""
    approval = kept(stack, request(stack, environment=environment(approvers=["ada@x.io", "@y.io"], approvals_needed=2)))
    assert list(approval.holders.values()) == ["ada@x.io"]
    assert len(stack.mails()) == 1


def test_the_people_of_the_release_are_read_from_github(stack: Stack, hub: LocalGitHub, copy: WorkingCopy) -> None:
    """A3: by their accounts, of all commits that do not run here yet; the page names them."""
    shas = [copy.commit(message, {"a": message}) for message in ("first", "second")]
    copy.push()
    runs(stack, state(running=version(commit=shas[0])))
    where = environment(approvers=["ada@x.io"], author_may_approve=False)
    release = replace(RELEASE, repository=REPOSITORY, commit=shas[1], author="Grace", author_email="grace@x.io")
    approval = kept(stack, request(stack, environment=where, release=release))
    assert (approval.authors, approval.author_may_approve) == (["ada"], False)
    assert "Who made, pushed or merged the release may not approve it: ada." in open_page(approval, "")["body"]


def test_images_are_requested_without_an_artifact(stack: Stack, hub: LocalGitHub, copy: WorkingCopy) -> None:
    """M3, A3: the page names them, and who sent the dispatch may not approve where authors may not."""
    sha = copy.commit("first", {"a": "1"})
    copy.push()
    images = {"api": Image("registry/api", "v1.2.3", "sha256:1")}
    release = replace(RELEASE, repository=REPOSITORY, commit=sha, images=images)
    by = Request(REPOSITORY, "refs/heads/main", images={"api": "v1.2.3"}, trigger="dispatch", by="Grace")
    DeploymentsTable.connect(stack.clients).begin("images-1", release, EXECUTION, "dispatch", by)
    where = environment(approvers=["ada@x.io"], author_may_approve=False)
    asked = {"deploymentId": "images-1", "artifact": "", "gates": [], "environment": where, "release": release}
    approval = kept(stack, str(stack.run("stage.request_approval", {**wanted(), **asked})["approvalId"]))
    assert approval.authors == ["ada", "grace"]
    assert "images api:v1.2.3" in open_page(approval, "")["body"]
    assert "none: what was requested was built elsewhere" in stack.mails()[0]["Message"]


def test_without_github_nobody_is_mailed_where_the_author_may_not_approve(stack: Stack) -> None:
    """A3: the request fails and is repeated, for a request that excludes nobody would be approved by the author."""
    with pytest.raises(GitHubError):
        request(stack, environment=environment(approvers=["ada@x.io"], author_may_approve=False))
    assert stack.mails() == []


def test_verdicts_of_earlier_environments_are_shown(stack: Stack) -> None:
    """The tests and load run in staging matter for the approval of production."""
    table = DeploymentsTable.connect(stack.clients)
    build, tests = Verdict("build", "passed", "it succeeded"), Verdict("tests", "passed", "9 tests passed")
    table.note(DEPLOYMENT, gates=[build], gates_staging=[tests], gates_test=[tests])
    shown = kept(stack, request(stack)).shown
    assert shown
    assert [gate.name for gate in shown.gates] == ["build", "staging tests", "test tests"]
    assert shown.gates == table.verdicts(DEPLOYMENT)


NEWER = replace(RELEASE, commit="f" * 40, order=Order(1, 11))


def requested(stack: Stack, number: int, release: Release = RELEASE, **changes: Any) -> str:
    """A stage requests an approval and waits with its token."""
    ids = {"deploymentId": f"main-{number}", "execution": f"{EXECUTION}-{number}"}
    approval_id = request(stack, **ids, release=release, **changes)
    wait = {"taskToken": f"token-{number}", **ids, "environment": ENVIRONMENT, "approvalId": approval_id}
    stack.run("stage.await_approval", wait)
    return approval_id


def test_a_newer_release_supersedes_the_older(stack: Stack) -> None:
    """P3, A4: the older request's wait ends at once, and its page says why."""
    older = requested(stack, 1)
    assert stack.completed() == {}
    newer = requested(stack, 2, NEWER)
    why = "the newer release ffffffffffff (main-2) waits for production"
    assert stack.completed() == {"token-1": {"outcome": "superseded", "reason": why}}
    assert (kept(stack, older).state, kept(stack, newer).state) == ("superseded", "open")
    refused = decide(kept(stack, older), Decision(True, "Ada", "", "", ""), "2099", Approvers())
    assert isinstance(refused, Refused)
    assert (refused.why, refused.message) == ("superseded", f"This request is superseded: {why}.")


def test_nobody_is_mailed_about_an_environment_that_a_newer_release_passed(stack: Stack) -> None:
    """P3: the request is superseded at once, and says by which release."""
    mark = Mark(Order(1, 11), "main-2", "f" * 40)
    EnvironmentsTable.connect(stack.clients).note_passage("production", RELEASE.repository, mark, "passed")
    older = kept(stack, requested(stack, 1))
    assert (older.state, older.reason) == (
        "superseded",
        "the newer release ffffffffffff (main-2) has passed production",
    )
    assert stack.mails() == []


def test_an_older_release_that_comes_later_is_superseded_at_once(stack: Stack) -> None:
    """A4: no mail is sent, and its wait ends at its first query."""
    newer = requested(stack, 2, NEWER)
    mails = len(stack.mails())
    older = requested(stack, 1)
    assert (kept(stack, older).state, kept(stack, newer).state) == ("superseded", "open")
    assert len(stack.mails()) == mails
    assert list(stack.completed()) == ["token-1"]
    assert stack.completed()["token-1"]["outcome"] == "superseded"


@pytest.mark.parametrize("first", [RELEASE, NEWER])
def test_of_two_simultaneous_requests_the_older_is_superseded(stack: Stack, first: Release) -> None:
    """A4: although neither has stored its token yet."""
    second = NEWER if first is RELEASE else RELEASE
    ids = {
        release.commit: request(stack, deploymentId=f"d-{number}", execution=f"{EXECUTION}-{number}", release=release)
        for number, release in enumerate((first, second))
    }
    assert kept(stack, ids[RELEASE.commit]).state == "superseded"
    assert kept(stack, ids[NEWER.commit]).state == "open"


def test_the_newest_of_three_is_left(stack: Stack) -> None:
    """Each supersedes the one before; the wait of a superseded one ends once."""
    newest = replace(NEWER, commit="e" * 40, order=Order(1, 12))
    ids = [requested(stack, number, release) for number, release in enumerate((RELEASE, NEWER, newest))]
    assert [kept(stack, one).state for one in ids] == ["superseded", "superseded", "open"]
    completions = [call for call in stack.calls if call.action == "states:SendTaskSuccess"]
    assert [call.given["taskToken"] for call in completions] == ["token-0", "token-1"]


def test_a_repetition_of_the_newer_one_changes_nothing_more(stack: Stack) -> None:
    """A retry mails again and supersedes nothing more."""
    requested(stack, 1)
    newer = requested(stack, 2, NEWER)
    assert request(stack, deploymentId="main-2", execution=f"{EXECUTION}-2", release=NEWER) == newer
    assert kept(stack, newer).state == "open"
    assert list(stack.completed()) == ["token-1"]


OTHERS: list[dict[str, Any]] = [
    {"release": replace(NEWER, repository="acme/other")},
    {"release": NEWER, "environment": environment(name="test")},
    {"release": NEWER, "purpose": "review", "reason": "cpu rings"},
    {"release": replace(RELEASE, commit="f" * 40)},
]


@pytest.mark.parametrize("other", OTHERS, ids=["repository", "environment", "review", "as old"])
def test_another_request_is_left_alone(stack: Stack, other: dict[str, Any]) -> None:
    """Another repository or environment, a review, or a release that is not newer."""
    first = requested(stack, 1)
    request(stack, deploymentId="main-2", execution=f"{EXECUTION}-2", **other)
    assert kept(stack, first).state == "open"
    assert stack.completed() == {}


@pytest.mark.parametrize(
    "state", ["rejected", *(pytest.param(one, marks=pytest.mark.long) for one in ("expired", "void"))]
)
def test_a_newer_request_that_has_ended_supersedes_nothing(stack: Stack, state: State) -> None:
    """After the newest release was rejected, the one before it may be approved."""
    newer = requested(stack, 2, NEWER)
    WaitsTable.connect(stack.clients).decide(replace(kept(stack, newer), state=state))
    assert kept(stack, requested(stack, 1)).state == "open"


def test_a_decision_that_came_first_stays(stack: Stack) -> None:
    """The older one was approved in the same moment, so it is not superseded."""
    older = requested(stack, 1)
    WaitsTable.connect(stack.clients).decide(replace(kept(stack, older), state="approved", by="Ada"))
    requested(stack, 2, NEWER)
    assert kept(stack, older).state == "approved"
    assert stack.completed() == {}


def test_who_is_asked_is_told_which_parts_are_pinned(stack: Stack) -> None:
    """R14: those of this environment, from the plan."""
    pinned = {"environment": "production", "skipped": {"api": "api is pinned", "web": "unchanged"}, "pinned": ["api"]}
    stages = [{"environment": "test", "skipped": {"db": "db is pinned"}, "pinned": ["db"]}, pinned]
    DeploymentsTable.connect(stack.clients).note(DEPLOYMENT, plan={"stages": stages})
    assert kept(stack, request(stack)).summary["pinned"] == "api is pinned"
