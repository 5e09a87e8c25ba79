"""Comparing two versions: what a sample is, when it is bad, and what never undoes a release (R3, R13)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from functions.domain.comparisons import (
    NOTHING_TO_COMPARE,
    Comparison,
    Figures,
    Limits,
    Samples,
    around,
    compare,
    compare_with_before,
    same_minutes,
    together,
    uncompared,
)
from functions.domain.watches import Probe, Sampling, judge

LIMITS = Limits(error_percent=10, latency_percent=50, requests=50)
NEEDED = 3
BEGAN, UNTIL, PATIENT = "2026-01-31T08:00:00.000Z", "2026-01-31T08:05:00.000Z", "2026-01-31T08:08:00.000Z"
TIMES = st.sampled_from([BEGAN, UNTIL, PATIENT, "1970-01-01T00:00:00.000Z", "2099-12-31T23:59:59.000Z"])


def met(requests: int, errors: float = 0, latency: float = 100) -> Figures:
    """What requests met, each answered after `latency` ms."""
    return Figures(requests, errors, requests, requests * latency)


FIGURES = st.integers(0, 300).flatmap(
    lambda count: st.builds(met, st.just(count), st.integers(0, count), st.sampled_from([0, 40, 100, 900]))
)


def added(one: Figures, other: Figures) -> Figures:
    """The sum of two."""
    return Figures(
        one.requests + other.requests,
        one.errors + other.errors,
        one.answers + other.answers,
        one.milliseconds + other.milliseconds,
    )


def taken(steps: list[tuple[Figures, Figures]]) -> list[Comparison]:
    """The comparisons of a watch in which both versions meet these requests, one pair after the other."""
    samples, new, old, found = Samples(), Figures(), Figures(), []
    for more, beside in steps:
        new, old = added(new, more), added(old, beside)
        samples, comparison = compare(samples, new, old, LIMITS)
        found.append(comparison)
    return found


def outcome(comparison: Comparison, now: str = BEGAN) -> str:
    """What a watch says of a comparison, when alarms and probes are silent."""
    sampling = Sampling("shop", NEEDED)
    return judge((), (), now=now, until=UNTIL, sampling=sampling, comparison=comparison, patient_until=PATIENT).outcome


def test_both_figures_are_named() -> None:
    """R13: the reason says what each version met."""
    limits = Limits(5, 50, 400)
    _, found = compare(Samples(), met(420, 25.62), met(410, 1.64), limits)
    said = "errors 6.1 % of 420 requests with the new version, 0.4 % of 410 with the old one"
    assert (found.outcome, found.reason) == ("worse", said)
    _, slow = compare(Samples(), met(420, latency=301), met(410, latency=200), limits)
    assert (slow.outcome, slow.reason) == ("worse", "latency 301 ms with the new version, 200 ms with the old one")


@pytest.mark.parametrize(
    ("new", "old", "expected"),
    [
        (met(100, 10), met(100), "alike"),
        (met(100, 11), met(100), "worse"),
        (met(100, 31), met(100, 20), "worse"),
        (met(100, 30), met(100, 20), "alike"),
        (met(100, 0), met(100, 50), "alike"),
        (met(100, latency=300), met(100, latency=200), "alike"),
        (met(100, latency=301), met(100, latency=200), "worse"),
        (met(100, latency=50), met(100, latency=0), "alike"),
        (met(100, latency=51), met(100, latency=1), "alike"),
        (met(100, latency=52), met(100, latency=1), "worse"),
        (Figures(100, 100), met(100, 100), "alike"),
        (met(49, 49), met(900), "too few requests"),
        (met(900, 900), met(49), "too few requests"),
    ],
)
def test_limits(new: Figures, old: Figures, expected: str) -> None:
    """R3: percentage points of errors, percent of latency and 50 ms, and enough requests of both versions."""
    samples, found = compare(Samples(), new, old, LIMITS)
    assert found.outcome == expected
    assert samples.bad == found.bad == (expected == "worse")


@given(st.lists(st.tuples(FIGURES, FIGURES), max_size=8))
def test_one_bad_sample_never_undoes_a_release(steps: list[tuple[Figures, Figures]]) -> None:
    """R13: a breach is the last of several bad samples, with no good one between them."""
    in_a_row = 0
    for found in taken(steps):
        in_a_row = {"worse": in_a_row + 1, "alike": 0}.get(found.outcome, in_a_row)
        assert found.bad == in_a_row
        assert (outcome(found) == "breached") == (in_a_row >= NEEDED)


@given(st.lists(FIGURES.filter(lambda one: one.requests > 0), max_size=8), st.integers(1, 9))
def test_an_illness_that_meets_both_versions_never_undoes_a_release(steps: list[Figures], share: int) -> None:
    """R13: what another repository, a network or a table does to both is no fault of the new one, at any share."""

    def part(one: Figures) -> Figures:
        return Figures(one.requests * share, one.errors * share, one.answers * share, one.milliseconds * share)

    others = [Probe("blog/api", healthy=False, reason="503")]
    for found in taken([(one, part(one)) for one in steps]):
        assert found.outcome in ("alike", "too few requests")
        sampling = Sampling("shop", 1)
        assert judge((), others, now=BEGAN, until=UNTIL, sampling=sampling, comparison=found).outcome == "watching"


@given(st.lists(st.tuples(FIGURES, FIGURES), min_size=1, max_size=8), TIMES, TIMES)
def test_a_change_of_the_clock_never_undoes_a_release(
    steps: list[tuple[Figures, Figures]], one: str, other: str
) -> None:
    """R13: the clock decides when a watch ends, never that it failed."""
    found = taken(steps)[-1]
    assert (outcome(found, one) == "breached") == (outcome(found, other) == "breached")


@given(FIGURES, FIGURES)
def test_the_same_figures_are_no_second_sample(new: Figures, old: Figures) -> None:
    """CloudWatch has new figures once a minute, and a watch may read them more often; figures may also get smaller."""
    samples, first = compare(Samples(), new, old, LIMITS)
    again, second = compare(samples, new, old, LIMITS)
    assert (again, second.bad) == (samples, first.bad)
    assert second.outcome == "too few requests"
    less, third = compare(samples, Figures(), Figures(), LIMITS)
    assert (less, third.bad) == (samples, first.bad)


def test_requests_are_collected_until_they_are_a_sample() -> None:
    """A service with few requests is compared, too, only later."""
    found = taken([(met(20, 20), met(200))] * 3)
    assert [one.outcome for one in found] == ["too few requests", "too few requests", "worse"]
    assert found[2].reason.startswith("errors 100.0 % of 60 requests with the new version, 0.0 % of 600 with")


def test_a_bad_sample_is_waited_for_a_while() -> None:
    """A step doesn't end as healthy with a bad sample until others would have come."""
    bad = taken([(met(60, 60), met(60))])[0]
    assert [outcome(bad, now) for now in (BEGAN, UNTIL, PATIENT)] == ["watching", "watching", "healthy"]
    good = taken([(met(60), met(60))])[0]
    assert [outcome(good, now) for now in (BEGAN, UNTIL)] == ["watching", "healthy"]


def test_what_is_not_compared_is_no_sample() -> None:
    """The bad samples so far stay, and the reason says why there is no comparison."""
    found = uncompared(Samples(bad=2), NOTHING_TO_COMPARE)
    assert (found.outcome, found.bad) == ("no old version to compare", 2)
    said = judge((), (), now=UNTIL, until=UNTIL, comparison=NOTHING_TO_COMPARE).reason
    assert said == f"no alarm was in ALARM; {NOTHING_TO_COMPARE.reason}"


def test_only_minutes_count_in_which_both_met_requests() -> None:
    """R13: a minute of one version alone says nothing about the other."""
    minutes = [datetime(2026, 1, 31, 8, tzinfo=UTC) + timedelta(minutes=number) for number in range(4)]
    new = dict(zip(minutes[1:], (met(10, 1), met(20), Figures(errors=1)), strict=True))
    old = dict(zip(minutes[:3], (met(500, 9), met(90), met(180, 2)), strict=True))
    assert same_minutes(new, old) == (met(30, 1), met(270, 2))


CHANGED = datetime(2026, 1, 31, 8, 0, 20, tzinfo=UTC)
LONG_AGO = CHANGED - timedelta(days=3)


def test_the_minutes_of_a_change_count_for_neither_version() -> None:
    """R3: the hour before a change that may take ten minutes, and what comes after it."""
    clock = CHANGED.replace(second=0)
    minutes = {clock + timedelta(minutes=at): met(2 ** (at + 100)) for at in range(-80, 3)}
    new, old = around(minutes, LONG_AGO, CHANGED)
    assert new.requests == 2**101 + 2**102
    assert old.requests == sum(2 ** (at + 100) for at in range(-69, -10))


def test_a_version_that_ran_for_a_short_time_counts_from_its_start() -> None:
    """What ran before it says nothing about it."""
    minutes = {CHANGED.replace(second=0) + timedelta(minutes=at): met(1) for at in range(-80, 3)}
    _, old = around(minutes, CHANGED - timedelta(minutes=15), CHANGED)
    assert old.requests == 4


@pytest.mark.parametrize(
    ("new", "old", "said"),
    [
        (met(60, errors=12), met(600), "errors 20.0 % of 60 requests after the change, 0.0 % of 600 before it"),
        (met(60, latency=200), met(600), "latency 200 ms after the change, 100 ms before it"),
        (met(60, errors=6), met(600), ""),
        (met(60, latency=149), met(600), ""),
        (met(60, errors=36), met(600, errors=300), ""),
    ],
)
def test_a_whole_release_is_compared_with_what_was_before(new: Figures, old: Figures, said: str) -> None:
    """R3: more than ten points more errors, or half as slow again; what failed before as often is not blamed on it."""
    samples, found = compare_with_before(Samples(), new, old, LIMITS)
    assert found.outcome == ("worse" if said else "alike")
    assert found.reason == said or not said
    assert (samples.new, samples.bad) == (new, 1 if said else 0)


def test_each_sample_of_a_whole_release_is_new() -> None:
    """R13: what was counted once is not counted again, and a burst is one sample."""
    old, samples, bad = met(600), Samples(), []
    for new in (met(60, errors=30), met(60, errors=30), met(120, errors=60), met(180, errors=60)):
        samples, found = compare_with_before(samples, new, old, LIMITS)
        bad.append((found.outcome, found.bad))
    assert bad == [("worse", 1), ("too few requests", 1), ("worse", 2), ("alike", 0)]


def test_without_requests_before_a_change_nothing_is_worse() -> None:
    """A first release, and a service that nobody used."""
    _, found = compare_with_before(Samples(), met(900, errors=900), met(49), LIMITS)
    assert found.outcome == "too few requests"
    assert "900 after the change, 49 before it" in found.reason


def test_the_worst_part_decides() -> None:
    """Parts that had too few requests are silent; the others are named, and so is what may not be read."""
    few, fine = Comparison("too few requests", "few"), Comparison("alike", "fine")
    worse = Comparison("worse", "errors", 1)
    assert together({}) is together({"api": few}) is None
    assert together({"web": worse, "api": fine}) == Comparison("worse", "api: fine; web: errors", 1)
    assert together({"web": few, "api": fine}) == Comparison("alike", "api: fine")
    assert together({"web": replace(few, bad=2), "api": fine}) == Comparison(
        "too few requests", "api: fine; web: few", 2
    )
    assert together({"api": Comparison("unread", "denied")}) == Comparison("unread", "api: denied")
