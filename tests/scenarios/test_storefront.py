"""The storefront walks as docs/storefront.md says: its commands ran here, and printed this (M3, M4, M5, R12)."""

import re
from collections.abc import Iterator

import pytest

from local.approver import Approver
from local.executions import Executions
from local.load import share_of
from local.platform import PROJECT, Platform
from local.storefront.settings import SERVICES, WAIT_SCALE, changes
from local.storefront.walk import BAD, CANARY_PERCENT, FIRST, HOTFIX, SECOND, Step, Walk
from tests.scenarios.document import Guide

pytestmark = pytest.mark.long
PATIENCE_SECONDS = 240.0
# The steps of the guide, in its order.
WALK = (
    Walk.set_up,
    Walk.branch,
    Walk.merge,
    Walk.production,
    Walk.bad_image_tested,
    Walk.bad_image,
    Walk.hotfix,
    Walk.back,
)


@pytest.fixture(scope="module")
def guide() -> Guide:
    """The document that is followed."""
    return Guide.read(PROJECT / "docs" / "storefront.md")


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    """A platform of its own with both repositories."""
    made = Platform(tmp_path_factory.mktemp("storefront"), "test", print, changes=changes(), wait_scale=WAIT_SCALE)
    with made as platform:
        approver, executions = (
            Approver(platform.mailbox, "Grace Hopper"),
            Executions(platform.clients, platform.outputs),
        )
        yield Walk(platform, lambda name: executions.await_end(name, PATIENCE_SECONDS, approver.decide_next))


@pytest.fixture(scope="module")
def steps(walk: Walk) -> dict[str, Step]:
    """All steps, each after the one before it was as the guide says."""
    found = {}
    for work in WALK:
        step = work(walk)
        assert step.problems == [], step.title
        found[work.__name__] = step
    return found


def test_the_commands_of_the_guide_ran_and_printed_what_it_shows(
    guide: Guide, walk: Walk, steps: dict[str, Step]
) -> None:
    """M5: both repositories, from a branch to production and back; `…` in the guide stands for any characters."""
    assert len(steps) == len(WALK)
    shown = guide.terminal()
    ran = walk.terminal.ran
    assert [one.command for one in ran] == [command for command, _ in shown]
    for one, (_, output) in zip(ran, shown, strict=True):
        pattern = ".*".join(map(re.escape, output.split("…")))
        assert re.fullmatch(pattern, one.output), one


def test_the_guide_shows_why_the_bad_image_was_taken_back(guide: Guide, steps: dict[str, Step]) -> None:
    """R13: the record names the share and the figures of both versions."""
    (shown,) = guide.texts("A bad image")
    pattern = ".*".join(map(re.escape, shown.strip().split("…")))
    assert re.fullmatch(pattern, steps["bad_image"].record["reason"])


def test_customers_meet_the_old_or_the_new_image_and_never_an_error(steps: dict[str, Step]) -> None:
    """M3: 50 requests a second while production gets a version, a hotfix, and an older tag."""
    for name, before, after in (("production", FIRST, SECOND), ("hotfix", SECOND, HOTFIX), ("back", HOTFIX, SECOND)):
        answers = steps[name].answers
        assert {(one.failed, one.version) for one in answers} == {(False, before), (False, after)}


def test_only_a_share_of_the_requests_meets_a_bad_image(steps: dict[str, Step]) -> None:
    """R12: under 50 requests a second, all that fail were answered by the bad image, and it met no more than 10 %."""
    answers = steps["bad_image"].answers
    assert {one.version for one in answers if one.failed} == {BAD}
    assert {one.version for one in answers} == {SECOND, BAD}
    share = share_of(BAD, answers)
    assert not share.exceeds(CANARY_PERCENT), share


def test_production_takes_the_images_that_staging_proved(steps: dict[str, Step]) -> None:
    """M3: a version is approved, an emergency too; the tests of an environment are left out by the emergency alone."""
    assert steps["production"].running["prod"] == dict.fromkeys(SERVICES, SECOND)
    assert steps["hotfix"].record["request"]["emergency"]
    for name in ("production", "hotfix", "back"):
        assert steps[name].record["approval_prod_deploy"]["by"] == "Grace Hopper", name
