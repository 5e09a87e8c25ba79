"""A forecast: the plan, with what would meet it."""

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
OWNER = Contender("arn:e", "main-other", "2026", "release other")


def demanded(settings: GateSettings, stage: StagePlan) -> dict[str, tuple[str, ...]]:
    """What gates will demand of a release and in one environment, as `kiro plan` gathers it."""
    before = registry.forecast_release(settings, (stage,))
    return {"": before, stage.environment.name: registry.forecast_environment(stage.after_deploy)}


def describe(where: Environment, part: Part) -> str:
    """What a target would say of a part."""
    return f"{part.name} of {where.name}"


def test_a_forecast_tells_what_would_meet_the_plan() -> None:
    """P11: parts in and out, gates, approvals, the lock with its line, a freeze, and the usual duration."""
    where = environment(
        approvers=["grace@example.com"], approvals_needed=1, windows=[Window(["mon"], "09:00", "17:00")]
    )
    stage = StagePlan(
        where,
        (PartPlan(SERVICE, "src changed"),),
        (SkippedPart("hello/infrastructure", "nothing changed"),),
        AfterDeploy("e2e.yml", {"tests": {"junit": ["e2e.xml"]}, "performance": {"performance": "load.csv"}}),
    )
    locks = {"production": Lock("environment/production", 1, OWNER, NOW, (Waiter(OWNER, NOW),))}
    durations = {"": [1.0, 2.0, 9.0], "production": [3.0]}
    made = Plan("deploy", "", (stage,))
    frozen = {"production": Freeze("disk is full", "grace", NOW)}
    gates = demanded({**BUILD, "security": {"pipAudit": ["pip.json"]}}, stage)
    found = forecast(RELEASE, made, gates, locks, frozen, durations, SATURDAY, describe)
    assert (found.outcome, found.reason) == ("frozen", f"production is frozen since {NOW} by grace: disk is full")
    assert found.gates == ("tests: junit.xml", "coverage: 80 %", "security: pip.json")
    (told,) = found.stages
    assert (told.parts, told.skipped) == ({"hello": "src changed"}, {"hello/infrastructure": "nothing changed"})
    assert told.touches == {"hello": "hello of production"}
    assert told.gates == ("tests: e2e.xml (e2e.yml)", "performance: load.csv")
    assert (told.approvals, told.approvers) == (1, ("grace@example.com",))
    assert told.lock == f"held by main-other since {NOW}: release other; 1 in line"
    assert told.frozen == f"since {NOW} by grace: disk is full"
    assert told.closed == "outside the deployment windows (mon 09:00-17:00 UTC)"
    assert told.opens_at == "2026-02-02T09:00:00+00:00"
    assert (told.expected_seconds, found.expected_seconds) == (3.0, 2.0)


def test_what_is_not_known_is_not_told() -> None:
    """No approval, no lock, no freeze, no history, no scanner."""
    stage = StagePlan(environment(approval=False, approvers=["grace@example.com"]), (), ())
    made = Plan("nothing", "all is as it was", (stage,))
    found = forecast(RELEASE, made, demanded(BUILD, stage), {}, {}, {}, SATURDAY, describe)
    (told,) = found.stages
    assert (told.gates, told.approvals, told.approvers) == ((), 0, ())
    assert (told.lock, told.frozen, told.closed, told.opens_at) == ("", "", "", "")
    assert (told.expected_seconds, found.expected_seconds) == (None, None)
    assert found.gates[2] == "security: no scanner is declared"


def test_durations_are_gathered_by_environment() -> None:
    """Records tell what they know."""
    found = stage_seconds([environment()], [{"": 5.0, "production": 2.0}, {"production": 4.0}, {}])
    assert found == {"": [5.0], "production": [2.0, 4.0]}
