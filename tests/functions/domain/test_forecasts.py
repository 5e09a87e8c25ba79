"""Forecasts: the plan with gates, approvals, locks, freezes, windows and durations."""

from datetime import UTC, datetime

from functions.domain.environments import Environment, Freeze
from functions.domain.forecasts import forecast, stage_seconds
from functions.domain.locks import Contender, Lock, Waiter
from functions.domain.manifests import AfterDeploy, GateSettings, Part
from functions.domain.plans import PartPlan, Plan, SkippedPart, StagePlan
from functions.domain.windows import Window
from functions.gates import registry
from tests.functions.samples import NOW, RELEASE, SERVICE, environment

BUILD: GateSettings = {"tests": {"junit": ["junit.xml"]}, "coverage": {"cobertura": "c.xml"}}
SATURDAY = datetime(2026, 1, 31, 8, tzinfo=UTC)
OWNER = Contender("arn:e", "main-other", None, "release other")


def demanded(settings: GateSettings, stage: StagePlan) -> dict[str, tuple[str, ...]]:
    """The demands of the gates on a release and in one environment, as `kiro-worker plan` collects them."""
    before = registry.forecast_release(settings, (stage,))
    return {"": before, stage.environment.name: registry.forecast_environment(stage.after_deploy)}


def describe(where: Environment, part: Part) -> str:
    """A target's line on what a change of a part affects."""
    return f"{part.name} of {where.name}"


def test_a_forecast_tells_what_would_meet_the_plan() -> None:
    """P11: a forecast has parts with reasons, gates, approvals, lock and waiters, freeze, window and usual duration."""
    where = environment(
        approvers=["grace@example.com"], approvals_needed=1, windows=[Window(["mon"], "09:00", "17:00")]
    )
    stage = StagePlan(
        where,
        (PartPlan(SERVICE, "src changed"),),
        (SkippedPart("hello/infrastructure", "nothing changed"), SkippedPart("api", "it is pinned", pinned=True)),
        AfterDeploy("e2e.yml", {"tests": {"junit": ["e2e.xml"]}, "performance": {"performance": "load.csv"}}),
    )
    locks = {"production": Lock("environment/production", 1, OWNER, NOW, (Waiter(OWNER, NOW),))}
    durations = {"": [1.0, 2.0, 9.0], "production": [3.0]}
    made = Plan("deploy", "", (stage,))
    frozen = {"production": Freeze("disk is full", "grace", NOW)}
    gates = demanded({**BUILD, "security": {"pipAudit": ["pip.json"]}}, stage)
    found = forecast(RELEASE, made, gates, locks, frozen, durations, SATURDAY, describe)
    assert found.outcome == "deploy", "it waits for the unfreeze, and goes on by itself"
    assert found.gates == ("tests: junit.xml", "coverage: 80 %", "security: pip.json")
    (entry,) = found.stages
    assert (entry.parts, entry.pinned) == ({"hello": "src changed"}, ("api",))
    assert entry.skipped == {"hello/infrastructure": "nothing changed", "api": "it is pinned"}
    assert entry.touches == {"hello": "hello of production"}
    assert entry.gates == ("tests: e2e.xml (e2e.yml)", "performance: load.csv")
    assert (entry.approvals, entry.approvers) == (1, ("grace@example.com",))
    assert entry.lock == f"held by main-other since {NOW}: release other; 1 waiting"
    assert entry.frozen == f"since {NOW} by grace: disk is full"
    assert entry.closed == "outside the deployment windows (mon 09:00-17:00 UTC)"
    assert entry.opens_at == "2026-02-02T09:00:00+00:00"
    assert (entry.expected_seconds, found.expected_seconds) == (3.0, 2.0)


def test_what_is_not_known_is_not_told() -> None:
    """Without approval, lock, freeze, history and scanners, their fields are empty."""
    stage = StagePlan(environment(approval=False, approvers=["grace@example.com"]), (), ())
    made = Plan("nothing", "all is as it was", (stage,))
    found = forecast(RELEASE, made, demanded(BUILD, stage), {}, {}, {}, SATURDAY, describe)
    (entry,) = found.stages
    assert (entry.gates, entry.approvals, entry.approvers) == ((), 0, ())
    assert (entry.lock, entry.frozen, entry.closed, entry.opens_at) == ("", "", "", "")
    assert (entry.expected_seconds, found.expected_seconds) == (None, None)
    assert found.gates[2] == "security: no scanner is declared"


def test_durations_are_gathered_by_environment() -> None:
    """Durations of all records are grouped by environment; a record may lack some."""
    found = stage_seconds([environment()], [{"": 5.0, "production": 2.0}, {"production": 4.0}, {}])
    assert found == {"": [5.0], "production": [2.0, 4.0]}
