"""In worlds of releases, gates and time no release enters an environment without the evidence that it demands (G6).

A world is a stack with generated demands, and releases of one repository whose builds, tests and alarms end as they
like. Records are written as the handlers write them; what truly happened is kept apart, and is compared with whatever
the domain lets in.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st
from msgspec.structs import replace

from functions.domain.demands import AFTER, BEFORE, unreported
from functions.domain.environments import Environment
from functions.domain.evidence import Former, Witness, needs_evidence, verdict
from functions.domain.gates import Verdict, all_passed
from functions.domain.manifests import AfterDeploy, GateSettings
from functions.domain.plans import StagePlan
from functions.domain.records import DeploymentRecord, PlannedChange, RollbackRecord
from functions.domain.releases import Release
from functions.domain.soaks import Watched
from tests.functions.samples import environment

Draw = Callable[[st.SearchStrategy[Any]], Any]
START = datetime(2026, 1, 31, 8, tzinfo=UTC)
# Most worlds go well, or no release would come far.
OUTCOMES = st.sampled_from(["passed"] * 11 + ["failed"])


@dataclass
class Truth:
    """What happened to a release: which gates its artifact passed, and in each environment."""

    build: set[str] = field(default_factory=set)
    judged_itself: bool = True
    passed: dict[str, set[str]] = field(default_factory=dict)
    since: dict[str, datetime] = field(default_factory=dict)
    until: dict[str, datetime] = field(default_factory=dict)
    undone: set[str] = field(default_factory=set)


@dataclass
class World:
    """The stack, the manifest, the deployments of its releases, and what runs where (a deployment by environment)."""

    environments: tuple[Environment, ...]
    gates: GateSettings
    after: dict[str, AfterDeploy]
    records: dict[str, DeploymentRecord] = field(default_factory=dict)
    truths: dict[str, Truth] = field(default_factory=dict)
    runs: dict[str, str] = field(default_factory=dict)
    now: datetime = START
    entered: list[tuple[str, str]] = field(default_factory=list)


def rarely(draw: Draw) -> bool:
    """Whether something happens that seldom does."""
    return bool(draw(st.integers(0, 9)) == 7)


def sometimes(draw: Draw) -> bool:
    """Whether something happens that does so in many worlds."""
    return bool(draw(st.integers(0, 2)) == 1)


def names(draw: Draw, gates: tuple[str, ...]) -> list[str]:
    """All of these gates, and sometimes only some."""
    some: list[str] = draw(st.lists(st.sampled_from(gates), unique=True))
    return some if rarely(draw) else list(gates)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A stack with one to four environments, and a manifest that names what it likes."""
    environments = tuple(
        environment(
            name=f"e{number}",
            demanded_gates=draw(st.lists(st.sampled_from((*BEFORE, *AFTER)), unique=True, max_size=2)),
            soak_minutes=draw(st.sampled_from([0, 30])),
        )
        for number in range(draw(st.integers(1, 4)))
    )
    after = {
        one.name: AfterDeploy("a.yml", {name: {} for name in names(draw, AFTER)})
        for one in environments
        if not sometimes(draw)
    }
    return World(environments, {name: {} for name in names(draw, BEFORE)}, after)


def build(world: World, name: str, draw: Draw, *, emergency: bool) -> bool:
    """Build and judge a release as CheckGates does; False if it goes no further."""
    release = Release("acme/hello", "refs/heads/main", name * 40, emergency=emergency)
    verdicts = [Verdict(gate, draw(OUTCOMES), "") for gate in world.gates if not rarely(draw)]
    truth = world.truths[name] = Truth({one.name for one in verdicts if one.outcome == "passed"}, not rarely(draw))
    judged = [Verdict("build", "passed", ""), *verdicts]
    stages = [StagePlan(one, (), (), None if emergency else world.after.get(one.name)) for one in world.environments]
    known = {one.name for one in judged} | (set() if all_passed(judged) else set(world.gates))
    judged += unreported(stages, world.gates, known, emergency=emergency)
    world.records[name] = DeploymentRecord(
        name,
        release,
        gates=tuple(judged),
        artifact_digest="abc" if truth.judged_itself else "",
        planned={one.name: PlannedChange(artifact="build.zip") for one in world.environments},
    )
    return all_passed(judged) or sometimes(draw)  # an execution that was started by hand has skipped the check


def enters(world: World, name: str, number: int, draw: Draw) -> bool:
    """Ask the domain, as CheckEvidence does, and wait where it says so."""
    place, former = world.environments[number], world.environments[number - 1] if number else None
    while True:
        before = None
        if former and needs_evidence(former):
            brought = world.runs.get(former.name)
            witness = witness_of(world, brought, former.name) if brought else None
            before = Former(former, (witness,) if witness else (), () if brought else ("hello",))
        found = verdict(place, world.records[name], before, world.now)
        event(found.outcome)
        if found.outcome != "soaking":
            return found.outcome == "complete"
        assert datetime.fromisoformat(found.until) > world.now
        world.now = datetime.fromisoformat(found.until)
        if former and sometimes(draw):
            undo(world, world.runs[former.name], former.name)


def witness_of(world: World, name: str, place: str) -> Witness:
    """What the records say of the deployment that runs in an environment."""
    truth, record = world.truths[name], world.records.get(name)
    since, until = truth.since[place], truth.until.get(place)
    watched = Watched("ABORTED" if until else "RUNNING", since.isoformat(), until.isoformat() if until else "")
    return Witness(name, record, watched)


def undo(world: World, name: str, place: str) -> None:
    """An alarm: the enhanced watch rolls a release back."""
    world.truths[name].undone.add(place)
    world.truths[name].until[place] = world.now
    if name in world.records:
        record = world.records[name]
        world.records[name] = replace(record, rollback={**record.rollback, place: RollbackRecord("restored")})


def test_in(world: World, name: str, place: Environment, draw: Draw, *, emergency: bool) -> bool:
    """Run the suites as a stage does; False if the release is rolled back."""
    declared = world.after.get(place.name)
    suites = declared.gates if declared and not emergency else {}
    verdicts = tuple(Verdict(gate, draw(OUTCOMES), "") for gate in suites)
    truth, record = world.truths[name], world.records[name]
    truth.passed[place.name] = {one.name for one in verdicts if one.outcome == "passed"}
    world.records[name] = replace(record, gates_after={**record.gates_after, place.name: verdicts})
    return all(one.outcome == "passed" for one in verdicts)


test_in.__test__ = False  # type: ignore[attr-defined] # it is no test


def check(world: World, name: str, number: int, *, emergency: bool) -> None:
    """Compare an entry with what truly happened."""
    place = world.environments[number]
    truth = world.truths[name]
    assert truth.judged_itself, f"{name}: nobody judged the artifact that enters {place.name}"
    assert {one for one in place.demanded_gates if one in BEFORE} <= truth.build, f"{name} enters {place.name}"
    if emergency or not number:
        return
    former = world.environments[number - 1]
    demanded = {one for one in former.demanded_gates if one in AFTER}
    if not demanded and not former.soak_minutes:
        return
    brought = world.truths[world.runs[former.name]]
    assert former.name not in brought.undone, f"{name} enters {place.name} although it was undone in {former.name}"
    assert demanded <= brought.passed[former.name], f"{name} enters {place.name} untested"
    ran = (brought.until.get(former.name) or world.now) - brought.since[former.name]
    assert ran >= timedelta(minutes=former.soak_minutes), f"{name} enters {place.name} after {ran}"


@given(st.data())
def test_no_release_enters_without_its_evidence(data: st.DataObject) -> None:
    """G6: not with evidence that is missing, stale or of another artifact, whatever a manifest names."""
    world, draw = data.draw(worlds()), data.draw
    for name in "abcd"[: draw(st.integers(1, 4))]:
        emergency = sometimes(draw)
        if not build(world, name, draw, emergency=emergency):
            continue
        for number, place in enumerate(world.environments):
            if sometimes(draw):  # none of its paths changed: what runs here came from another deployment
                continue
            if not enters(world, name, number, draw):
                break
            check(world, name, number, emergency=emergency)
            world.entered.append((name, place.name))
            before = world.runs.get(place.name)
            if before:
                world.truths[before].until.setdefault(place.name, world.now)
            world.now += timedelta(minutes=draw(st.integers(0, 5)))
            if not test_in(world, name, place, draw, emergency=emergency):
                break
            world.runs[place.name] = name
            world.truths[name].since[place.name] = world.now
            world.now += timedelta(minutes=draw(st.sampled_from([0, 20, 40])))
            if sometimes(draw):
                undo(world, name, place.name)
            if rarely(draw) and before:
                world.records.pop(before, None)  # its record has expired
    event(f"{len(world.entered)} entries")
