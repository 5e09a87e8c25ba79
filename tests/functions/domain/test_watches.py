"""Judging an environment, for every combination of alarms and probes."""

from typing import get_args

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from functions.domain.watches import (
    Accepted,
    AlarmReading,
    Before,
    Probe,
    Sampling,
    baseline,
    clear_after,
    judge,
    judge_health,
    quiet,
    too_slow_words,
)

BEFORE, UNTIL, AFTER = "2026-01-31T08:00:00.000Z", "2026-01-31T08:05:00.000Z", "2026-01-31T08:06:00.000Z"
ALARMS = st.lists(
    st.builds(
        AlarmReading,
        st.sampled_from(["errors", "latency", "cpu"]),
        st.sampled_from(["critical", "warning"]),
        st.sampled_from(["OK", "ALARM", "INSUFFICIENT_DATA", "missing"]),
        st.sampled_from(["", "above 5"]),
        st.sampled_from(["", BEFORE]),
    )
)
PROBES = st.lists(st.builds(Probe, st.sampled_from(["api", "web"]), st.booleans(), st.just("500")))
NOW = st.sampled_from([BEFORE, UNTIL, AFTER])
ACCEPTED = st.builds(
    Accepted,
    st.lists(st.sampled_from(["errors", "latency", "cpu"])).map(tuple),
    st.sampled_from(["", BEFORE, UNTIL]),
)
_BLIND = ("missing", "INSUFFICIENT_DATA")
BEFORES = st.sampled_from(get_args(Before))
REVIEWED = st.lists(st.sampled_from(["errors", "latency", "cpu"]))


def active(severity: str = "critical", name: str = "errors", since: str = BEFORE) -> AlarmReading:
    """An alarm in ALARM."""
    return AlarmReading(name, severity, "ALARM", "above 5", since)  # type: ignore[arg-type]


@given(ALARMS, PROBES, NOW, REVIEWED)
def test_a_critical_alarm_always_breaches(
    alarms: list[AlarmReading], probes: list[Probe], now: str, reviewed: list[str]
) -> None:
    """A critical alarm is a breach, whatever else is read or was reviewed, and however late it is."""
    seen = judge([*alarms, active()], probes, now=now, until=UNTIL, reviewed=reviewed)
    assert seen.outcome == "breached"
    assert "errors" in seen.alarms
    assert seen.breached_at


@given(ALARMS, PROBES, NOW, REVIEWED)
def test_healthy_means_that_nothing_is_wrong(
    alarms: list[AlarmReading], probes: list[Probe], now: str, reviewed: list[str]
) -> None:
    """A watch is healthy only if its time has passed, every service is healthy and no alarm is in ALARM unreviewed."""
    seen = judge(alarms, probes, now=now, until=UNTIL, reviewed=reviewed)
    assert (seen.outcome in ("healthy", "watching")) == (
        all(probe.healthy for probe in probes)
        and not any(a.state == "ALARM" and (a.severity == "critical" or a.name not in reviewed) for a in alarms)
    )
    if seen.outcome in ("healthy", "watching"):
        assert (seen.outcome == "healthy") == (now >= UNTIL)


@given(ALARMS, PROBES, NOW, REVIEWED)
def test_the_order_of_the_readings_does_not_matter(
    alarms: list[AlarmReading], probes: list[Probe], now: str, reviewed: list[str]
) -> None:
    """The same readings in another order have the same outcome."""
    one = judge(alarms, probes, now=now, until=UNTIL, reviewed=reviewed)
    other = judge(alarms[::-1], probes[::-1], now=now, until=UNTIL, reviewed=reviewed)
    assert (one.outcome, sorted(one.alarms), one.breached_at) == (
        other.outcome,
        sorted(other.alarms),
        other.breached_at,
    )


def test_a_warning_asks_a_person_until_it_was_reviewed() -> None:
    """R2: a warning requires a review; a reviewed warning does not."""
    warning = active("warning", "cpu")
    first = judge([warning], [], now=BEFORE, until=UNTIL)
    assert (first.outcome, first.alarms) == ("review", ("cpu",))
    assert judge([warning], [], now=BEFORE, until=UNTIL, reviewed=["cpu"]).outcome == "watching"


def test_a_sick_service_is_worse_than_a_warning() -> None:
    """An unhealthy service is a breach, even if a warning would require a review."""
    seen = judge([active("warning")], [Probe("api", healthy=False, reason="500")], now=BEFORE, until=UNTIL)
    assert (seen.outcome, seen.reason, seen.breached_at) == ("breached", "api is not healthy: 500", BEFORE)


def test_the_breach_began_with_the_first_alarm() -> None:
    """R9: the rollback clock starts when the first alarm entered ALARM, or now if that is unknown."""
    alarms = [active(name="b", since=UNTIL), active(name="a", since=BEFORE)]
    assert judge(alarms, [], now=AFTER, until=UNTIL).breached_at == BEFORE
    assert judge([active(since="")], [], now=AFTER, until=UNTIL).breached_at == AFTER


def test_an_alarm_that_tells_nothing_is_named() -> None:
    """R1: the reason of a healthy watch names alarms that do not exist or have no data."""
    alarms = [AlarmReading("gone", "critical", "missing"), AlarmReading("dark", "warning", "INSUFFICIENT_DATA")]
    seen = judge(alarms, [], now=AFTER, until=UNTIL)
    assert seen.outcome == "healthy"
    assert "no alarm is named gone" in seen.reason
    assert "no data for dark" in seen.reason


def test_every_alarm_is_named_with_its_reason() -> None:
    """The reason names every alarm in ALARM, with CloudWatch's reason if there is one."""
    bare = AlarmReading("bare", "critical", "ALARM")
    assert judge([active(), bare], [], now=BEFORE, until=UNTIL).reason == (
        "alarm errors is in ALARM: above 5; alarm bare is in ALARM"
    )


@given(ALARMS, BEFORES, BEFORES)
def test_a_baseline_does_what_the_strictest_setting_wants(
    alarms: list[AlarmReading], on_active: Before, on_missing: Before
) -> None:
    """R1: active alarms and alarms without data have one setting each; block precedes ask, ask precedes ignore."""
    found = baseline(alarms, on_active, on_missing)
    wants = {on_active for a in alarms if a.state == "ALARM"} | {on_missing for a in alarms if a.state in _BLIND}
    assert found.outcome == ("block" if "block" in wants else "ask" if "ask" in wants else "clear")
    assert set(found.in_alarm) == {a.name for a in alarms if a.state == "ALARM"}
    assert baseline(alarms[::-1], on_active, on_missing).outcome == found.outcome


@given(ALARMS, BEFORES, BEFORES)
def test_a_baseline_names_every_alarm_that_is_not_ok(
    alarms: list[AlarmReading], on_active: Before, on_missing: Before
) -> None:
    """R1: the reason names every alarm that is not OK, also an accepted one, because it is recorded."""
    found = baseline(alarms, on_active, on_missing)
    assert all(a.name in found.reason for a in alarms if a.state != "OK")
    assert (found.reason == "no alarm is in ALARM") == all(a.state == "OK" for a in alarms)


@given(ALARMS, PROBES, NOW, REVIEWED, ACCEPTED)
def test_accepted_alarms_count_as_ok(
    alarms: list[AlarmReading], probes: list[Probe], now: str, reviewed: list[str], accepted: Accepted
) -> None:
    """R1: accepted alarms, and no others, count as OK."""
    as_ok = [replace(a, state="OK") if a.state == "ALARM" and accepted.covers(a) else a for a in alarms]
    assert judge(alarms, probes, now=now, until=UNTIL, reviewed=reviewed, accepted=accepted) == judge(
        as_ok, probes, now=now, until=UNTIL, reviewed=reviewed
    )


@given(ALARMS, BEFORES, BEFORES)
def test_an_alarm_that_a_baseline_accepted_ends_no_watch(
    alarms: list[AlarmReading], on_active: Before, on_missing: Before
) -> None:
    """An accepted alarm counts again only when it enters ALARM again after the baseline."""
    accepted = Accepted(baseline(alarms, on_active, on_missing).in_alarm, BEFORE)
    assert judge(alarms, [], now=AFTER, until=UNTIL, accepted=accepted).outcome == "healthy"
    anew = [replace(a, since=UNTIL) for a in alarms if a.state == "ALARM"]
    assert judge(anew, [], now=AFTER, until=UNTIL, accepted=accepted) == judge(anew, [], now=AFTER, until=UNTIL)


def test_an_alarm_is_accepted_up_to_the_time_of_the_baseline() -> None:
    """The time of the baseline is taken before its reading: an alarm after that time was not accepted."""
    accepted = Accepted(("errors",), BEFORE)
    assert accepted.covers(active(since=BEFORE))
    assert not accepted.covers(active(since="2026-01-31T08:00:00.001Z"))
    assert not accepted.covers(active(name="latency"))
    assert not Accepted().covers(active())


SAMPLED = st.builds(Sampling, st.sampled_from(["", "api", "web"]), st.integers(1, 5))


@given(ALARMS, st.lists(PROBES, max_size=8), SAMPLED)
def test_only_own_parts_bad_often_enough_in_a_row_breach(
    alarms: list[AlarmReading], samples: list[list[Probe]], sampling: Sampling
) -> None:
    """R13: the watch breaches by probes exactly when an own part was unhealthy in each of the last samples needed."""
    calm = [a for a in alarms if a.state != "ALARM"]
    in_a_row: dict[str, int] = {}
    for probes in samples:
        found = judge(calm, probes, now=BEFORE, until=UNTIL, sampling=replace(sampling, bad=in_a_row))
        bad = {p.part for p in probes if not p.healthy and sampling.own in ("", p.part)}
        in_a_row = {part: in_a_row.get(part, 0) + 1 for part in bad}
        breached = any(times >= sampling.needed for times in in_a_row.values())
        assert found.outcome == ("breached" if breached else "unhealthy" if bad else "watching")


@given(ALARMS, PROBES, SAMPLED)
def test_no_unhealthy_part_goes_unnamed(alarms: list[AlarmReading], probes: list[Probe], sampling: Sampling) -> None:
    """Every unhealthy part is in the reason, whoever delivers it, unless an alarm or a warning decides first."""
    calm = [a for a in alarms if a.state != "ALARM"]
    for now in (BEFORE, AFTER):
        reason = judge(calm, probes, now=now, until=UNTIL, sampling=sampling).reason
        assert all(p.part in reason for p in probes if not p.healthy)
    assert all(p.part in judge_health(probes, sampling)[1] for p in probes if not p.healthy)


@given(ALARMS, NOW, ACCEPTED)
def test_a_rollback_waits_for_critical_alarms_until_its_deadline(
    alarms: list[AlarmReading], now: str, accepted: Accepted
) -> None:
    """R5: quiet exactly when no critical alarm but accepted ones is in ALARM; others are awaited, then named."""
    active = [a for a in alarms if a.state == "ALARM" and a.severity == "critical" and not accepted.covers(a)]
    found = quiet(alarms, now=now, until=UNTIL, accepted=accepted)
    assert found.outcome == ("quiet" if not active else "waiting" if now < UNTIL else "in alarm")
    assert all(a.name in found.reason for a in active)


@given(st.lists(st.integers(0, 2000)), st.integers(1, 900))
def test_the_slowest_alarm_sets_the_deadline_within_the_budget(ranges: list[int], most: int) -> None:
    """R5: an unknown range may take all of the time, and nothing takes more."""
    alarms = [AlarmReading(f"a{n}", "critical", "ALARM", clears_after=one) for n, one in enumerate(ranges)]
    assert clear_after(alarms, most) == (0 if not ranges else most if 0 in ranges else min(most, max(ranges)))


def test_alarms_that_a_watch_is_too_short_for_are_named() -> None:
    """R1: one that needs as long as the watch can't be in ALARM before its end; unknown ranges are not named."""
    alarms = [AlarmReading(f"a{seconds}", "critical", "OK", rises_after=seconds) for seconds in (0, 299, 300, 900)]
    assert [words.split()[1] for words in too_slow_words(alarms, 300)] == ["a300", "a900"]
    assert too_slow_words(alarms[2:3], 300) == ["alarm a300 needs 300 s of bad data, and the watch ends after 300 s"]
    assert len(too_slow_words(alarms, 0)) == 3
    assert too_slow_words(alarms, None) == []
    before = baseline(alarms, "block", "block", 300)
    assert (before.outcome, before.too_slow) == ("clear", ("a300", "a900")), "a warning decides nothing"
    assert "no alarm is in ALARM; alarm a300 needs" in before.reason


def test_a_critical_alarm_that_is_deleted_meanwhile_needs_a_review() -> None:
    """R1: nothing watches for what it would have told; one that never existed is only named, as before."""
    before = [AlarmReading("errors", "critical", "OK"), AlarmReading("cpu", "warning", "OK")]
    existing = Accepted((), BEFORE, baseline(before, "block", "ignore").existing)
    after = [replace(one, state="missing") for one in (*before, AlarmReading("latency", "critical", "missing"))]
    seen = judge(after, [], now=AFTER, until=UNTIL, accepted=existing)
    assert (seen.outcome, seen.alarms) == ("review", ("errors",))
    assert seen.reason == "critical alarm errors was deleted after the release began"
    assert judge(after, [], now=AFTER, until=UNTIL, accepted=existing, reviewed=["errors"]).outcome == "healthy"
    assert judge(after, [], now=AFTER, until=UNTIL).outcome == "healthy"
