"""What is waited for: the text, the clocks, whom it concerns and the next step."""

from typing import Any, get_args

import pytest
from msgspec.structs import replace

from functions.domain import waiting
from functions.domain.approvals import Approval, Consent
from functions.domain.environments import Freeze
from functions.domain.locks import Contender, Lock, Waiter
from functions.domain.records import DeploymentRecord, Outcome
from functions.domain.waiting import Kind
from functions.domain.work_items import Item, Record, State
from tests.functions.samples import DEPLOYMENT, NOW

UNTIL = "2026-02-01T08:00:00.000Z"
APPROVAL = Approval("a1", "deploy", DEPLOYMENT, "production", {}, [], NOW, NOW, UNTIL, approvers=["ada@example.com"])
OWNER, WAITER = Contender("arn:1", "main-1", None, "release 1"), Contender("arn:2", "main-2", None, "release 2")
LOCK = Lock("environment/production", 1, OWNER, NOW, (Waiter(WAITER, NOW),))
ITEM = Item("PVTI_1", "issue", "Greet", "kiro/greet", NOW, NOW, "acme/hello-service", 7)
EVERY = (
    waiting.for_approval(APPROVAL),
    waiting.for_window("production", "outside the deployment windows (mon 08:00-10:00 UTC)", UNTIL),
    waiting.for_soak("production", "60 min demanded", UNTIL),
    waiting.for_unfreeze("production", Freeze("the fair", "Ada", NOW)),
    waiting.for_lock(LOCK, OWNER, "arn:2"),
    waiting.for_build("kiro-build:1", NOW),
    waiting.for_queue(NOW),
    waiting.for_rollout("production", "hello-service/api", 10),
    waiting.for_watch("production", UNTIL),
    waiting.for_quiet("production", UNTIL),
    waiting.of_item(Record("PVTI_1", "running", 2, item=ITEM)),
    waiting.of_item(Record("PVTI_1", "ineligible", reason="tasks.md is missing", item=ITEM)),
    waiting.in_step("CheckGates", NOW),
    waiting.of_end(DeploymentRecord(DEPLOYMENT, outcome="deployed", finished_at=NOW)),
    waiting.of_death(),
)


def test_every_kind_has_a_text_for_people_and_says_who_ends_it() -> None:
    """The set is closed, and no kind of it is without words; only what has a next step names one."""
    assert {one.kind for one in EVERY} == set(get_args(Kind))
    for one in EVERY:
        assert one.text.startswith(("waits for ", "runs ", "has ended", "is done")), one
        assert one.whom, one
        assert "T08:00" not in one.text, "a time for people is no ISO 8601"


def test_texts_fit_a_commit_status() -> None:
    """GitHub takes 140 characters; until when and for what come first, the reason may be cut.

    https://docs.github.com/en/rest/commits/statuses#create-a-commit-status
    """
    for one in EVERY:
        assert len(one.text.partition(": ")[0]) <= 100, one


def test_an_approval_says_who_decides_and_until_when() -> None:
    """A1: of several needed approvals also those that were given; without a list, whoever has the mail."""
    one = waiting.for_approval(APPROVAL)
    assert one.text == "waits for an approval for production until 2026-02-01 08:00 UTC"
    assert (one.since, one.until, one.whom) == (NOW, UNTIL, "ada@example.com")
    two = replace(APPROVAL, needed=2, consents=(Consent("bob@example.com", NOW, "", "", ""),))
    assert waiting.for_approval(two).whom == "2 of ada@example.com; so far bob@example.com"
    assert waiting.for_approval(replace(APPROVAL, approvers=[])).whom == "anybody with the link of the mail"
    assert "a review of the warning in production" in waiting.for_approval(replace(APPROVAL, purpose="review")).text


def test_a_freeze_names_who_froze_it_since_when_and_why() -> None:
    """P12: in the record, the commit status and the mail; the command ends it."""
    one = waiting.for_unfreeze("production", Freeze("the fair", "Ada", NOW), UNTIL)
    assert one.text == "waits for the unfreeze of production: Ada froze it at 2026-01-31 08:00 UTC: the fair"
    assert (one.since, one.whom, one.next) == (UNTIL, "Ada", "`kiro-worker unfreeze production --reason …`")


def test_a_lock_names_its_owner_and_the_place_in_the_queue() -> None:
    """The next command asks the same of the owner."""
    first = waiting.for_lock(LOCK, OWNER, "arn:2")
    assert first.text == "waits for the lock of production: main-1 (release 1) has it since 2026-01-31 08:00 UTC"
    assert (first.since, first.next) == (NOW, "`kiro-worker why main-1`")
    behind = replace(LOCK, waiters=(Waiter(Contender("arn:0", "main-0", None, ""), NOW), *LOCK.waiters))
    assert waiting.for_lock(behind, OWNER, "arn:2").text.endswith("; position 2 in the queue")


@pytest.mark.parametrize("outcome", get_args(Outcome))
def test_an_end_is_dead_unless_it_was_meant(outcome: Any) -> None:
    """What is dead says what to do; what is done needs nobody."""
    one = waiting.of_end(DeploymentRecord(DEPLOYMENT, outcome=outcome, reason="because", finished_at=NOW))
    assert (one.kind, one.since, one.text) == ("nothing", NOW, f"has ended: {outcome}: because")
    assert one.dead == bool(one.next) == (outcome not in ("deployed", "skipped", "superseded", "rollback"))


@pytest.mark.parametrize(
    ("state", "kind", "dead"),
    [
        ("new", "GitHub", False),
        ("running", "agent", False),
        ("waiting", "GitHub", False),
        ("ineligible", "GitHub", False),
        ("quarantined", "GitHub", True),
        ("stopped", "GitHub", True),
        ("done", "nothing", False),
    ],
)
def test_every_state_of_an_item_is_a_wait(state: State, kind: str, dead: bool) -> None:
    """W8: an item in quarantine waits for a person, and the reason is said."""
    one = waiting.of_item(Record("PVTI_1", state, 1, reason="1 of 9 tests failed", item=ITEM))
    assert (one.kind, one.dead) == (kind, dead)
    assert "1 of 9 tests failed" in one.text or state in ("running", "done")


def test_an_attempt_that_waits_for_its_branch_says_so() -> None:
    """Only a build is the agent's; any other wait of the attempt is said as it is."""
    record, lock = Record("PVTI_1", "running", 1, item=ITEM), waiting.for_lock(LOCK, OWNER, "arn:2")
    assert waiting.of_item(record, lock) == lock
    found = waiting.of_item(record, waiting.for_build("kiro-worker:1", NOW))
    assert (found.kind, found.since, found.next) == ("agent", NOW, "comment `/kiro stop` to end the attempt")
    assert found.text == "waits for the agent: attempt 1 at acme/hello-service#7"


def test_what_people_can_end_is_shown_first() -> None:
    """A build that runs beside a request for approval is not what holds the release."""
    assert waiting.first(EVERY) == EVERY[0]
    assert waiting.first(EVERY[5:8]) == EVERY[7]
    assert waiting.first([waiting.in_step("Verify")]) is None
    assert waiting.first([]) is None


def test_an_approval_for_a_later_time_is_waited_for() -> None:
    """A5: until when, and who approved it; nobody has to do anything, but may still reject."""
    consent = Consent("Ada", NOW, "", "", "")
    asked = Approval("a", "deploy", "d", "production", {}, [], NOW, NOW, "2026-02-02T08:00:00.000Z")
    found = waiting.for_approval(replace(asked, consents=(consent,), counts_from="2026-02-01T22:00:00.000Z"))
    assert found.text == "waits for 2026-02-01 22:00 UTC: from then on the approval for production by Ada counts"
    assert (found.until, "reject" in found.next) == ("2026-02-01T22:00:00.000Z", True)
