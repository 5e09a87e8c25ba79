"""RequestApproval: the request, the mail and its link."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.waits_table import WaitsTable
from functions.domain.approvals import Approval, holder, opens
from functions.domain.errors import SourceError
from functions.domain.gates import Gate
from local.github import LocalGitHub
from tests.functions.delivered import artifact, create_function, runs
from tests.functions.samples import COMMAND, DEPLOYMENT, ENVIRONMENT, OLDER, RELEASE, environment, state, version
from tests.functions.stack import Stack
from tests.local.github.support import REPOSITORY, WorkingCopy

ARTIFACT = f"deployments/{DEPLOYMENT}/build.zip"
LINK = re.compile(r"https://approvals\.example\.com/approvals/(\w+)\?secret=([\w-]+)&intent=(approve|reject)")


def ask(stack: Stack, **changes: Any) -> str:
    """Run the room and answer the approval's id."""
    artifact(stack, ARTIFACT, {"app.zip": "code"})
    return str(stack.run("stage.request_approval", {**wanted(), **changes})["approvalId"])


def wanted() -> dict[str, Any]:
    """What a stage asks for."""
    return {
        "deploymentId": DEPLOYMENT,
        "execution": "arn:execution:stage",
        "release": RELEASE,
        "environment": ENVIRONMENT,
        "parts": ["hello"],
        "gates": [Gate("tests", "passed", "3 tests passed"), Gate("coverage", "passed", "lines 91 %")],
        "artifact": ARTIFACT,
        "purpose": "deploy",
        "reason": "",
    }


def kept(stack: Stack, approval_id: str) -> Approval:
    """The request as it is stored."""
    found = WaitsTable.connect(stack.clients).approval(approval_id)
    assert found
    return found


def links(stack: Stack) -> list[tuple[str, str, str]]:
    """Id, secret and intent of every link that was mailed."""
    return [found for mail in stack.mails() for found in LINK.findall(mail["Message"])]


def test_people_get_a_mail_with_two_links_that_open(stack: Stack) -> None:
    """A1: release, changes, gates and what rollback would do; the secret is in the mail only."""
    runs(stack, state(), state(COMMAND))
    approval = kept(stack, ask(stack))
    (mail,) = stack.mails()
    assert mail["TopicArn"].endswith(":kiro-approvals")
    assert mail["Subject"] == "Approve acme/hello-service 1a2b3c4d5e6f for production"
    for words in ("tests: 3 tests passed; coverage: lines 91 %", "hello to 0a0a0a0a0a0a", "feat: greet", "Ada"):
        assert words in mail["Message"]
    assert "infrastructure to" not in mail["Message"], "this release leaves it alone"
    assert [intent for _, _, intent in links(stack)] == ["approve", "reject"]
    assert all(opens(approval, secret) and len(secret) >= 43 for _, secret, _ in links(stack))
    secret = links(stack)[0][1]
    assert secret not in str(stack.table("waits").scan()["Items"])
    assert secret not in str(stack.table("deployments").scan()["Items"])


def test_a_request_has_its_times(stack: Stack) -> None:
    """Approvals count after the wait timer and until the timeout of the environment."""
    approval = kept(stack, ask(stack))
    asked, counts, ends = map(
        datetime.fromisoformat, (approval.requested_at, approval.decides_from, approval.expires_at)
    )
    assert (counts - asked, ends - asked) == (timedelta(minutes=5), timedelta(hours=24))
    assert approval.state == "open"
    record = stack.deployment()
    assert (record["environment"], record["status"]) == ("production", "waiting for approval")


def test_asking_twice_is_one_request_with_two_mails(stack: Stack) -> None:
    """A retry mails a further secret; both links open the same request, whose times stay."""
    first = ask(stack)
    before = kept(stack, first)
    assert ask(stack) == first
    after = kept(stack, first)
    assert all(opens(after, secret) for _, secret, _ in links(stack))
    assert len(after.secret_hashes) == 2
    assert after.expires_at == before.expires_at


def test_a_review_is_another_request_than_the_deployment(stack: Stack) -> None:
    """R2: the same stage may ask for both, and for each warning."""
    ids = {ask(stack), ask(stack, purpose="review", reason="cpu rings"), ask(stack, purpose="review", reason="memory")}
    assert len(ids) == 3
    assert stack.mails()[1]["Subject"].startswith("Review a warning of acme/hello-service")
    assert "cpu rings" in stack.mails()[1]["Message"]


def test_a_first_release_says_that_there_is_no_way_back(stack: Stack) -> None:
    """Who approves knows what rollback would do."""
    approval = kept(stack, ask(stack, environment=environment(approval_wait_seconds=0)))
    assert "no earlier release" in approval.summary["rollback"]


def test_the_way_back_is_looked_at(stack: Stack) -> None:
    """Ready means that what would be put back is still there: the version of a function, the objects of a command."""
    create_function(stack, versions=1)
    gone = version(number="7")
    command = version(source="sources/older.zip", artifact="")
    runs(stack, state(running=gone), state(COMMAND, running=command))
    way, other = kept(stack, ask(stack, parts=["hello", "infrastructure"])).shown.rollback  # type: ignore[union-attr]
    assert (way.to, way.ready, way.reason) == (OLDER[:12], False, "version 7 of hello-production is gone")
    assert (other.ready, other.reason) == (False, "sources/older.zip is no longer in the bucket")
    assert "NOT READY: version 7 of hello-production is gone" in stack.mails()[0]["Message"]
    runs(stack, state(running=version()), state(COMMAND, running=command))
    artifact(stack, "sources/older.zip", {})
    ways = kept(stack, ask(stack, parts=["hello", "infrastructure"], execution="other")).shown.rollback  # type: ignore[union-attr]
    assert [(one.ready, one.reason) for one in ways] == [(True, "last known good, still there")] * 2


def test_the_commits_since_what_runs_are_shown(stack: Stack, hub: LocalGitHub, copy: WorkingCopy) -> None:
    """Newest first, with their authors."""
    shas = [copy.commit(message, {"a": message}) for message in ("first", "feat: second", "fix: third")]
    copy.push()
    runs(stack, state(running=version(commit=shas[0])))
    shown = kept(stack, ask(stack, release=replace(RELEASE, repository=REPOSITORY, commit=shas[2]))).shown
    assert shown
    assert [line.partition(" ")[2].partition(" (")[0] for line in shown.commits] == ["fix: third", "feat: second"]
    assert shown.commits[0].startswith(shas[2][:12])


def test_a_github_out_of_reach_stops_no_request(stack: Stack) -> None:
    """People are told that the commits could not be told."""
    runs(stack, state())
    shown = kept(stack, ask(stack)).shown
    assert shown
    assert shown.commits_note.startswith("GitHub could not tell")


def test_only_what_the_gates_judged_can_be_approved(stack: Stack) -> None:
    """An artifact that was changed since, or is gone, is not even asked about."""
    DeploymentsTable.connect(stack.clients).note(DEPLOYMENT, artifactDigest="0" * 64)
    with pytest.raises(SourceError, match="changed since"):
        ask(stack)
    with pytest.raises(SourceError, match="not there"):
        stack.run("stage.request_approval", {**wanted(), "artifact": "deployments/gone.zip"})
    assert stack.mails() == []


def test_named_approvers_get_links_of_their_own(stack: Stack) -> None:
    """One mail each, to nobody else; the link knows whose it is, and is kept as a hash."""
    approval = kept(stack, ask(stack, environment=environment(approvers=["ada@x.io", "bob@x.io"], approvals_needed=2)))
    to = [mail["MessageAttributes"]["approver"]["StringValue"] for mail in stack.mails()]
    assert to == ["ada@x.io", "bob@x.io"]
    assert [holder(approval, secret) for _, secret, intent in links(stack) if intent == "approve"] == to
    assert approval.needed == 2
    again = kept(stack, ask(stack, environment=environment(approvers=["ada@x.io", "bob@x.io"], approvals_needed=2)))
    assert len(again.holders) == 4
    assert all(holder(again, secret) in to for _, secret, _ in links(stack))


def test_a_domain_shares_one_link(stack: Stack) -> None:
    """Beside the personal ones."""
    where = environment(approvers=["ada@x.io", "@y.io"], author_may_approve=False)
    approval = kept(stack, ask(stack, environment=where))
    assert ["MessageAttributes" in mail for mail in stack.mails()] == [True, False]
    assert approval.authors == ["Ada", "ada@example.com"]
    assert [holder(approval, secret) for _, secret, intent in links(stack) if intent == "approve"] == ["ada@x.io", ""]


def test_verdicts_of_earlier_environments_are_shown(stack: Stack) -> None:
    """What staging's tests and load run said belongs to the question whether production may follow."""
    table = DeploymentsTable.connect(stack.clients)
    build, tests = Gate("build", "passed", "it succeeded"), Gate("tests", "passed", "9 tests passed")
    table.note(DEPLOYMENT, gates=[build], gates_staging=[tests], gates_test=[tests])
    shown = kept(stack, ask(stack)).shown
    assert shown
    assert [gate.name for gate in shown.gates] == ["build", "staging tests", "test tests"]
    assert shown.gates == table.verdicts(DEPLOYMENT)
