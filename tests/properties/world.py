"""A world in memory: environments, locks, records and what truly runs, moved by the domain's own decisions.

An execution is a generator of steps; a step may come twice, an execution may die between two steps, and the event of
its end may come late, twice, or after others have gone on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from functions.domain.environments import Environment, PartState, Version
from functions.domain.gates import Verdict, all_passed
from functions.domain.locks import Contender, Lease, Lock, LockResult, Mode, release, request
from functions.domain.manifests import Manifest, Part
from functions.domain.plans import Change, Plan, plan
from functions.domain.rollback import Compensation, ReadBack, after_rollback, in_force, rollback_version, steps, verdict
from functions.domain.watches import AlarmReading, judge

ENVIRONMENTS = tuple(
    Environment(name, "eu-central-1", "", "", name == "production", 60, 0, 2, 0, 80)
    for name in ("test", "staging", "production")
)
PARTS = [Part(name, "lambda", "call", settings={"function": name}) for name in ("hello", "worker")]
MANIFEST = Manifest("hello", "build.yml", PARTS)
Steps = Generator[Callable[[], Any], Any, None]


class StaleError(Exception):
    """A write under a number older than one that was seen."""


@dataclass
class Execution:
    """One run of a workflow; `result` is what it ended with."""

    name: str
    steps: Steps
    release: str
    environment: str = ""
    rollback: bool = False
    parent: Execution | None = None
    alive: bool = True
    killed: bool = False
    began: int = 0
    answer: Any = None


@dataclass
class World:
    """Everything there is; nothing here decides what the domain decides."""

    mode: Mode = "superseded"
    now: int = 0
    executions: dict[str, Execution] = field(default_factory=dict)
    ended: list[Execution] = field(default_factory=list)
    locks: dict[str, Lock] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    holders: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    truth: dict[tuple[str, str], str] = field(default_factory=dict)
    states: dict[tuple[str, str], PartState] = field(default_factory=dict)
    ledgers: dict[str, dict[tuple[str, str], Compensation]] = field(default_factory=lambda: defaultdict(dict))
    stages: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    outcomes: dict[str, str] = field(default_factory=dict)
    told: list[tuple[str, str]] = field(default_factory=list)
    frozen: dict[str, str] = field(default_factory=dict)
    ringing: set[str] = field(default_factory=set)
    passed: set[tuple[str, str]] = field(default_factory=set)
    breached: set[tuple[str, str]] = field(default_factory=set)
    rolled: dict[tuple[str, str], int] = field(default_factory=dict)
    blocked: set[str] = field(default_factory=set)
    orders: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def begin(self, release_: str) -> None:
        """A first good release runs everywhere."""
        self.orders[release_] = 0
        made = Version(release_, release_, "", "", f"v-{release_}", self.text())
        for place in (environment.name for environment in ENVIRONMENTS):
            self.passed.add((place, release_))
            for part in PARTS:
                self.truth[place, part.name] = made.version
                self.states[place, part.name] = PartState(place, part.name, made, made, part)

    def alive(self, name: str) -> bool:
        """What Step Functions says of an execution."""
        return name in self.executions and self.executions[name].alive

    def text(self) -> str:
        """The time as it is written."""
        return f"{self.now:06}"

    def parts(self, environment: str) -> dict[str, PartState]:
        """What the record says runs."""
        return {part: state for (place, part), state in self.states.items() if place == environment}

    def start(self, execution: Execution) -> None:
        """A name starts once."""
        if self.executions.setdefault(execution.name, execution) is execution:
            self.now += 1
            execution.began = self.now

    def advance(self, name: str, *, twice: bool = False) -> None:
        """One step of an execution; a fault in it ends the execution, as its last Catch would."""
        execution = self.executions[name]
        self.now += 1
        try:
            step = execution.steps.send(execution.answer)
        except StopIteration:
            execution.alive = False
            return
        if twice:
            self._do(execution, step)
        self._do(execution, step)

    def _do(self, execution: Execution, step: Callable[[], Any]) -> None:
        try:
            execution.answer = step()
        except StaleError as error:
            execution.answer = error

    def kill(self, name: str) -> None:
        """An execution is stopped; those who wait for it see that later."""
        execution = self.executions[name]
        execution.alive, execution.killed = False, True
        execution.steps.close()
        self.ended.append(execution)
        for place in self.holders.values():
            place.discard(name)

    # --- what a step does -------------------------------------------------------------------------------------------

    def ask(self, who: Execution, *, rollback: bool) -> LockResult:
        """Ask for the environment of an execution."""
        place, order = who.environment, f"{self.orders[who.release]:06}"
        contender = Contender(who.name, who.release, order, "a test", rollback)
        lock = self.locks.get(place, Lock(place))
        answer = request(lock, contender, alive=self.alive, mode=self.mode, now=self.text(), token=who.name)
        self.locks[place] = answer.lock
        if answer.lease:
            if self.holders[place] - {who.name}:
                self.wrong.append(f"{who.name} owns {place} beside {self.holders[place]}")
            self.holders[place] = {who.name}
        return answer

    def give(self, place: str, name: str) -> None:
        """Give a lock on."""
        self.holders[place].discard(name)
        lock = self.locks.get(place, Lock(place))
        answer = release(lock, name, alive=self.alive, now=self.text())
        self.locks[place] = answer.lock

    def fence(self, lease: Lease) -> None:
        """Every write carries its number."""
        if lease.fence < self.seen[lease.key]:
            raise StaleError(lease.key)
        self.seen[lease.key] = lease.fence

    def write_ledger(self, release_: str, place: str, part: Part, order: int, lease: Lease) -> None:
        """The first entry of a part stays."""
        self.fence(lease)
        state = self.states.get((place, part.name))
        before = rollback_version(state, self.truth.get((place, part.name)))
        entry = Compensation(
            place,
            order,
            part,
            before,
            state.definition if state else None,
            self.text(),
            state.running if state else None,
        )
        self.ledgers[release_].setdefault((place, part.name), entry)
        if state is None or state.running is None or state.running.deployment_id != release_:
            self.doubt(release_, place, part.name)

    def doubt(self, release_: str, place: str, part: str) -> None:
        """What runs is about to change, and is known again once that is recorded."""
        state = self.states.get((place, part)) or PartState(place, part)
        self.states[place, part] = replace(state, in_doubt=release_)

    def apply(self, release_: str, place: str, part: Part, lease: Lease) -> None:
        """The thing itself changes."""
        self.fence(lease)
        if release_ in self.blocked:
            self.wrong.append(f"{release_} was blocked, and is applied to {place}")
        names = [e.name for e in ENVIRONMENTS]
        if names.index(place) and (names[names.index(place) - 1], release_) not in self.passed:
            self.wrong.append(f"{release_} enters {place} without having passed the environment before")
        running = self.states.get((place, part.name))
        if running and running.running and self.orders.get(running.running.commit, 0) > self.orders[release_]:
            self.wrong.append(f"{release_} overwrites the newer {running.running.commit} in {place}")
        self.truth[place, part.name] = f"v-{release_}"

    def record(self, release_: str, place: str, part: Part, lease: Lease) -> None:
        """What runs is written down."""
        self.fence(lease)
        known = self.states.get((place, part.name))
        made = Version(release_, release_, "", "", f"v-{release_}", self.text())
        self.states[place, part.name] = PartState(place, part.name, made, known.good if known else None, part)

    def record_good(self, release_: str, place: str, lease: Lease) -> None:
        """What was watched is good."""
        self.fence(lease)
        for part, state in self.parts(place).items():
            if not state.in_doubt:
                self.states[place, part] = replace(state, good=state.running)
        self.passed.add((place, release_))

    def plan_rollback(self, release_: str, place: str, wanted: Sequence[Any], lease: Lease) -> None:
        """Whatever goes back is in doubt until it is back."""
        self.fence(lease)
        for step in wanted:
            self.doubt(release_, place, step.part.name)

    def restore(self, place: str, part: str, version: Version, step: Any, lease: Lease) -> None:
        """One step back: the thing, then its record."""
        self.fence(lease)
        self.truth[place, part] = version.version
        self.states[place, part] = after_rollback(self.states.get((place, part)) or PartState(place, part), step)

    def record_rollback(self, release_: str, place: str, result: str) -> None:
        """An unknown end freezes; one that went well after all takes its own freeze back."""
        self.rolled[release_, place] = self.now
        if result == "unknown":
            self.frozen.setdefault(place, release_)
        elif result == "restored" and self.frozen.get(place) == release_:
            del self.frozen[place]

    def conclude(self, release_: str, outcome: str) -> str:
        """Whoever concludes first is right."""
        return self.outcomes.setdefault(release_, outcome)

    def tell(self, release_: str) -> None:
        """Say the outcome that stands."""
        self.told.append((release_, self.outcomes[release_]))

    def look(self, place: str, until: int) -> Any:
        """One look of a watch."""
        reading = AlarmReading("errors", "critical", "ALARM" if place in self.ringing else "OK")
        return judge([reading], [], now=self.text(), until=f"{until:06}")

    def plan(self, release_: str) -> Plan:
        """What a release changes."""
        running = {e.name: self.parts(e.name) for e in ENVIRONMENTS}
        commits = {s.running.commit for parts in running.values() for s in parts.values() if s.running}
        mine = self.orders[release_]
        changes = {
            commit: Change("behind" if self.orders[commit] > mine else "ahead", ("changed",))
            for commit in commits - {"", release_}
        } | {release_: Change("identical", ())}
        made = plan(MANIFEST, ENVIRONMENTS, running, changes, release_)
        ice = [stage.environment.name for stage in made.stages if stage.environment.name in self.frozen]
        return Plan("frozen", ice[0]) if ice else made


def deploy(world: World, me: Execution, gates: Sequence[Verdict]) -> Steps:
    """The deployment workflow, step by step."""
    if not all_passed(gates):
        world.blocked.add(me.release)
    made = yield lambda: world.plan(me.release)
    outcome = {"deploy": "deployed", "nothing": "skipped"}.get(made.outcome, made.outcome)
    if made.outcome == "deploy" and not all_passed(gates):
        outcome = "failed"
    touched: list[str] = []
    for share in made.stages if outcome == "deployed" else ():
        place = share.environment.name
        child = Execution(f"{me.name}-{place}", _never(), me.release, place, parent=me)
        child.steps = stage(world, child, [chosen.part for chosen in share.parts])
        yield lambda child=child: world.start(child)  # type: ignore[misc]
        touched.append(place)
        while world.alive(child.name):
            yield _nothing
        result = world.stages[me.release].get(place, "unknown")
        if result == "unknown":
            outcome = yield from _go_back_everywhere(world, me, touched)
        elif result != "passed":
            outcome = result
        if result != "passed":
            break
    yield lambda: world.conclude(me.release, outcome)
    yield lambda: world.tell(me.release)


def _go_back_everywhere(world: World, me: Execution, touched: list[str]) -> Generator[Callable[[], Any], Any, str]:
    results: list[str] = []
    for place in reversed(touched):
        child = Execution(f"{me.name}-{place}-full-rollback", _never(), me.release, place, parent=me, rollback=True)
        child.steps = roll_back(world, child, None, results.append)
        yield lambda child=child: world.start(child)  # type: ignore[misc]
        while world.alive(child.name):
            yield _nothing
    return "unknown" if "unknown" in results or len(results) < len(touched) else "restored"


def stage(world: World, me: Execution, parts: Sequence[Part]) -> Steps:
    """The stage workflow, step by step."""
    place, release_ = me.environment, me.release
    result = "failed"
    answer = yield lambda: world.ask(me, rollback=False)
    while answer.outcome == "waiting":
        answer = yield lambda: world.ask(me, rollback=False)
    newer = any(
        s.running and world.orders.get(s.running.commit, 0) > world.orders[release_]
        for s in world.parts(place).values()
    )
    if answer.outcome == "superseded" or newer:
        result = "superseded"
    elif place not in world.frozen:
        result = yield from _change(world, me, parts, answer.lease)
    yield lambda: world.give(place, me.name)
    yield lambda: world.stages[release_].update({place: result})


def _change(world: World, me: Execution, parts: Sequence[Part], lease: Lease) -> Generator[Callable[[], Any], Any, str]:
    place, release_ = me.environment, me.release
    for order, part in enumerate(parts):
        for work in (
            lambda part=part, order=order: world.write_ledger(release_, place, part, order, lease),
            lambda part=part: world.apply(release_, place, part, lease),
            lambda part=part: world.record(release_, place, part, lease),
        ):
            if isinstance((yield work), StaleError):
                return "failed"
    until = world.now + 3
    seen = yield lambda: world.look(place, until)
    while seen.outcome == "watching":
        seen = yield lambda: world.look(place, until)
    if seen.outcome == "healthy":
        fault = yield lambda: world.record_good(release_, place, lease)
        return "failed" if isinstance(fault, StaleError) else "passed"
    world.breached.add((place, release_))
    results: list[str] = []
    child = Execution(f"{me.name}-rollback", _never(), release_, place, parent=me, rollback=True)
    child.steps = roll_back(world, child, lease, results.append)
    yield lambda: world.start(child)
    while world.alive(child.name):
        yield _nothing
    return results[-1] if results else "unknown"


def roll_back(world: World, me: Execution, lease: Lease | None, say: Callable[[str], None]) -> Steps:
    """The rollback workflow, step by step; without a lease it takes the lock first."""
    place = me.environment
    borrowed = lease is not None
    if lease is None:
        answer = yield lambda: world.ask(me, rollback=True)
        while answer.outcome == "waiting":
            answer = yield lambda: world.ask(me, rollback=True)
        lease = answer.lease
    held = lease
    entries = in_force(list(world.ledgers[me.release].values()), place, me.release, world.parts(place))
    wanted = steps(entries, place)
    fault = yield lambda: world.plan_rollback(me.release, place, wanted, held)
    failed = isinstance(fault, StaleError)
    for one in () if failed else wanted:
        fault = yield lambda one=one: world.restore(place, one.part.name, one.to, one, held)  # type: ignore[misc]
        failed = failed or isinstance(fault, StaleError)
    read = [
        ReadBack(c.part.name, c.before.version if c.before else None, world.truth.get((place, c.part.name)), None)
        for c in entries
    ]
    result = "unknown" if failed else verdict(read)[0]
    yield lambda: world.record_rollback(me.release, place, result)
    if not borrowed:
        yield lambda: world.give(place, me.name)
    yield lambda: say(result)


def end(world: World, dead: Execution) -> None:
    """What `execution_ended` does for an execution that was stopped; it may come twice."""
    if not dead.environment:
        world.conclude(dead.release, "aborted")
        if not any(release_ == dead.release for release_, _ in world.told):
            world.tell(dead.release)
        for place in (environment.name for environment in ENVIRONMENTS):
            child = world.executions.get(f"{dead.name}-{place}")
            if child and child.killed:
                _go_back_alone(world, child)
        return
    world.give(dead.environment, dead.name)
    if dead.rollback:
        if world.rolled.get((dead.release, dead.environment), -1) < dead.began:  # an earlier end was another one's
            world.frozen.setdefault(dead.environment, dead.release)
        return
    if dead.parent is None or not dead.parent.alive:
        _go_back_alone(world, dead)


def _go_back_alone(world: World, dead: Execution) -> None:
    """What a stopped stage had begun to change goes back in an execution of its own; that starts once."""
    touched = any(place == dead.environment for place, _ in world.ledgers[dead.release])
    if touched and dead.environment not in world.stages[dead.release]:
        back = Execution(f"{dead.name}-alone", _never(), dead.release, dead.environment, rollback=True)
        back.steps = roll_back(world, back, None, lambda _: None)
        world.start(back)


def _nothing() -> None:
    return None


def _never() -> Steps:
    yield _nothing
