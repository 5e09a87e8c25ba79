"""The way back: order, names of its end, and its record."""

from hypothesis import given
from hypothesis import strategies as st

from functions.domain.environments import PartState
from functions.domain.manifests import Part
from functions.domain.rollback import Compensation, ReadBack, Step, after_rollback, steps, still_ours, verdict
from tests.functions.samples import COMMAND, NOW, SERVICE, state, version

LEDGER = st.lists(
    st.builds(
        Compensation,
        st.sampled_from(["test", "production"]),
        st.integers(0, 11),
        st.builds(Part, st.sampled_from(["a", "b", "c"]), st.just("command")),
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
    """R4: only this environment's compensations, in reverse, without those that have nothing to go back to."""
    back = steps(ledger, "production")
    mine = sorted((c for c in ledger if c.environment == "production" and c.before), key=lambda c: -c.order)
    assert [step.to for step in back] == [c.before for c in mine]
    assert [step.part for step in back] == [c.definition_before or c.part for c in mine]
    assert steps(ledger[::-1], "production") == back


def test_a_part_goes_back_as_it_was_defined_then() -> None:
    """A command whose buildspec was renamed goes back with the earlier buildspec."""
    entry = Compensation("production", 0, SERVICE, version(), COMMAND, NOW)
    assert steps([entry], "production") == (Step(COMMAND, version()),)


@given(st.lists(READ))
def test_restored_means_that_everything_reads_back(parts: list[ReadBack]) -> None:
    """R4: one part that reads back wrong or sick makes the end unknown; first releases make it partly."""
    end, reason = verdict(parts)
    wrong = any(p.meant is not None and (p.found != p.meant or p.healthy is False) for p in parts)
    first = any(p.meant is None for p in parts)
    assert end == ("unknown" if wrong else "partly" if first else "restored")
    assert reason


def test_the_reason_says_what_runs() -> None:
    """Wrong version, nothing at all, and not healthy are told apart."""
    assert verdict([ReadBack("a", "1", "2", None)])[1] == "a runs 2 instead of 1"
    assert verdict([ReadBack("a", "1", None, None)])[1] == "a runs nothing known instead of 1"
    assert verdict([ReadBack("a", "1", "1", healthy=False)])[1] == "a runs 1 but is not healthy"
    assert verdict([])[1] == "nothing had been changed"


def test_the_record_after_a_rollback_says_what_runs() -> None:
    """What runs and how it is defined go back; what was good and put out stays."""
    broken = state(SERVICE, version("f" * 40, "2"), good=version(), outputs={"url": "x"})
    after = after_rollback(broken, Step(SERVICE, version()))
    assert (after.running, after.good, after.definition, after.outputs) == (version(), version(), SERVICE, {"url": "x"})
    assert after_rollback(after, Step(SERVICE, version())) == after


COMMITTED = st.sampled_from(["", "2026-01-01", "2026-01-02", "2026-01-03"])
STATES = st.dictionaries(
    st.sampled_from(["a", "b", "c"]),
    st.none() | COMMITTED.map(lambda at: version(committed_at=at)),
).map(lambda found: {name: PartState("production", name, running) for name, running in found.items()})


@given(LEDGER, STATES, COMMITTED)
def test_what_a_newer_release_has_replaced_is_left_alone(
    ledger: list[Compensation], states: dict[str, PartState], committed_at: str
) -> None:
    """P3: part by part, in the order of the ledger; what runs no newer release, or never ran, is still ours."""
    running = {name: state.running.committed_at for name, state in states.items() if state.running}
    kept = still_ours(ledger, states, committed_at)
    assert list(kept) == [entry for entry in ledger if running.get(entry.part.name, "") <= committed_at]
    assert still_ours(kept, states, committed_at) == kept


def test_a_version_made_by_hand_is_not_newer() -> None:
    """Nobody knows when it was committed: the way back is open."""
    entry = Compensation("production", 0, SERVICE, version(), SERVICE, NOW)
    by_hand = {"hello": state(SERVICE, version("", "9"))}
    assert still_ours([entry], by_hand, "2026-01-01") == (entry,)
