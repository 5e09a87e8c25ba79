"""RequestApproval: the request, the mail and its link."""

import re
from datetime import datetime, timedelta
from typing import Any

from functions.adapters.waits_table import WaitsTable
from functions.domain.approvals import Approval, opens
from functions.domain.gates import Gate
from tests.functions.delivered import runs
from tests.functions.samples import COMMAND, DEPLOYMENT, ENVIRONMENT, RELEASE, environment, state
from tests.functions.stack import Stack

LINK = re.compile(r"https://approvals\.example\.com/approvals/(\w+)\?secret=([\w-]+)&intent=(approve|reject)")


def ask(stack: Stack, **changes: Any) -> str:
    """Run the room and answer the approval's id."""
    wanted = {
        "deploymentId": DEPLOYMENT,
        "execution": "arn:execution:stage",
        "release": RELEASE,
        "environment": ENVIRONMENT,
        "parts": ["hello"],
        "gates": [Gate("tests", "passed", "3 tests passed"), Gate("coverage", "passed", "lines 91 %")],
        "purpose": "deploy",
        "reason": "",
    }
    return str(stack.run("stage.request_approval", {**wanted, **changes})["approvalId"])


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
