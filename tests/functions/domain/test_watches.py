"""What a look at an environment means, for every mixture of alarms and services."""

from dataclasses import replace
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from functions.domain.watches import Accepted, AlarmReading, Before, Probe, baseline, judge

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


def ringing(severity: str = "critical", name: str = "errors", since: str = BEFORE) -> AlarmReading:
    """An alarm that rings."""
    return AlarmReading(name, severity, "ALARM", "above 5", since)  # type: ignore[arg-type]


@given(ALARMS, PROBES, NOW, REVIEWED)
def test_a_critical_alarm_always_breaches(
    alarms: list[AlarmReading], probes: list[Probe], now: str, reviewed: list[str]
) -> None:
    """Whatever else is seen, whoever reviewed what, and however late it is."""
    seen = judge([*alarms, ringing()], probes, now=now, until=UNTIL, reviewed=reviewed)
    assert seen.outcome == "breached"
    assert "errors" in seen.alarms
    assert seen.breached_at


@given(ALARMS, PROBES, NOW, REVIEWED)
def test_healthy_means_that_nothing_is_wrong(
    alarms: list[AlarmReading], probes: list[Probe], now: str, reviewed: list[str]
) -> None:
    """A watch ends well only when its time is up, every service is well and no alarm rings unseen."""
    seen = judge(alarms, probes, now=now, until=UNTIL, reviewed=reviewed)
    assert (seen.outcome in ("healthy", "watching")) == (
        all(probe.healthy for probe in probes)
        and not any(a.state == "ALARM" and (a.severity == "critical" or a.name not in reviewed) for a in alarms)
    )
    if seen.outcome in ("healthy", "watching"):
        assert (seen.outcome == "healthy") == (now >= UNTIL)


@given(ALARMS, PROBES, NOW, REVIEWED)
def test_the_order_of_what_is_seen_does_not_matter(
    alarms: list[AlarmReading], probes: list[Probe], now: str, reviewed: list[str]
) -> None:
    """The same readings in another order mean the same."""
    one = judge(alarms, probes, now=now, until=UNTIL, reviewed=reviewed)
    other = judge(alarms[::-1], probes[::-1], now=now, until=UNTIL, reviewed=reviewed)
    assert (one.outcome, sorted(one.alarms), one.breached_at) == (
        other.outcome,
        sorted(other.alarms),
        other.breached_at,
    )


def test_a_warning_asks_a_person_until_it_was_reviewed() -> None:
    """R2: a warning pauses; one that a person has seen does not pause again."""
    warning = ringing("warning", "cpu")
    first = judge([warning], [], now=BEFORE, until=UNTIL)
    assert (first.outcome, first.alarms) == ("review", ("cpu",))
    assert judge([warning], [], now=BEFORE, until=UNTIL, reviewed=["cpu"]).outcome == "watching"


def test_a_sick_service_is_worse_than_a_warning() -> None:
    """A service that does not answer is not left to a person's review."""
    seen = judge([ringing("warning")], [Probe("api", healthy=False, reason="500")], now=BEFORE, until=UNTIL)
    assert (seen.outcome, seen.reason, seen.breached_at) == ("breached", "api is not healthy: 500", BEFORE)


def test_the_breach_began_with_the_first_alarm() -> None:
    """R9: the rollback clock starts when the first alarm rang, or now when nobody knows."""
    alarms = [ringing(name="b", since=UNTIL), ringing(name="a", since=BEFORE)]
    assert judge(alarms, [], now=AFTER, until=UNTIL).breached_at == BEFORE
    assert judge([ringing(since="")], [], now=AFTER, until=UNTIL).breached_at == AFTER


def test_an_alarm_that_tells_nothing_is_named() -> None:
    """R1: missing alarms and alarms without data do not pass in silence."""
    alarms = [AlarmReading("gone", "critical", "missing"), AlarmReading("dark", "warning", "INSUFFICIENT_DATA")]
    seen = judge(alarms, [], now=AFTER, until=UNTIL)
    assert seen.outcome == "healthy"
    assert "no alarm is named gone" in seen.reason
    assert "no data for dark" in seen.reason


def test_every_ringing_alarm_is_told_with_its_reason() -> None:
    """The reason says which alarms ring, and why when CloudWatch knows."""
    bare = AlarmReading("bare", "critical", "ALARM")
    assert judge([ringing(), bare], [], now=BEFORE, until=UNTIL).reason == (
        "alarm errors rings: above 5; alarm bare rings"
    )


@given(ALARMS, BEFORES, BEFORES)
def test_a_baseline_does_what_the_strictest_setting_wants(
    alarms: list[AlarmReading], if_ringing: Before, if_blind: Before
) -> None:
    """R1: block before ask before ignore; what rings and what nobody hears are decided each by its own setting."""
    found = baseline(alarms, if_ringing, if_blind)
    wants = {if_ringing for a in alarms if a.state == "ALARM"} | {if_blind for a in alarms if a.state in _BLIND}
    assert found.outcome == ("block" if "block" in wants else "ask" if "ask" in wants else "clear")
    assert set(found.ringing) == {a.name for a in alarms if a.state == "ALARM"}
    assert baseline(alarms[::-1], if_ringing, if_blind).outcome == found.outcome


@given(ALARMS, BEFORES, BEFORES)
def test_a_baseline_names_all_that_is_not_quiet(
    alarms: list[AlarmReading], if_ringing: Before, if_blind: Before
) -> None:
    """R1: also what is let pass, for it goes to the record."""
    found = baseline(alarms, if_ringing, if_blind)
    assert all(a.name in found.reason for a in alarms if a.state != "OK")
    assert (found.reason == "no alarm rings") == all(a.state == "OK" for a in alarms)


@given(ALARMS, PROBES, NOW, REVIEWED, ACCEPTED)
def test_accepted_alarms_count_as_if_they_were_quiet(
    alarms: list[AlarmReading], probes: list[Probe], now: str, reviewed: list[str], accepted: Accepted
) -> None:
    """R1: exactly the ringing that was let pass is not heard; everything else is."""
    quiet = [replace(a, state="OK") if a.state == "ALARM" and accepted.covers(a) else a for a in alarms]
    assert judge(alarms, probes, now=now, until=UNTIL, reviewed=reviewed, accepted=accepted) == judge(
        quiet, probes, now=now, until=UNTIL, reviewed=reviewed
    )


@given(ALARMS, BEFORES, BEFORES)
def test_what_a_baseline_let_pass_ends_no_watch(
    alarms: list[AlarmReading], if_ringing: Before, if_blind: Before
) -> None:
    """As long as it goes on ringing; rung anew after the baseline, every one of it counts again."""
    accepted = Accepted(baseline(alarms, if_ringing, if_blind).ringing, BEFORE)
    assert judge(alarms, [], now=AFTER, until=UNTIL, accepted=accepted).outcome == "healthy"
    anew = [replace(a, since=UNTIL) for a in alarms if a.state == "ALARM"]
    assert judge(anew, [], now=AFTER, until=UNTIL, accepted=accepted) == judge(anew, [], now=AFTER, until=UNTIL)


def test_an_alarm_that_rang_in_the_moment_of_the_baseline_is_the_one_that_was_let_pass() -> None:
    """The baseline notes its time before it reads: what rings after that was not seen."""
    accepted = Accepted(("errors",), BEFORE)
    assert accepted.covers(ringing(since=BEFORE))
    assert not accepted.covers(ringing(since="2026-01-31T08:00:00.001Z"))
    assert not accepted.covers(ringing(name="latency"))
    assert not Accepted().covers(ringing())
