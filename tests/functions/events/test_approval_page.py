"""The approval page: every state has its page and status, and a request is decided once."""

import base64
import hashlib
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.waits_table import WaitsTable
from functions.domain.approvals import State, hash_secret
from functions.domain.environments import Freeze
from functions.domain.order import Mark, Order
from functions.domain.pins import Pin
from functions.domain.records import PlannedChange
from functions.domain.waits import ApprovalFacts, ApprovalKey, Wait
from functions.domain.watches import NOTHING_ACCEPTED, Accepted, AlarmReading
from functions.events import approval_page
from functions.handler import encode
from tests.functions.approving import ARTIFACT, GATES, SECRET, SUMMARY, approvers, ask, kept
from tests.functions.delivered import artifact
from tests.functions.samples import DEPLOYMENT, NOW, RELEASE, SERVICE, environment
from tests.functions.stack import ACCOUNT, REGION, Stack, failing

ALARM: Any = {
    "AlarmName": "errors",
    "Namespace": "Hello",
    "MetricName": "Errors",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 5,
    "ComparisonOperator": "GreaterThanThreshold",
    "Statistic": "Sum",
}
APPROVE = {"secret": SECRET, "decision": "approve", "name": "Grace Hopper", "reason": ""}
REJECT = {**APPROVE, "decision": "reject", "reason": "not on a Friday"}


def call(stack: Stack, method: str = "GET", body: str = "", approval_id: str = "a1", **query: str) -> Any:
    """Run the handler for one request."""
    return stack.run(
        "events.approval_page",
        {
            "requestContext": {"http": {"method": method, "sourceIp": "10.0.0.1", "userAgent": "Firefox"}},
            "pathParameters": {"id": approval_id},
            **({"queryStringParameters": query} if query else {}),
            "body": base64.b64encode(body.encode()).decode(),
            "isBase64Encoded": True,
        },
    )


def post(stack: Stack, form: dict[str, str], **changes: str) -> Any:
    """Send a form."""
    return call(stack, "POST", urlencode({**form, **changes}))


@pytest.mark.parametrize(("intent", "first"), [("approve", "approve"), ("reject", "reject"), ("", "approve")])
def test_the_link_that_was_opened_is_the_first_button(stack: Stack, intent: str, first: str) -> None:
    """A2: the page of the link to reject says so, and the Enter key rejects; both buttons are there."""
    ask(stack)
    body = call(stack, secret=SECRET, intent=intent)["body"]
    assert re.findall(r'<button class="(\w+)( first)?" name="decision"', body)[0] == (first, " first")
    assert len(re.findall("<button", body)) == 2
    assert ("You opened the link to reject" in body) == (intent == "reject")


def test_the_page_leads_to_what_changes(stack: Stack) -> None:
    """A1: to commit, diff and pull request, and shows what was measured before; addresses are escaped."""
    links = {"Commit": "https://g/a/b/commit/1", "Diff": 'https://g/a/b/compare/0...1?x="&y'}
    ask(stack, links=links, summary={**SUMMARY, "figures": "staging: 1200 requests"})
    body = call(stack, secret=SECRET)["body"]
    assert '<a href="https://g/a/b/commit/1">Commit</a>' in body
    assert '<a href="https://g/a/b/compare/0...1?x=&quot;&amp;y">Diff</a>' in body
    assert "staging: 1200 requests" in body


def test_an_environment_without_a_critical_alarm_is_a_warning(stack: Stack) -> None:
    """A1: it is read first, and is no remark at the end; an alarm that does not exist watches nothing."""
    ask(stack)
    assert "No critical alarm watches" not in call(stack, secret=SECRET)["body"]
    missing = (AlarmReading("errors", "critical", "missing"), AlarmReading("latency", "warning", "OK"))
    for number, alarms in enumerate(((), missing)):
        ask(stack, alarms=alarms, approval_id=f"b{number}")
        body = call(stack, secret=SECRET, approval_id=f"b{number}")["body"]
        attention = re.search(r'<section class="attention">.*?</section>', body, re.DOTALL)
        assert attention
        assert "No critical alarm watches production: only its health checks" in attention[0]


def test_an_approval_from_a_later_time_says_so(stack: Stack) -> None:
    """A5: the page shows when it counts; a time that can't be read changes nothing."""
    ask(stack)
    later = (datetime.now(UTC) + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M")
    form = {"secret": SECRET, "name": "Ada", "decision": "approve"}
    assert post(stack, form, **{"from": "tonight"})["statusCode"] == 400
    answer = post(stack, form, **{"from": later})
    assert (answer["statusCode"], "Approved from a later time: production" in answer["body"]) == (200, True)
    assert f"The approvals so far count from {later.replace('T', ' ')} UTC." in call(stack, secret=SECRET)["body"]
    assert stack.completed() == {}


def test_the_page_shows_what_a_decision_needs(stack: Stack) -> None:
    """Release, author, commits, verdicts, the rollback with its readiness, alarms; texts from outside are escaped."""
    ask(stack)
    answer = call(stack, secret=SECRET)
    text = answer["body"]
    for words in (
        "Deploy to production?",
        "acme/hello-service",
        "Ada Lovelace",
        "fix: answer 404 where nothing is found",
        "and 3 older ones",
        "148 tests passed",
        "nothing critical or high in 2 reports",
        "not ready",
        "version 7 of hello-production was deleted",
        "hello-production-errors",
        "no data",
        kept(stack).shown.digest,  # type: ignore[union-attr]
    ):
        assert words in text
    assert answer["statusCode"] == 200
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_opening_the_page_decides_nothing(stack: Stack) -> None:
    """A2: a mail scanner may follow the link fifty times."""
    before = ask(stack)
    assert {call(stack, secret=SECRET, intent="approve")["statusCode"] for _ in range(50)} == {200}
    assert kept(stack) == before
    assert stack.completed() == {}


def test_an_approval_is_stored_recorded_and_ends_the_wait(stack: Stack) -> None:
    """A3: with name, time, reason and address."""
    ask(stack)
    answer = post(stack, APPROVE, reason="looks good")
    assert (answer["statusCode"], "Approved: production" in answer["body"]) == (200, True)
    assert stack.completed() == {"token": {"outcome": "approved", "reason": "approved by Grace Hopper: looks good"}}
    fact = stack.deployment()["approval_production_deploy"]
    assert (fact["by"], fact["address"], fact["userAgent"]) == ("Grace Hopper", "10.0.0.1", "Firefox")
    assert fact["digest"] == kept(stack).shown.digest  # type: ignore[union-attr]


def test_a_rejection_needs_its_reason(stack: Stack) -> None:
    """Without one the form is shown again with the entered name."""
    ask(stack)
    answer = post(stack, REJECT, reason=" ", name='"><b>Eve')
    assert (answer["statusCode"], 'role="alert"' in answer["body"]) == (422, True)
    assert "&quot;&gt;&lt;b&gt;Eve" in answer["body"]
    assert post(stack, APPROVE, name=" ")["statusCode"] == 422
    assert kept(stack).state == "open"
    assert post(stack, REJECT)["statusCode"] == 200
    assert stack.completed()["token"]["outcome"] == "rejected"


def test_a_second_use_is_refused(stack: Stack) -> None:
    """The first decision stays; the page names its author."""
    ask(stack)
    post(stack, REJECT)
    answer = post(stack, APPROVE)
    assert answer["statusCode"] == 409
    assert "Grace Hopper" in answer["body"]
    assert call(stack, secret=SECRET)["statusCode"] == 200
    assert kept(stack).state == "rejected"


@pytest.mark.parametrize(("state", "title"), [("expired", "Expired"), ("superseded", "Superseded"), ("void", "Void")])
def test_an_ended_request_says_so(stack: Stack, state: State, title: str) -> None:
    """GET and POST show the page of that end with 410, without a form, and decide nothing."""
    ask(stack, state=state)
    for answer in (call(stack, secret=SECRET), post(stack, APPROVE)):
        assert (answer["statusCode"], title in answer["body"], "<form" in answer["body"]) == (410, True, False)
    assert stack.completed() == {}


def test_a_request_past_its_end_is_expired_before_the_backstop(stack: Stack) -> None:
    """The page compares the times itself."""
    ask(stack, expires_at="2026-01-01T00:00:00.000Z")
    assert call(stack, secret=SECRET)["statusCode"] == 410
    assert post(stack, APPROVE)["statusCode"] == 410


@pytest.mark.parametrize(
    ("approval_id", "secret"), [("a1", ""), ("a1", "forged"), ("a1", hash_secret(SECRET)), ("a2", SECRET), ("", SECRET)]
)
def test_forged_and_unknown_links_look_the_same(stack: Stack, approval_id: str, secret: str) -> None:
    """Both are 404 with the same page."""
    ask(stack)
    wrong = {"approval_id": approval_id, "secret": secret} if secret else {"approval_id": approval_id}
    looked = call(stack, **wrong)
    posted = call(stack, "POST", urlencode({**APPROVE, "secret": secret}), approval_id)
    assert (looked["statusCode"], posted["statusCode"]) == (404, 404)
    assert looked["body"] == posted["body"] == call(stack, approval_id="never")["body"]
    assert kept(stack).state == "open"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])
def test_another_method_is_refused(stack: Stack, method: str) -> None:
    """405 with the allowed methods; nothing is read."""
    answer = call(stack, method, urlencode(APPROVE), secret=SECRET)
    assert (answer["statusCode"], answer["headers"]["allow"]) == (405, "GET, POST")
    assert stack.calls == []


@pytest.mark.parametrize(
    ("form", "status"),
    [("", 404), ("decision", 400), ("x=" + "y" * 20_000, 400), (urlencode({"secret": SECRET}), 400), ("%FF=%FE", 404)],
)
def test_an_invalid_form_is_refused(stack: Stack, form: str, status: int) -> None:
    """One that is too large, is no form, or has no decision."""
    ask(stack)
    assert call(stack, "POST", form)["statusCode"] == status
    assert kept(stack).state == "open"


def test_a_body_that_is_not_base64_is_refused(stack: Stack) -> None:
    """Although the event says that it is."""
    ask(stack)
    http = {"requestContext": {"http": {"method": "POST"}}, "pathParameters": {"id": "a1"}}
    assert stack.run("events.approval_page", {**http, "isBase64Encoded": True, "body": "%%%"})["statusCode"] == 400


def test_too_early_is_425(stack: Stack) -> None:
    """A1: approvals count only after the wait timer; rejections count at once."""
    ask(stack, decides_from="2098-01-01T00:00:00.000Z", expires_at="2099-01-01T00:00:00.000Z")
    assert post(stack, APPROVE)["statusCode"] == 425
    assert post(stack, REJECT)["statusCode"] == 200


def test_an_artifact_that_was_changed_voids(stack: Stack) -> None:
    """The artifact is not the one that was shown: 410, and the wait of the stage ends."""
    ask(stack)
    artifact(stack, ARTIFACT, {"app.zip": "other code"})
    answer = post(stack, APPROVE)
    assert (answer["statusCode"], "the artifact was changed after it was shown" in answer["body"]) == (410, True)
    assert stack.completed()["token"] == {"outcome": "void", "reason": "the artifact was changed after it was shown"}
    assert kept(stack).state == "void"


def test_other_gate_results_void(stack: Stack) -> None:
    """Even if they are better."""
    ask(stack)
    DeploymentsTable.connect(stack.clients).note(DEPLOYMENT, gates=GATES[:1])
    assert post(stack, APPROVE)["statusCode"] == 410
    assert kept(stack).reason == "the gate results changed after they were shown"


def test_an_environment_that_a_newer_release_passed_is_not_approved(stack: Stack) -> None:
    """P3: the page says which release passed, nothing is approved, and the wait ends."""
    ask(stack, repository=RELEASE.repository, order=RELEASE.order)
    mark = Mark(Order(1, 11), "main-2", "f" * 40)
    EnvironmentsTable.connect(stack.clients).note_passage("production", RELEASE.repository, mark, "passed")
    answer = post(stack, APPROVE)
    why = "the newer release ffffffffffff (main-2) has passed production"
    assert (answer["statusCode"], why in answer["body"]) == (410, True)
    assert (kept(stack).state, kept(stack).consents) == ("superseded", ())
    assert stack.completed()["token"] == {"outcome": "superseded", "reason": why}


def test_an_artifact_that_is_gone_voids(stack: Stack) -> None:
    """An approval is impossible; a rejection needs no artifact."""
    ask(stack)
    stack.client("s3").delete_object(Bucket=stack.settings["ARTIFACTS_BUCKET"], Key=ARTIFACT)
    assert post(stack, APPROVE)["statusCode"] == 410
    assert "does not exist" in kept(stack).reason


ADAS, BOBS = "the-secret-of-a-mail-to-ada", "the-secret-of-a-mail-to-bob"
TWO: dict[str, Any] = {
    "needed": 2,
    "approvers": ["ada@x.io", "bob@x.io"],
    "secret_hashes": [hash_secret(one) for one in (SECRET, ADAS, BOBS)],
    "holders": {hash_secret(ADAS): "ada@x.io", hash_secret(BOBS): "bob@x.io"},
}


def test_several_people_approve(stack: Stack) -> None:
    """The first consent leaves the request open, the same person's second is refused, another person's ends it."""
    approvers(stack, {"ada@x.io": "", "bob@x.io": ""}, needed=2)
    ask(stack, **TWO)
    first = post(stack, APPROVE, secret=ADAS)
    assert (first["statusCode"], "1 more must approve" in first["body"]) == (200, True)
    assert stack.completed() == {}
    assert post(stack, APPROVE, secret=ADAS, name="bob@x.io")["statusCode"] == 409
    assert post(stack, APPROVE, name="bob@x.io")["statusCode"] == 403
    assert post(stack, APPROVE, secret=BOBS)["statusCode"] == 200
    assert stack.completed()["token"]["reason"] == "approved by ada@x.io, bob@x.io"
    assert [one["by"] for one in stack.deployment()["approval_production_deploy"]["consents"]] == [
        "ada@x.io",
        "bob@x.io",
    ]


def test_a_shared_link_approves_for_a_domain(stack: Stack) -> None:
    """Who uses it types an address of the domain, but none of a person who has a link."""
    approvers(stack, {"ada@x.io": "", "@x.io": ""})
    ask(stack, approvers=["ada@x.io", "@x.io"])
    assert 'type="email"' in call(stack, secret=SECRET)["body"]
    assert [post(stack, APPROVE, name=name)["statusCode"] for name in ("eve@y.io", "Ada@x.io")] == [403, 403]
    assert post(stack, APPROVE, name="bob@x.io")["statusCode"] == 200


def test_the_author_may_not_approve(stack: Stack) -> None:
    """If the environment is set so; the form is shown again with the reason."""
    approvers(stack, {"bob@x.io": "Bob"}, authorMayApprove=False)
    holders = {hash_secret(SECRET): "bob@x.io"}
    ask(stack, authors=["bob"], author_may_approve=False, holders=holders)
    answer = post(stack, APPROVE)
    assert (answer["statusCode"], "bob made, pushed or merged" in answer["body"], "<form" in answer["body"]) == (
        403,
        True,
        True,
    )
    assert kept(stack).state == "open"


def test_a_personal_link_identifies_its_holder(stack: Stack) -> None:
    """The page does not ask for a name, and a name in the form is ignored."""
    ask(stack, holders={hash_secret(SECRET): "bob@x.io"}, approvers=["bob@x.io"])
    page = call(stack, secret=SECRET)["body"]
    assert ("you decide as <strong>bob@x.io</strong>" in page, 'name="name"' in page) == (True, False)
    post(stack, APPROVE, name="Mallory")
    assert kept(stack).by == "bob@x.io"


def test_two_people_at_once_are_one_decision(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody rejected between the read and the write: 409, and the rejection stays."""
    ask(stack)
    real = WaitsTable.consent

    def other_first(self: WaitsTable, approval: Any) -> bool:
        monkeypatch.setattr(WaitsTable, "consent", real)
        assert post(stack, REJECT, name="Bob")["statusCode"] == 200
        return real(self, approval)

    monkeypatch.setattr(WaitsTable, "consent", other_first)
    answer = post(stack, APPROVE)
    assert (answer["statusCode"], "Rejected: production" in answer["body"]) == (409, True)
    assert kept(stack).by == "Bob"


def test_two_consents_at_once_both_count(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second is decided again from what the first wrote; neither is lost."""
    approvers(stack, {"ada@x.io": "", "bob@x.io": ""}, needed=2)
    ask(stack, **TWO)
    real = WaitsTable.consent

    def other_first(self: WaitsTable, approval: Any) -> bool:
        monkeypatch.setattr(WaitsTable, "consent", real)
        assert post(stack, APPROVE, secret=BOBS)["statusCode"] == 200
        return real(self, approval)

    monkeypatch.setattr(WaitsTable, "consent", other_first)
    assert post(stack, APPROVE, secret=ADAS)["statusCode"] == 200
    assert (kept(stack).state, kept(stack).by) == ("approved", "bob@x.io, ada@x.io")


def test_the_headers_are_strict(stack: Stack) -> None:
    """No script, no frame, no cache, no referrer; the one style is allowed by its hash."""
    ask(stack)
    for answer in (call(stack, secret=SECRET), call(stack, secret="forged"), post(stack, APPROVE)):
        headers = answer["headers"]
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert (headers["cache-control"], headers["referrer-policy"]) == ("no-store", "no-referrer")
        assert (headers["x-frame-options"], headers["x-content-type-options"]) == ("DENY", "nosniff")
        (style,) = re.findall(r"<style>(.*?)</style>", answer["body"], re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        assert f"style-src 'sha256-{digest}'" in policy


def test_the_secret_is_in_no_record(stack: Stack) -> None:
    """A2: neither in tables nor in the result of the wait."""
    ask(stack)
    post(stack, APPROVE)
    everything = [stack.items(name) for name in ("waits", "deployments")]
    assert SECRET not in str(everything)
    assert SECRET not in str(stack.completed())


def test_the_page_may_enter_no_environment_and_read_no_secret() -> None:
    """Its role may use tables, one bucket, task tokens, and the states of alarms and executions; no environment."""
    allowed = {allow.on for allow in approval_page.HANDLER.allow}
    environments = [allow.actions for allow in approval_page.HANDLER.allow if allow.on == "table/environments"]
    assert environments == [("dynamodb:Query",)], "it reads freezes and changes none"
    assert allowed <= {
        "table/waits",
        "index/waits",
        "table/deployments",
        "bucket/artifacts",
        "bucket/artifacts/*",
        "bus",
    } | {
        "table/environments",
        "key",
        "workflows",
        "executions",
        "*",
    }
    executions = [allow.actions for allow in approval_page.HANDLER.allow if allow.on == "executions"]
    assert executions == [("states:DescribeExecution",)], "no history, which has tokens"
    assert not any("sts:AssumeRole" in allow.actions for allow in approval_page.HANDLER.allow)


FREEZE = Freeze("the fair", "Ada", NOW)


def test_a_frozen_environment_is_announced_above_everything(stack: Stack) -> None:
    """The banner names who froze it, when, why, and the next step."""
    ask(stack)
    EnvironmentsTable.connect(stack.clients).freeze("production", FREEZE)
    answer = call(stack, secret=SECRET)
    assert answer["statusCode"] == 200
    said = f"production is frozen since {NOW} by Ada: the fair"
    assert answer["body"].index(said) < answer["body"].index("acme/hello-service")
    assert "kiro-worker unfreeze production" in answer["body"]


def test_nothing_can_be_approved_for_a_frozen_environment(stack: Stack) -> None:
    """P12: 409, and nothing is used up: the same link approves after the unfreeze."""
    before = ask(stack)
    environments = EnvironmentsTable.connect(stack.clients)
    environments.freeze("production", FREEZE)
    answer = post(stack, APPROVE, reason="at last")
    assert (answer["statusCode"], "the fair" in answer["body"], "at last" in answer["body"]) == (409, True, True)
    assert kept(stack) == before
    environments.freeze("production", None)
    assert post(stack, APPROVE)["statusCode"] == 200
    assert len(kept(stack).consents) == 1


def test_a_release_can_be_rejected_during_a_freeze(stack: Stack) -> None:
    """That needs no unfreeze."""
    ask(stack)
    EnvironmentsTable.connect(stack.clients).freeze("production", FREEZE)
    assert post(stack, REJECT)["statusCode"] == 200
    assert kept(stack).state == "rejected"


def test_a_review_is_decided_in_a_frozen_environment(stack: Stack) -> None:
    """The release runs already; the freeze keeps others out."""
    ask(stack, purpose="review")
    EnvironmentsTable.connect(stack.clients).freeze("production", FREEZE)
    assert "is frozen" not in call(stack, secret=SECRET)["body"]
    assert post(stack, APPROVE)["statusCode"] == 200


def alarmed(stack: Stack, accepted: Accepted | None = NOTHING_ACCEPTED, account: str = ACCOUNT) -> None:
    """A request for an environment whose critical alarm is in ALARM."""
    ask(stack)
    role = f"arn:aws:iam::{account}:role/deploy"
    where = environment(critical_alarms=["errors"], deploy_role_arn=role)
    facts = encode(ApprovalFacts(where, accepted))
    execution = f"arn:aws:states:eu-central-1:{ACCOUNT}:execution:stage:main-1"
    WaitsTable.connect(stack.clients).store(
        Wait(ApprovalKey("a1"), "token", execution, "production", facts), datetime.now(UTC)
    )
    stack.client("cloudwatch").put_metric_alarm(**ALARM)
    stack.client("cloudwatch").set_alarm_state(AlarmName="errors", StateValue="ALARM", StateReason="above 5")


def test_an_alarm_whose_event_was_lost_voids_the_request(stack: Stack) -> None:
    """A4: the page reads the alarms before it records an approval, under its own role."""
    alarmed(stack)
    assert call(stack, secret=SECRET)["statusCode"] == 200
    answer = post(stack, APPROVE)
    assert (answer["statusCode"], "Void" in answer["body"]) == (410, True)
    assert kept(stack).reason == "alarm errors is in ALARM in production"
    assert stack.completed()["token"]["outcome"] == "void"
    assert not any(one.action == "sts:AssumeRole" for one in stack.calls)


@pytest.mark.parametrize("decision", [APPROVE, REJECT])
def test_what_was_stopped_a_moment_ago_is_not_decided(stack: Stack, decision: dict[str, str]) -> None:
    """P9: the event of its end may not have come yet; nothing is recorded, and the answer is not that of a success."""
    ask(stack)
    execution = stack.execution("stage", "main-1-production")
    wait = Wait(ApprovalKey("a1"), "token", execution, "production")
    WaitsTable.connect(stack.clients).store(wait, datetime.now(UTC))
    stack.kill(execution)
    answer = post(stack, decision)
    assert (answer["statusCode"], "nothing waits for this decision any more" in answer["body"]) == (409, True)
    assert kept(stack).state == "open"
    assert stack.completed() == {}


def test_an_alarm_voids_no_rejection(stack: Stack) -> None:
    """The rejection is what counts."""
    alarmed(stack)
    assert post(stack, REJECT)["statusCode"] == 200
    assert kept(stack).state == "rejected"


@pytest.mark.parametrize(
    ("accepted", "account"),
    [
        (Accepted(("errors",), "2099-01-01T00:00:00.000Z"), ACCOUNT),
        (None, ACCOUNT),
        (NOTHING_ACCEPTED, "999999999999"),
    ],
    ids=["asked about", "before the update", "of another account"],
)
def test_other_alarms_void_nothing_here(stack: Stack, accepted: Accepted | None, account: str) -> None:
    """Those of other accounts are read by the next query, and all of them again under the lock."""
    alarmed(stack, accepted, account)
    assert post(stack, APPROVE)["statusCode"] == 200


def test_alarms_that_cannot_be_read_refuse_no_approval(stack: Stack) -> None:
    """They are read again under the lock, before anything is changed."""
    alarmed(stack)
    with failing(stack.clients.client("cloudwatch", region=REGION), "DescribeAlarms", RuntimeError("throttled")):
        assert post(stack, APPROVE)["statusCode"] == 200


def test_nothing_can_be_approved_that_was_pinned_since(stack: Stack) -> None:
    """R14: the page says so above everything, a POST is 409, and the same link approves after the unpin."""
    before, environments = ask(stack), EnvironmentsTable.connect(stack.clients)
    DeploymentsTable.connect(stack.clients).note(DEPLOYMENT, planned_production=PlannedChange((SERVICE,)))
    pin = Pin("production", "hello", "the old fault", "Ada", NOW)
    environments.pin(pin, None)
    shown = call(stack, secret=SECRET)["body"]
    assert shown.index("the old fault") < shown.index("acme/hello-service")
    answer = post(stack, APPROVE)
    assert (answer["statusCode"], "kiro-worker unpin production" in answer["body"]) == (409, True)
    assert kept(stack) == before
    environments.unpin(pin, FREEZE)
    assert post(stack, APPROVE)["statusCode"] == 200


def test_the_page_says_which_parts_are_left_out(stack: Stack) -> None:
    """R14: an approver sees that the release is not deployed whole."""
    ask(stack, summary={**SUMMARY, "pinned": "hello is pinned in production since then"})
    body = call(stack, secret=SECRET)["body"]
    assert "<dt>Left out</dt>" in body
    assert "hello is pinned in production since then" in body
