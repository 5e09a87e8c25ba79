"""ReachEnvironment: older waits end, and the plan is compared with what runs."""

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.locks_table import LocksTable
from functions.adapters.waits_table import WaitsTable
from functions.domain.admissions import Held
from functions.domain.approvals import Approval
from functions.domain.locks import Contender, Lease
from functions.domain.order import Mark, Order, Passage
from functions.domain.pins import Pin
from functions.domain.plans import PartPlan, SkippedPart, StagePlan
from functions.domain.releases import Release
from functions.domain.requests import Request
from functions.domain.waits import ApprovalKey, UnfreezeKey, Wait
from functions.handler import encode
from tests.functions.delivered import runs
from tests.functions.samples import COMMAND, DEPLOYMENT, ENVIRONMENT, NOW, RELEASE, SERVICE, state, version
from tests.functions.shared.test_acquire_lock import request_lock
from tests.functions.shared.test_await_lock import wait as wait_for_lock
from tests.functions.stack import Stack

LATER = "2099-01-01T00:00:00.000Z"
NEWER = replace(RELEASE, commit="f" * 40, order=Order(1, 11))
BEFORE = version("0" * 40, "1", order=Order(1, 1))
LEFT = SkippedPart("hello", "none of its paths changed", BEFORE)
UNCHANGED = StagePlan(ENVIRONMENT, (), (LEFT, SkippedPart("infrastructure", "none of its paths changed", BEFORE)))
CHANGES = StagePlan(ENVIRONMENT, (PartPlan(SERVICE, "src/hello.py changed"),), (UNCHANGED.skipped[1],))
WHY = "the newer release ffffffffffff (main-2) has reached production"


@pytest.fixture(autouse=True)
def _runs(stack: Stack) -> None:
    """What ran in production when the plans were made."""
    runs(stack, state(SERVICE, BEFORE), state(COMMAND, BEFORE))


def reach(stack: Stack, stage: StagePlan = UNCHANGED, release: Release = NEWER, execution: str = "arn:main-2") -> Any:
    """Run the handler for the newer release."""
    event = {"deploymentId": "main-2", "execution": execution, "release": release, "stage": stage}
    event |= {"source": "sources/s.zip", "artifact": "deployments/main-2/build.zip"}
    return stack.run("deployment.reach_environment", event)


def passage(stack: Stack) -> Passage:
    """Who reached and who passed production."""
    return EnvironmentsTable.connect(stack.clients).passage("production", RELEASE.repository)


def asks(stack: Stack, **changes: Any) -> None:
    """The older release waits for its approval, with a token."""
    values: dict[str, Any] = {"repository": RELEASE.repository, "order": RELEASE.order, **changes}
    waits, now = WaitsTable.connect(stack.clients), datetime.now(UTC)
    waits.save_approval(Approval("a1", "deploy", "main-1", "production", {}, [], NOW, NOW, LATER, **values), now)
    waits.store(Wait(ApprovalKey("a1"), "token-1", "arn:main-1", "production"), now)


def asked(stack: Stack) -> tuple[str, str]:
    """State and reason of the older release's request."""
    found = WaitsTable.connect(stack.clients).approval("a1")
    assert found
    return found.state, found.reason


@pytest.mark.parametrize(
    ("stage", "outcome", "how"), [(UNCHANGED, "unchanged", "passed"), (CHANGES, "change", "arrived")]
)
def test_an_older_request_for_approval_ends(stack: Stack, stage: StagePlan, outcome: str, how: str) -> None:
    """P3: changed here or not; the wait ends, and the request says by which release. A repetition changes nothing."""
    asks(stack)
    for _ in range(2):
        assert reach(stack, stage) == {"outcome": outcome, "reason": ""}
        assert asked(stack) == ("superseded", WHY)
        assert stack.completed() == {"token-1": {"outcome": "superseded", "reason": WHY}}
    mark = Mark(Order(1, 11), "main-2", NEWER.commit, "arn:main-2")
    assert passage(stack) == replace(Passage(), **{how: mark})


@pytest.mark.parametrize(
    "other",
    [
        {"repository": "acme/other"},
        {"order": Order(1, 12)},
        {"order": Order(1, 11)},
        {"order": None},
        {"state": "approved"},
    ],
    ids=["repository", "newer", "same", "unordered", "decided"],
)
def test_other_requests_are_left_alone(stack: Stack, other: dict[str, Any]) -> None:
    """Of other repositories, of releases that are not older, and what was decided."""
    asks(stack, **other)
    reach(stack)
    assert asked(stack) == (other.get("state", "open"), "")
    assert stack.completed() == {}


@pytest.mark.parametrize(
    ("order", "repository", "ended"),
    [(Order(1, 10), RELEASE.repository, True), (Order(1, 12), RELEASE.repository, False), (Order(1, 10), "a/b", False)],
    ids=["older", "newer", "repository"],
)
def test_an_older_wait_for_an_unfreeze_ends(stack: Stack, order: Order, repository: str, *, ended: bool) -> None:
    """P3: it would enter after the unfreeze, although a newer release has passed."""
    held = encode(Held("main-1", repository, order, NOW))
    wait = Wait(UnfreezeKey("production", "main-1-production"), "token-1", "arn:main-1", "production", held)
    WaitsTable.connect(stack.clients).store(wait, datetime.now(UTC))
    reach(stack)
    assert stack.completed() == ({"token-1": {"outcome": "superseded", "reason": WHY}} if ended else {})


def test_an_older_release_in_the_queue_is_superseded(stack: Stack) -> None:
    """P3: its wait ends, and its next request finds that the newer one passed."""
    theirs = replace(RELEASE, repository="acme/other")
    request_lock(stack, stack.execution("stage", "owner"), release=theirs)
    old = stack.execution("stage", "old")
    wait_for_lock(stack, old, "token-old")
    reach(stack)
    assert stack.completed()["token-old"]["outcome"] == "waiting"
    wait_for_lock(stack, old, "token-again")
    assert stack.completed()["token-again"]["outcome"] == "superseded"
    assert "ffffffffffff (main-2) has passed production" in stack.completed()["token-again"]["reason"]


def test_in_queued_mode_older_releases_have_their_turn(stack: Stack) -> None:
    """P3: a release that changes something waits behind them; one that changes nothing ends their waits."""
    stack.settings["LOCK_MODE"] = "queued"
    asks(stack)
    assert reach(stack, CHANGES)["outcome"] == "change"
    assert (asked(stack), passage(stack)) == (("open", ""), Passage())
    assert reach(stack)["outcome"] == "unchanged"
    assert asked(stack)[0] == "superseded"


@pytest.mark.parametrize("stage", [UNCHANGED, CHANGES])
def test_an_older_release_stops_where_a_newer_one_passed(stack: Stack, stage: StagePlan) -> None:
    """P3: it ends no waits and records nothing."""
    reach(stack)
    before = passage(stack)
    asks(stack, order=Order(1, 3))
    got = reach(stack, stage, replace(RELEASE, order=Order(1, 5)))
    assert got == {"outcome": "superseded", "reason": "the newer release ffffffffffff (main-2) has passed production"}
    assert (passage(stack), asked(stack)[0]) == (before, "open")


def changing(stack: Stack, release: Release, parts: dict[str, str], *, rollback: bool = False) -> str:
    """An execution of the deployment main-1 holds production's lock; its plan changes these parts."""
    planned = {"stages": [{"environment": "production", "parts": parts}]}
    DeploymentsTable.connect(stack.clients).note("main-1", plan=planned)
    owner = stack.execution("stage", "main-1-production")
    wanted = Contender(owner, "main-1", release.order, "release", rollback, release.repository)
    LocksTable.connect(stack.clients).request("environment/production", wanted)
    return owner


def test_a_release_waits_for_an_older_one_that_changes_more(stack: Stack) -> None:
    """P3: what the plan leaves as it was is being changed; once that has ended, the plan is made again."""
    owner = changing(stack, RELEASE, {"hello": "src/hello.py changed"})
    assert reach(stack) == {"outcome": "occupied", "reason": "main-1 is changing hello in production"}
    assert reach(stack, CHANGES)["outcome"] == "change"  # it changes the same part, so it waits for the lock
    runs(stack, state(SERVICE, version("a" * 40, "2", order=RELEASE.order)))
    stack.kill(owner)
    assert reach(stack)["outcome"] == "outdated"
    assert reach(stack, CHANGES)["outcome"] == "change"


@pytest.mark.parametrize(
    ("owner", "rollback"),
    [
        (replace(RELEASE, repository="acme/other"), False),
        (replace(RELEASE, order=None), False),
        (RELEASE, True),
    ],
    ids=["repository", "unordered", "rollback"],
)
def test_it_waits_for_no_other_owner(stack: Stack, owner: Release, rollback: bool) -> None:
    """Another repository's release or a rollback leaves the plan valid."""
    changing(stack, owner, {"hello": "src/hello.py changed"}, rollback=rollback)
    assert reach(stack)["outcome"] == "unchanged"


def test_a_plan_is_valid_after_a_rollback_and_a_release_of_others(stack: Stack) -> None:
    """A part that went back to an older version is not deployed again unasked; parts of others do not matter."""
    theirs = version("b" * 40, "7", source="sources/acme/other/b.zip", order=Order(9, 9))
    back = version("c" * 40, "0", order=Order(1, 0))
    lease = Lease("environment/production", "arn", 2)
    runs(stack, state(replace(SERVICE, name="theirs"), theirs), state(SERVICE, back), lease=lease)
    assert reach(stack)["outcome"] == "unchanged"


def test_a_release_without_an_order_follows_its_plan(stack: Stack) -> None:
    """It began before an update; nothing is recorded."""
    asks(stack)
    assert reach(stack, CHANGES, replace(NEWER, order=None))["outcome"] == "change"
    assert (asked(stack)[0], passage(stack)) == ("open", Passage())


def test_a_release_of_main_waits_for_a_branch_that_changes_other_parts(stack: Stack) -> None:
    """P14: it replaces the branch, so it plans again when the branch has ended, although the branch began later."""
    branch = replace(RELEASE, order=Order(1, 11, 1))
    owner = stack.execution("stage", "branch-1-production")
    deployments = DeploymentsTable.connect(stack.clients)
    deployments.begin(DEPLOYMENT, branch, owner, "push")
    stages = [{"environment": "production", "parts": {"infrastructure": "changed"}, "skipped": {}}]
    deployments.note(DEPLOYMENT, plan={"outcome": "deploy", "reason": "", "stages": stages})
    request_lock(stack, owner, release=branch)
    assert reach(stack, CHANGES)["outcome"] == "occupied"


def test_a_branch_is_recorded_beside_main(stack: Stack) -> None:
    """P3: it ends no wait of a release of main, and keeps none out."""
    asks(stack)
    reach(stack, release=replace(NEWER, order=Order(1, 11, 1)))
    assert asked(stack) == ("open", "")
    assert passage(stack) == Passage(branch_passed=Mark(Order(1, 11, 1), "main-2", NEWER.commit, "arn:main-2"))


@pytest.mark.parametrize(
    ("parts", "emergency", "noted"), [("all", False, True), ("infrastructure", False, False), ("all", True, False)]
)
def test_what_passes_unchanged_is_noted_for_a_later_tag(stack: Stack, parts: Any, emergency: bool, noted: bool) -> None:
    """Unless only its infrastructure passed, or nothing was tested."""
    release = replace(NEWER, emergency=emergency)
    deployments = DeploymentsTable.connect(stack.clients)
    request = Request(release.repository, release.ref, parts=parts)
    deployments.begin("main-2", release, "arn:main-2", "push", request)
    reach(stack, release=release)
    assert deployments.passed(release.repository, release.commit) == ({"production": "main-2"} if noted else {})


PIN = Pin("production", "hello", "errors", "ada", NOW)
KEPT = StagePlan(ENVIRONMENT, (), (SkippedPart("hello", PIN.describe(), BEFORE, pinned=True), UNCHANGED.skipped[1]))


def pin(stack: Stack, newer_than: str = "", environment: str = "production") -> None:
    """Pin the service."""
    made = replace(PIN, newer_than=newer_than, environment=environment)
    assert EnvironmentsTable.connect(stack.clients).pin(made, None)


def test_what_was_pinned_since_is_planned_again(stack: Stack) -> None:
    """R14: a pin came after the plan; one that the release is known to pass changes nothing."""
    assert reach(stack, CHANGES)["outcome"] == "change"
    pin(stack, NEWER.commit)
    assert reach(stack, CHANGES)["outcome"] == "outdated"
    assert reach(stack, replace(CHANGES, descends_from=(NEWER.commit,)))["outcome"] == "change"


def test_a_pin_in_an_environment_before_counts(stack: Stack) -> None:
    """Q1: the release is rolled back and pinned there while it waits here."""
    stages = [{"environment": name, "parts": {"hello": "changed"}} for name in ("test", "production")]
    DeploymentsTable.connect(stack.clients).note("main-2", plan={"stages": stages})
    pin(stack, environment="test")
    assert reach(stack, CHANGES)["outcome"] == "outdated"


def test_a_pinned_environment_is_told_and_not_passed(stack: Stack) -> None:
    """R14: older releases are not superseded by what never ran, and the commit counts as proved nowhere."""
    plan = {"stages": [{"environment": "production", "parts": {}, "pinned": ["hello"]}]}
    request = Request(RELEASE.repository, "main")
    deployments = DeploymentsTable.connect(stack.clients)
    deployments.begin("main-2", NEWER, "arn:main-2", "push", request)
    deployments.note("main-2", plan=plan)
    asks(stack)
    assert reach(stack, KEPT)["outcome"] == "unchanged"
    assert (passage(stack), asked(stack)[0]) == (Passage(), "open")
    assert deployments.passed(RELEASE.repository, NEWER.commit) == {}
    ((kind, detail),) = stack.told()
    assert (kind, detail["environment"], detail["reason"]) == ("StagePinned", "production", PIN.describe())


def test_where_other_parts_change_the_release_arrives(stack: Stack) -> None:
    """It takes the place of older ones, which wait for the same lock."""
    stage = replace(CHANGES, skipped=KEPT.skipped)
    assert reach(stack, replace(stage, parts=(PartPlan(COMMAND, "infra changed"),)))["outcome"] == "change"
    assert passage(stack).arrived
    assert [kind for kind, _ in stack.told()] == ["StagePinned"]
