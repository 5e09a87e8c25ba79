"""Decisions of the reconciliation."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain.reconciliation import (
    Ended,
    Listed,
    RunningBuild,
    SeenRefs,
    Sighting,
    is_back,
    is_stray,
    judge_end,
    judge_push,
    new_refs,
    without_record,
)
from functions.domain.records import DeploymentRecord

NOW = "2026-01-31T08:01:00.000Z"
COMMIT = "a" * 40


def push(**changes: Any) -> str:
    """The verdict on a head that was first seen a minute ago."""
    facts: dict[str, Any] = {
        "message": "feat: greet",
        "sighting": Sighting(COMMIT, "2026-01-31T08:00:00.000Z"),
        "now": NOW,
        "grace_seconds": 60,
    }
    return judge_push(**{**facts, **changes})


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, "lost"),
        ({"grace_seconds": 61}, "waiting"),
        ({"message": "docs: words [skip ci]"}, "skipped"),
        ({"sighting": Sighting(COMMIT, "2025-10-01T08:00:00.000Z")}, "forgotten"),
    ],
)
def test_a_head_is_started_once_its_webhook_had_its_time(changes: Any, verdict: str) -> None:
    """P14: its age counts from when the platform first saw it, not from the time of the commit."""
    assert push(**changes) == verdict


@pytest.mark.parametrize(
    ("begun", "back"),
    [
        ("2026-01-31T07:59:00.000Z", True),
        ("2026-01-31T07:59:30.000Z", False),
        ("2026-01-31T08:00:30.000Z", False),
        ("", False),
    ],
)
def test_a_head_is_back_if_its_deployment_began_before(begun: str, back: bool) -> None:
    """P2: a deployment that its own push started began within the grace period, or later."""
    assert is_back(Sighting(COMMIT, "2026-01-31T08:00:00.000Z"), begun, grace_seconds=60) is back


def tags(*numbers: int) -> dict[str, str]:
    """Version tags, newest first."""
    return {f"refs/tags/v1.0.{number}": COMMIT for number in numbers}


@pytest.mark.parametrize(
    ("known", "listed", "new"),
    [
        ((3, 2, 1), Listed(tags(4, 3, 2), all_tags=False), (4, 3, 2)),
        ((4, 3, 2), Listed(tags(3, 2, 1), all_tags=False), (3, 2)),
        ((4, 3, 2), Listed(tags(5, 4, 2, 1), all_tags=False), (5, 4, 2)),
        ((3, 1), Listed(tags(3, 2, 1)), (3, 2, 1)),
        ((), Listed(tags(2, 1), all_tags=False), ()),
    ],
    ids=["one more", "the newest is deleted", "one is deleted and one is new", "all are listed", "nothing is known"],
)
def test_an_old_tag_that_is_listed_again_is_not_new(
    known: tuple[int, ...], listed: Listed, new: tuple[int, ...]
) -> None:
    """P2: it would be deployed although it was delivered long ago; branches are always listed."""
    seen, branch = SeenRefs(NOW, tags(*known)), {"refs/heads/feature/a": COMMIT}
    found = new_refs(seen, Listed({**listed.refs, **branch}, all_tags=listed.all_tags))
    assert found == {**tags(*new), **branch}


def execution(status: str, ended: str = "2026-01-31T08:00:00.000Z") -> Ended:
    """An execution that has this status."""
    return Ended("arn:e", "arn:w", "main-1", status, "2026-01-31T07:00:00.000Z", "" if status == "RUNNING" else ended)


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (None, "unknown"),
        (execution("RUNNING"), "alive"),
        (execution("ABORTED", NOW), "fresh"),
        (execution("ABORTED"), "unsettled"),
        (execution("SUCCEEDED"), "done"),
    ],
)
def test_what_an_execution_left_is_judged_by_its_end(found: Ended | None, verdict: str) -> None:
    """An ended execution is settled after the grace period; one that succeeded needs no rollback."""
    assert judge_end(found, now=NOW, grace_seconds=60) == verdict


@given(st.sampled_from(["RUNNING", "SUCCEEDED", "FAILED", "ABORTED", "TIMED_OUT"]), st.integers(0, 10_000))
def test_the_living_are_never_settled(status: str, grace: int) -> None:
    """Whatever the grace period, a running execution is never settled."""
    verdict = judge_end(execution(status), now=NOW, grace_seconds=grace)
    assert (verdict == "alive") == (status == "RUNNING")


def test_a_record_is_missed_after_a_while() -> None:
    """A running deployment without a record is reported after its grace period."""
    found = execution("RUNNING")
    assert without_record(found, None, now=NOW, grace_seconds=60)
    assert without_record(found, DeploymentRecord("d", status="x"), now=NOW, grace_seconds=60)
    assert not without_record(found, DeploymentRecord("d", started_at=NOW), now=NOW, grace_seconds=60)
    assert not without_record(found, None, now=NOW, grace_seconds=3700)


@pytest.mark.parametrize(
    ("record", "awaited", "deployment", "grace", "stray"),
    [
        (DeploymentRecord("d", outcome="aborted"), False, "main-1", 60, True),
        (None, False, "main-1", 60, True),
        (DeploymentRecord("d", outcome="aborted"), True, "main-1", 60, False),
        (DeploymentRecord("d", status="running"), False, "main-1", 60, False),
        (DeploymentRecord("d", outcome="aborted"), False, "", 60, False),
        (DeploymentRecord("d", outcome="aborted"), False, "main-1", 3700, False),
    ],
)
def test_a_build_is_stray_when_nobody_wants_its_end(
    record: DeploymentRecord | None, awaited: bool, deployment: str, grace: int, stray: bool
) -> None:
    """A build is no orphan if it is awaited, its deployment runs, it has no deployment, or it just started."""
    build = RunningBuild("b:1", deployment, "2026-01-31T07:00:00.000Z")
    assert is_stray(build, record, awaited=awaited, now=NOW, grace_seconds=grace) == stray
