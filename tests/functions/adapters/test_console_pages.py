"""The pages of the console, from what was read."""

from datetime import UTC, datetime

from msgspec.structs import replace

from functions.adapters.console_pages import View, overview_page, plain_page, release_page
from functions.domain import waiting
from functions.domain.console import BoardItem, Detail, EnvironmentView, Overview, Shown, Trail
from functions.domain.drift import Author, Drift
from functions.domain.gates import Verdict
from functions.domain.locks import Contender, Lock, Waiter
from functions.domain.pins import Pin
from functions.domain.records import DeploymentRecord
from functions.domain.work_items import Record, Stop
from tests.functions.samples import DEPLOYMENT, NOW, RELEASE, SERVICE, state

AT = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
VIEW = View(AT, live=True, tag="tag", github="https://github.example.com", home="console")
OWNER = Contender("arn:1", DEPLOYMENT, None, "release 1", rollback=True)


def test_an_empty_stack_says_so() -> None:
    """No part of the page is missing."""
    page = overview_page(Overview((EnvironmentView("test"),), (), (), ()), VIEW)
    for words in ("nothing runs here yet", "No release moves.", "No release has ended yet.", "The worker has no item."):
        assert words in page["body"]
    assert (page["statusCode"], page["headers"]["etag"]) == (200, '"tag"')
    assert page["headers"]["cache-control"] == "no-store"


def test_an_environment_in_use_names_its_owner_and_the_queue() -> None:
    """A rollback looks like one, and so does a part in doubt; alarms that could not be read are said."""
    lock = Lock("environment/test", 1, OWNER, NOW, (Waiter(OWNER, NOW),))
    doubtful = replace(state(SERVICE), in_doubt=DEPLOYMENT, running=None)
    place = EnvironmentView("test", (doubtful,), lock=lock, unread="its alarms <could> not be read")
    body = overview_page(Overview((place,), (), (), ()), VIEW)["body"]
    for words in ("rolling back", ", 1 behind it", "in doubt", "alarms &lt;could&gt; not be read"):
        assert words in body


def test_pinned_parts_and_drift_are_said() -> None:
    """R14, R15: who pinned it, until what and why, and who changed what runs; the command is code."""
    pin = Pin("test", "hello", "the fault <comes> back", "Ada", NOW)
    drift = Drift("test", "hello", "version 7", "version 8", NOW, Author("arn:eve", NOW, "UpdateAlias"))
    body = overview_page(Overview((EnvironmentView("test", pins=(pin,), drifts=(drift,)),), (), (), ()), VIEW)["body"]
    for words in (
        "by Ada until",
        '<span class="code">kiro-worker unpin</span>',
        "the fault &lt;comes&gt; back",
        "arn:eve",
    ):
        assert words in body
    assert '<section class="card bad">' in body


def test_a_release_without_a_commit_has_its_name() -> None:
    """It failed before it was known; the emergency of another is said."""
    unknown = Shown(DeploymentRecord(DEPLOYMENT, started_at=NOW), waiting.in_step("Begin"))
    urgent = Shown(DeploymentRecord("main-2", replace(RELEASE, emergency=True), started_at=NOW), waiting.of_death())
    body = overview_page(Overview((), (unknown, urgent), (), ()), VIEW)["body"]
    assert f'href="console/{DEPLOYMENT}">{DEPLOYMENT}</a>' in body
    assert "EMERGENCY" in body


def test_what_waits_is_before_what_runs_and_what_failed_before_what_passed() -> None:
    """Of releases and of gates; the gate of an environment names it."""
    runs = Shown(DeploymentRecord("main-1", RELEASE, started_at=NOW), waiting.in_step("Begin"))
    gates = (Verdict("build", "passed", "built"), Verdict("tests", "failed", "1 of 9 tests failed"))
    record = DeploymentRecord("main-2", RELEASE, started_at=NOW, gates=gates[:1], gates_after={"test": gates[1:]})
    waits = Shown(record, waiting.for_soak("test", "", NOW))
    body = overview_page(Overview((), (runs, waits), (), ()), VIEW)["body"]
    assert body.index("console/main-2") < body.index("console/main-1")
    body = release_page(Detail(waits, ()), VIEW)["body"]
    assert body.index("<strong>tests</strong> in test") < body.index("1 of 9 tests failed") < body.index("built")


def test_an_item_that_is_stopped_is_said_to_stop() -> None:
    """A draft has no page to link to."""
    record = Record("PVTI_1", "running", 1, stop=Stop("ada"))
    body = overview_page(Overview((), (), (), (BoardItem(record, waiting.of_item(record)),)), VIEW)["body"]
    assert ">stopping</span>" in body
    assert "<span>PVTI_1</span>" in body


def test_an_execution_of_an_unknown_workflow_is_listed() -> None:
    """Without a drawing."""
    shown = Shown(DeploymentRecord(DEPLOYMENT, RELEASE, started_at=NOW), waiting.in_step("Begin"))
    trail = Trail("new", "name", "TIMED_OUT", NOW, NOW, ())
    body = release_page(Detail(shown, (trail,)), VIEW)["body"]
    assert "timed out" in body
    assert "<svg" not in body
    assert "keeps none of it any more" in release_page(Detail(shown, ()), VIEW)["body"]


def test_a_page_that_says_why_there_is_no_other() -> None:
    """It is not updated, and has the given headers."""
    page = plain_page(405, "No <way>", "run `kiro-worker open`", AT, {"allow": "GET"})
    assert (page["statusCode"], page["headers"]["allow"]) == (405, "GET")
    assert "No &lt;way&gt;" in page["body"]
    assert '<span class="code">kiro-worker open</span>' in page["body"]
    assert "http-equiv" not in page["body"]
