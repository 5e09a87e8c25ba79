"""Rollback: the order of steps, the results, and the record afterwards."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from functions.domain.environments import Version
from functions.domain.manifests import Part
from functions.domain.rollback import (
    Compensation,
    ReadBack,
    Step,
    after_rollback,
    in_force,
    rollback_version,
    steps,
    verdict,
)
from tests.functions.samples import COMMAND, NOW, SERVICE, state, version

LEDGER = st.lists(
    st.builds(
        Compensation,
        st.sampled_from(["test", "production"]),
        st.integers(0, 11),
        st.builds(Part, st.sampled_from(["a", "b", "c"]), st.just("command"), st.just("build")),
        st.none() | st.just(version()),
        st.none() | st.just(COMMAND),
        st.just(NOW),
    ),
    unique_by=lambda entry: (entry.environment, entry.order),
)
READ = st.builds(
    ReadBack,
    st.sampled_from(["a", "b"]),
    st.none() | st.sampled_from(["1", "2"]),
    st.none() | st.sampled_from(["1", "2"]),
    st.none() | st.booleans(),
)


@given(LEDGER)
def test_the_last_change_goes_back_first(ledger: list[Compensation]) -> None:
    """R4: only compensations of this environment, in reverse order, without first releases."""
    back = steps(ledger, "production")
    mine = sorted((c for c in ledger if c.environment == "production" and c.before), key=lambda c: -c.order)
    assert [step.to for step in back] == [c.before for c in mine]
    assert [step.part for step in back] == [c.definition_before or c.part for c in mine]
    assert steps(ledger[::-1], "production") == back


def test_a_part_goes_back_as_it_was_defined_then() -> None:
    """A command whose buildspec was renamed is restored with the earlier buildspec."""
    entry = Compensation("production", 0, SERVICE, version(), COMMAND, NOW)
    assert steps([entry], "production") == (Step(COMMAND, version()),)


@given(st.lists(READ))
def test_restored_means_that_everything_reads_back(parts: list[ReadBack]) -> None:
    """R4: one wrong or unhealthy part makes the result unknown; first releases make it partly."""
    end, reason = verdict(parts)
    wrong = any(p.meant is not None and (p.found != p.meant or p.healthy is False) for p in parts)
    first = any(p.meant is None for p in parts)
    assert end == ("unknown" if wrong else "partly" if first else "restored")
    assert reason


def test_the_reason_says_what_runs() -> None:
    """The reason names the commit and the version that a part is back at, or how it differs from them."""
    back = [ReadBack("a", "1", "1", None, "d6361fd0" * 5), ReadBack("b", "2", "2", None)]
    assert verdict(back)[1] == "a is back at d6361fd0d636 (version 1); b is back at version 2"
    assert verdict([ReadBack("a", "d6361fd0" * 5, "d6361fd0" * 5, None, "d6361fd0" * 5)])[1] == (
        "a is back at d6361fd0d636"
    )
    assert verdict([ReadBack("a", "1", "2", None)])[1] == "a runs 2 instead of 1"
    assert verdict([ReadBack("a", "1", None, None)])[1] == "a runs an unknown version instead of 1"
    assert verdict([ReadBack("a", "1", "1", healthy=False)])[1] == "a runs 1 but is not healthy"
    assert verdict([])[1] == "nothing had been changed"


def test_the_record_after_a_rollback_says_what_runs() -> None:
    """The restored version and definition are recorded; outputs are kept."""
    broken = state(SERVICE, version("f" * 40, "2"), good=version(), outputs={"url": "x"})
    after = after_rollback(broken, Step(SERVICE, version()))
    assert (after.running, after.good, after.definition, after.outputs) == (version(), version(), SERVICE, {"url": "x"})
    assert after_rollback(after, Step(SERVICE, version())) == after
    assert after_rollback(replace(broken, in_doubt="main-that-died"), Step(SERVICE, version())) == after


def test_what_was_never_verified_is_no_way_back() -> None:
    """R4: the last known good version is restored instead of an unverified running one."""
    left = state(running=version("c" * 40, "3"), good=version())
    assert rollback_version(left, "3") == version()
    assert rollback_version(state(), "1") == version()
    assert rollback_version(replace(left, good=None), "3") == left.running


def test_a_version_made_by_hand_is_a_way_back() -> None:
    """A running version that is not the recorded one is restored; None if nothing runs."""
    assert rollback_version(state(), "7") == Version("", "", "", "", "7", "")
    assert rollback_version(None, "7") == Version("", "", "", "", "7", "")
    assert rollback_version(state(), None) is None


def test_behind_what_is_in_doubt_lies_the_last_known_good() -> None:
    """For a part in doubt the last known good is restored, or the running version without one."""
    assert rollback_version(state(in_doubt="main-that-died"), "7") == version()
    assert rollback_version(state(in_doubt="main-that-died", good=None), "7") == Version("", "", "", "", "7", "")
    assert rollback_version(state(in_doubt="main-that-died"), None) is None


def test_a_late_rollback_leaves_a_newer_release_alone() -> None:
    """P3: an entry is in force while its change, or the version before it, is the recorded one."""
    before, ours, newer = version(), version("b" * 40, "2"), version("c" * 40, "3")
    entry = Compensation("production", 0, SERVICE, before, SERVICE, NOW, before)

    def rolls(running: Version | None) -> bool:
        return bool(in_force([entry], "production", ours.deployment_id, {"hello": state(running=running)}))

    assert [rolls(running) for running in (before, ours, newer)] == [True, True, False]
    assert in_force([entry], "production", ours.deployment_id, {}) == ()
    assert in_force([entry], "test", ours.deployment_id, {"hello": state(running=ours)}) == ()
