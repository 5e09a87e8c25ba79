"""Pages in the states that strain them: nothing, much, long names, long messages, other scripts.

`PAGES` is by name; each makes the response of a page, as its handler returns it.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from functions.adapters import console_pages, pages
from functions.domain import waiting
from functions.domain.approvals import Approval, Consent, RollbackTarget, irreversible
from functions.domain.approvals import Shown as Asked
from functions.domain.console import BoardItem, Detail, EnvironmentView, Lane, Overview, Passed, Shown, Trail
from functions.domain.decisions import Decision
from functions.domain.drift import Author, Drift
from functions.domain.environments import Freeze, PartState, Version
from functions.domain.gates import Verdict
from functions.domain.locks import Contender, Lock, Waiter
from functions.domain.pins import Pin
from functions.domain.records import DeploymentRecord, Outcome
from functions.domain.releases import Release
from functions.domain.waiting import Waiting
from functions.domain.watches import AlarmReading
from functions.domain.work_items import Item, Record
from tests.functions.consoles import ASKED, PASSED
from tests.functions.samples import COMMIT, DEPLOYMENT, OLDER, RELEASE

AT = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
THEN = "2026-01-31T08:00:00.000Z"
PLACES = ("test", "staging", "production")
# 120 characters without a space, as branches and identifiers have them.
LONG = "feature/" + "customer-account-settlement-reconciliation-service-" * 2 + "v2-rewrite"
ARN = f"arn:aws:states:eu-central-1:123456789012:execution:kiro-pipeline-production-stage:{LONG}"
OTHER = "修复当购物车为空时返回 404 · Исправление корзины · تصحيح عربة التسوق · 🛒"
MESSAGE = (
    "2 of 148 tests failed: tests.checkout.test_totals.TestTotals.test_rounding_of_half_cents_in_foreign_currency: "
    "AssertionError: assert Decimal('10.005') == Decimal('10.01'); "
    f"where Decimal('10.005') = total(Basket(owner='{LONG}', rows=[Row('kettle', 2), Row('{OTHER}', 1)])), "
    "tests.checkout.test_totals.TestTotals.test_empty_basket: KeyError: 'currency' "
) + "at src/checkout/totals.py:118 in total; " * 8
VERDICTS = (
    Verdict("build", "passed", "the build succeeded"),
    Verdict("tests", "failed", MESSAGE),
    Verdict("coverage", "passed", "lines 91.4 %, branches 88.0 %; 80 % demanded"),
    Verdict("security", "passed", "nothing critical or high in 2 reports, 3 lesser findings"),
)
ALARMS = (
    AlarmReading("hello-production-errors", "critical", "ALARM", "Threshold Crossed: 14 errors of 96 requests"),
    AlarmReading("hello-production-latency", "warning", "INSUFFICIENT_DATA"),
    AlarmReading(f"alarm-of-{LONG}", "critical", "OK", "0 of 3 errors"),
)
APPROVAL = Approval(
    "a1",
    "deploy",
    DEPLOYMENT,
    "production",
    {
        "repository": RELEASE.repository,
        "commit": COMMIT,
        "title": "feat: greet people by their name",
        "author": "Ada Lovelace",
        "changes": "infrastructure, hello",
        "reason": "The watch saw a warning: 4.1 s at p95.",
    },
    [],
    THEN,
    THEN,
    "2026-02-01T08:00:00.000Z",
    alarms=ALARMS,
    alarms_at=THEN,
    links={"Commit": "https://github.example.com/c", "Diff": "https://github.example.com/d", "Build": "https://x.y/b"},
    shown=Asked(
        f"deployments/{DEPLOYMENT}/build.zip",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        VERDICTS,
        (f"{COMMIT[:12]} feat: greet people by their name (Ada Lovelace)", f"{OLDER[:12]} {OTHER} (李雷)"),
        "and 3 older ones",
        (
            RollbackTarget("infrastructure", OLDER[:12], ready=True, reason="last known good, still there"),
            irreversible(RollbackTarget("orders-database", OLDER[:12], ready=True, reason="last known good")),
        ),
    ),
)
MANY_WORDS = replace(
    APPROVAL,
    environment=LONG[:60],
    summary={**APPROVAL.summary, "title": OTHER, "author": LONG, "changes": f"{LONG}, {LONG}", "repository": LONG},
    links={LONG: "https://github.example.com/c"},
    approvers=[f"{LONG}@example.com", "grace@example.com"],
    needed=2,
    consents=(Consent(LONG, THEN, "", "", ""),),
    authors=[LONG],
    author_may_approve=False,
)


def _release(name: str, title: str, outcome: Outcome | str = "", **changes: Any) -> DeploymentRecord:
    release = Release("acme/hello-service", "refs/heads/main", COMMIT, author="Ada Lovelace", message=title)
    values: dict[str, Any] = {"release": release, "status": "running", "outcome": outcome, "started_at": THEN}
    return DeploymentRecord(name, **{**values, "finished_at": THEN if outcome else "", **changes})


def _lanes(*marks: tuple[str, str, int], names: tuple[str, ...] = PLACES) -> tuple[Lane, ...]:
    return tuple(Lane(name, mark, words, done) for name, (mark, words, done) in zip(names, marks, strict=False))  # type: ignore[arg-type]


WAITS = waiting.for_approval(replace(APPROVAL, approvers=["grace@example.com", "ada@example.com"], needed=2))
IN_PRODUCTION = Shown(
    _release(DEPLOYMENT, "feat: greet people by their name", status="waiting for approval", gates=VERDICTS[2:]),
    WAITS,
    _lanes(("passed", "passed", 6), ("passed", "passed", 6), ("waits", "approval", 0)),
)


def _ended(number: int, outcome: Outcome, reason: str = "", title: str = "") -> Shown:
    record = _release(f"main-{number:012x}", title or f"fix: case {number} of the basket", outcome, reason=reason)
    mark = {"deployed": "passed", "restored": "back"}.get(outcome, "stopped")
    lanes = _lanes((mark, outcome, 6), ("left out", "not reached", 0), ("left out", "not reached", 0))
    return Shown(record, waiting.of_end(record), lanes)


FAILED = _ended(1, "failed", f"tests: {MESSAGE}", "feat: totals in foreign currencies")
RESTORED = _ended(2, "restored", "alarm hello-test-errors is in ALARM: 14 errors of 96 requests")
STRANGE = Shown(
    _release(
        LONG,
        f"{OTHER} {LONG}",
        release=replace(RELEASE, repository=f"acme/{LONG}", message=f"{OTHER} {LONG}", author=OTHER, emergency=True),
    ),
    Waiting("lock", f"waits for the lock of {LONG}: {ARN} has it", THEN, whom=ARN, next=f"`kiro-worker why {LONG}`"),
    _lanes(
        *(("passed", "passed", 6), ("back", "partly rolled back", 6), ("waits", "approval", 2)),
        names=(LONG[:60], OTHER, "production"),
    ),
)


def _part(where: str, name: str) -> PartState:
    source, at = "sources/acme/hello-service/1", "2026-01-29T08:00:00.000Z"
    one = Version(COMMIT, DEPLOYMENT, source, "a.zip", "7", at)
    return PartState(
        where, name, one, None if where == "staging" else one, outputs={"url": "https://hello.example.com"}
    )


def _place(name: str, *parts: str, **more: Any) -> EnvironmentView:
    return EnvironmentView(name, tuple(_part(name, one) for one in parts), **more)


OWNER = Contender("arn:1", DEPLOYMENT, None, f"release {COMMIT[:12]}", rollback=True)
ENVIRONMENTS = (
    _place("test", "hello", "infrastructure", address="https://hello-test.example.com"),
    _place(
        "staging", "hello", "infrastructure", lock=Lock("environment/staging", 1, OWNER, THEN, (Waiter(OWNER, THEN),))
    ),
    _place(
        "production",
        *("hello", "infrastructure"),
        alarms=ALARMS,
        freeze=Freeze("the fair: no changes until Monday", "Ada Lovelace", THEN),
        pins=(Pin("production", "hello", "the fault comes back", "Ada", THEN),),
        drifts=(Drift("production", "hello", "version 7", "version 8", THEN, Author(ARN, THEN, "UpdateAlias")),),
    ),
)
TWELVE = (
    _place("test", *(f"service-{n}-{LONG[:40]}" for n in range(12)), unread=f"its alarms could not be read: {ARN}"),
    _place(LONG[:60], OTHER, LONG, freeze=Freeze(f"{OTHER} {LONG}", LONG, THEN), alarms=ALARMS),
)


def _item(number: int, title: str, **changes: Any) -> BoardItem:
    card = Item(f"PVTI_{number}", "issue", title, "kiro/greet", THEN, "", "acme/hello-service", number)
    record = Record(f"PVTI_{number}", **{"state": "running", "started": 1, "item": card, **changes})
    return BoardItem(record, waiting.of_item(record))


ITEMS = (
    _item(7, "Greet by the time of day"),
    _item(9, "Remember the name", state="quarantined", started=2, failures=2, reason="tests: 1 of 9 tests failed"),
)


def _trail(workflow: str, end: str, status: str, *states: str) -> Trail:
    return Trail(workflow, f"{DEPLOYMENT}{end}", status, THEN, THEN, tuple(Passed(one, THEN) for one in states))


TRAILS = (
    _trail("deployment", "", "RUNNING", "Begin", "FetchSource", "PlanRelease", "AnythingToDo", "RunStage"),
    _trail("stage", "-test", "SUCCEEDED", *PASSED),
    _trail("stage", "-production", "RUNNING", *ASKED),
)
BACK = (
    _trail("stage", "-test", "FAILED", *PASSED[:-2], "RollBack"),
    _trail("rollback", "-test-rollback", "RUNNING", "Open", "ReadRecord", "AnnounceStart", "LeaseGiven", "AcquireLock"),
)
MANY = tuple(_ended(n, "deployed" if n % 5 else "superseded") for n in range(10, 60))


def _overview(*found: Any, live: bool = True) -> dict[str, Any]:
    return console_pages.overview_page(Overview(*found), _view(live=live))


def _view(*, live: bool = True, home: str = "console") -> console_pages.View:
    return console_pages.View(AT, live=live, tag="t", github="https://github.example.com", home=home)


def _detail(shown: Shown, *trails: Trail) -> dict[str, Any]:
    return console_pages.release_page(Detail(shown, trails), _view(home="../console"))


PAGES: dict[str, Callable[[], dict[str, Any]]] = {
    "console-empty": lambda: _overview((EnvironmentView("test"), EnvironmentView("production")), (), (), ()),
    "console-busy": lambda: _overview(ENVIRONMENTS, (IN_PRODUCTION,), (FAILED, RESTORED, *MANY[:3]), ITEMS),
    "console-many": lambda: _overview(ENVIRONMENTS[:1], (IN_PRODUCTION,) * 6, MANY, ITEMS, live=False),
    "console-long": lambda: _overview(
        TWELVE,
        (STRANGE,),
        (replace(STRANGE, record=replace(STRANGE.record, outcome="failed", reason=ARN)),),
        (_item(1, f"{OTHER} {LONG}", state="ineligible", reason=ARN),),
    ),
    "release-waits": lambda: _detail(IN_PRODUCTION, *TRAILS),
    "release-failed": lambda: _detail(replace(FAILED, record=replace(FAILED.record, gates=VERDICTS))),
    "release-back": lambda: _detail(RESTORED, *BACK),
    "release-long": lambda: _detail(STRANGE, replace(TRAILS[1], name=LONG, status="TIMED_OUT")),
    "console-refused": lambda: console_pages.plain_page(
        401, "No session, or it has ended", "`kiro-worker open` prints a new link; whoever may read may run it.", AT
    ),
    "approval-open": lambda: pages.open_page(APPROVAL, "secret"),
    "approval-long": lambda: pages.open_page(MANY_WORDS, "secret", intent="reject"),
    "approval-frozen": lambda: pages.open_page(
        APPROVAL,
        "secret",
        409,
        "production is frozen by Ada: the fair",
        Decision(True, "Grace", "", "", ""),
        "production is frozen by Ada since 2026-01-31 08:00 UTC: the fair. An approval is refused until the unfreeze.",
    ),
    "approval-approved": lambda: pages.ended_page(
        replace(APPROVAL, state="approved", by="Grace Hopper", decided_at=THEN)
    ),
    "approval-rejected": lambda: pages.ended_page(
        replace(APPROVAL, state="rejected", by=LONG, reason=f"{OTHER} {LONG}")
    ),
    "approval-more": lambda: pages.consented_page(APPROVAL, 200, "One of two has approved; one more is needed."),
    "approval-unknown": lambda: pages.plain_page(404, "No such request", "The link is incomplete or wrong."),
}
