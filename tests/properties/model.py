"""A model of the platform in memory: environments, locks, records and running versions, with the domain's decisions.

An execution is a generator of steps. A step may be repeated, an execution may be stopped between two steps, and the
event of its end may come late, twice, or after steps of other executions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from functions.domain.commit_plans import Scope, plan
from functions.domain.environments import Environment, PartState, Version, judged
from functions.domain.gates import Verdict, all_passed
from functions.domain.locks import Contender, Lease, Lock, LockResult, Mode, release, request
from functions.domain.manifests import Manifest, Part
from functions.domain.order import Mark, Order, Passage, is_newer, overtaken
from functions.domain.owners import Claim
from functions.domain.plans import Change, Plan, StagePlan, is_outdated
from functions.domain.requests import Request
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
from functions.domain.triggers import TriggerRules, last_environment, unmerged_refusal
from functions.domain.watches import AlarmReading, judge

ENVIRONMENTS = tuple(
    Environment(name, "eu-central-1", "", "", name == "production", 60, 0, 2, 0, 80)
    for name in ("test", "staging", "production")
)
PARTS = [Part(name, "lambda", "call", settings={"function": name}) for name in ("hello", "worker")]
REPOSITORY = "acme/hello"
CLAIM = Claim(REPOSITORY)
RULES = TriggerRules("main", ("test", "staging", "production"), ("production",), "", "staging", ("feature/*",))
MANIFEST = Manifest("hello", "build.yml", PARTS)
Steps = Generator[Callable[[], Any], Any, None]
StepsWithResult = Generator[Callable[[], Any], Any, str]
# So often a release finds its environment frozen before its time is up.
_FREEZE_QUERIES = 3


class StaleError(Exception):
    """A write with a lower fencing number than an earlier write."""


@dataclass
class Execution:
    """One execution of a workflow; `answer` is the result of its last step."""

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
class Model:
    """The state of the model; every decision is the domain's.

    `truth` holds the running versions, `states` what the records say, `wrong` every violation found. `restored` names
    the release whose rollback was the last to write a part.
    """

    mode: Mode = "superseded"
    now: int = 0
    executions: dict[str, Execution] = field(default_factory=dict)
    ended: list[Execution] = field(default_factory=list)
    locks: dict[str, Lock] = field(default_factory=dict)
    fences: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    holders: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    truth: dict[tuple[str, str], str] = field(default_factory=dict)
    states: dict[tuple[str, str], PartState] = field(default_factory=dict)
    ledgers: dict[str, dict[tuple[str, str], Compensation]] = field(default_factory=lambda: defaultdict(dict))
    stages: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    outcomes: dict[str, str] = field(default_factory=dict)
    announced: list[tuple[str, str]] = field(default_factory=list)
    frozen: dict[str, str] = field(default_factory=dict)
    in_alarm: set[str] = field(default_factory=set)
    passed: set[tuple[str, str]] = field(default_factory=set)
    breached: set[tuple[str, str]] = field(default_factory=set)
    plans: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    rolled: dict[tuple[str, str], int] = field(default_factory=dict)
    restored: dict[tuple[str, str], str] = field(default_factory=dict)
    blocked: set[str] = field(default_factory=set)
    orders: dict[str, int] = field(default_factory=dict)
    branches: dict[str, int] = field(default_factory=dict)
    requests: dict[str, Request] = field(default_factory=dict)
    contents: dict[str, int] = field(default_factory=dict)
    passages: dict[str, Passage] = field(default_factory=lambda: defaultdict(Passage))
    wrong: list[str] = field(default_factory=list)

    def begin(self, release_: str) -> None:
        """Let a first good release run in every environment."""
        self.orders[release_] = 0
        version = self.version(release_)
        for place in (environment.name for environment in ENVIRONMENTS):
            self.passed.add((place, release_))
            for part in PARTS:
                self.truth[place, part.name] = version.version
                self.states[place, part.name] = PartState(place, part.name, version, version, part)

    def alive(self, name: str) -> bool:
        """Whether an execution is running, as Step Functions reports it."""
        return name in self.executions and self.executions[name].alive

    def version(self, release_: str) -> Version:
        """The version that a release deploys now."""
        source, order = f"sources/{REPOSITORY}/{release_}", self.order(release_)
        return Version(release_, release_, source, "", f"v-{release_}", self.text(), order)

    def mark(self, release_: str) -> Mark:
        """A release as it is recorded in an environment; its deployment has the name of the release."""
        return Mark(self.order(release_), release_, release_, release_)

    def reach(self, release_: str, share: StagePlan) -> str:
        """What the handler `reach_environment` answers; older waiters for the lock find the record by themselves."""
        place, mark = share.environment.name, self.mark(release_)
        if overtaken(mark.order, self.passages[place], place, self.alive):
            return "superseded"
        if not share.parts:
            self.note(place, "passed", mark)
        elif self.mode != "queued":
            self.note(place, "arrived", mark)
        owner = self.locks.get(place, Lock(place)).owner
        beside = owner and owner.order and owner.order.branch and not mark.order.branch
        older = owner and (is_newer(mark.order, owner.order) or beside)
        if owner and self.alive(owner.execution) and not owner.rollback and older:
            others = self.plans.get((owner.deployment_id, place), set()) - {one.part.name for one in share.parts}
            if others:
                return "occupied"
        if is_outdated(share, self.parts(place), REPOSITORY):
            return "outdated"
        return "change" if share.parts else "unchanged"

    def note(self, place: str, how: str, mark: Mark) -> None:
        """Record that a release reached or passed an environment; other branches than the main one are apart."""
        name = f"branch_{how}" if mark.order.branch else how
        newest = _newest(getattr(self.passages[place], name), mark)
        self.passages[place] = replace(self.passages[place], **{name: newest})

    def order(self, release_: str) -> Order:
        """The order of a release, as its ancestry gives it."""
        return Order(1, self.orders[release_], self.branches.get(release_, 0))

    def ask(self, release_: str, ref: str, *, merged: bool, late: bool) -> bool:
        """Give a release its request and its order; False if it is refused before anything is started.

        A `late` one is older than a release of the main branch that started before it.
        """
        until = last_environment(ref, "", RULES)
        assert isinstance(until, str)
        request = Request(REPOSITORY, ref, until=until, trigger="push")
        if not merged and unmerged_refusal(request, release_, CLAIM, RULES):
            return False
        head = max([order for name, order in self.orders.items() if not self.branches.get(name)], default=0)
        self.requests[release_] = request
        self.branches[release_] = 0 if merged else 1 + max(self.branches.values(), default=0)
        # No two of the main branch have one order: a late one is just before the release that started last.
        self.orders[release_] = len(self.orders) * 2 + (0 if late else 3) if merged else head
        return True

    def text(self) -> str:
        """The current time as text."""
        return f"{self.now:06}"

    def parts(self, environment: str) -> dict[str, PartState]:
        """The recorded state of an environment's parts."""
        return {part: state for (place, part), state in self.states.items() if place == environment}

    def start(self, execution: Execution) -> None:
        """Start an execution; does nothing when the name was used before, as in Step Functions."""
        if self.executions.setdefault(execution.name, execution) is execution:
            self.now += 1
            execution.began = self.now

    def advance(self, name: str, *, twice: bool = False) -> None:
        """Do the next step of an execution, with `twice` two times; an error becomes the answer of the step."""
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
        """Stop an execution; executions that wait for it see that later."""
        execution = self.executions[name]
        execution.alive, execution.killed = False, True
        execution.steps.close()
        self.ended.append(execution)
        for place in self.holders.values():
            place.discard(name)

    # --- the effects of steps ---

    def request_lock(self, who: Execution, *, rollback: bool) -> LockResult:
        """Request the lock of an execution's environment."""
        place = who.environment
        contender = Contender(who.name, who.release, self.order(who.release), "a test", rollback)
        lock = self.locks.get(place, Lock(place))
        answer = request(lock, contender, alive=self.alive, mode=self.mode, now=self.text(), token=who.name)
        self.locks[place] = answer.lock
        if answer.lease:
            if self.holders[place] - {who.name}:
                self.wrong.append(f"{who.name} owns {place} beside {self.holders[place]}")
            self.holders[place] = {who.name}
        return answer

    def release_lock(self, place: str, name: str) -> None:
        """Release a lock, or leave its queue."""
        self.holders[place].discard(name)
        lock = self.locks.get(place, Lock(place))
        answer = release(lock, name, alive=self.alive, now=self.text())
        self.locks[place] = answer.lock

    def fence(self, lease: Lease) -> None:
        """Check the fencing number of a write; StaleError for a lower one than before."""
        if lease.fence < self.fences[lease.key]:
            raise StaleError(lease.key)
        self.fences[lease.key] = lease.fence

    def write_ledger(self, release_: str, place: str, part: Part, order: int, lease: Lease) -> None:
        """Write a ledger entry; the first entry of a part stays."""
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
        """Mark a part as in doubt, until its version is recorded."""
        state = self.states.get((place, part)) or PartState(place, part)
        self.states[place, part] = replace(state, in_doubt=release_)

    def apply(self, release_: str, place: str, part: Part, lease: Lease) -> None:
        """Change the running version, and check that this release may do so."""
        self.fence(lease)
        if release_ in self.blocked:
            self.wrong.append(f"{release_} was blocked, and is applied to {place}")
        names = [e.name for e in ENVIRONMENTS]
        self.check_reach(release_, place)
        if names.index(place) and (names[names.index(place) - 1], release_) not in self.passed:
            self.wrong.append(f"{release_} enters {place} without having passed the environment before")
        running = self.states.get((place, part.name))
        if running and running.running and is_newer(running.running.order, self.order(release_)):
            self.wrong.append(f"{release_} overwrites the newer {running.running.commit} in {place}")
        self.truth[place, part.name] = f"v-{release_}"
        self.restored.pop((place, part.name), None)

    def check_reach(self, release_: str, place: str) -> None:
        """No release goes farther than its request, and no commit that is not merged into a protected environment."""
        request, branch = self.requests.get(release_), self.branches.get(release_)
        if request and request.until and RULES.environments.index(place) > RULES.environments.index(request.until):
            self.wrong.append(f"{release_} ends in {request.until}, and is applied to {place}")
        if branch and place in RULES.protected:
            self.wrong.append(f"{release_} is not merged, and is applied to {place}")
        if request and "feature" in request.ref and place != RULES.environments[0]:
            self.wrong.append(f"{release_} is of a feature branch, and is applied to {place}")

    def record(self, release_: str, place: str, part: Part, lease: Lease) -> None:
        """Record the version that was applied."""
        self.fence(lease)
        known = self.states.get((place, part.name))
        version = self.version(release_)
        self.states[place, part.name] = PartState(place, part.name, version, known.good if known else None, part)

    def record_good(self, release_: str, place: str, lease: Lease) -> None:
        """Record the running versions as good, except those in doubt."""
        self.fence(lease)
        for state in judged(self.parts(place).values(), REPOSITORY):
            self.states[place, state.part] = replace(state, good=state.running)
        self.note(place, "passed", self.mark(release_))
        self.passed.add((place, release_))

    def plan_rollback(self, release_: str, place: str, wanted: Sequence[Any], lease: Lease) -> None:
        """Mark the parts of a rollback as in doubt."""
        self.fence(lease)
        for step in wanted:
            self.doubt(release_, place, step.part.name)

    def restore(self, release_: str, place: str, step: Step, lease: Lease) -> None:
        """Restore one part that a release changed; first the running version, then its record."""
        self.fence(lease)
        part = step.part.name
        state = self.states.get((place, part)) or PartState(place, part)
        if state.running and is_newer(state.running.order, self.order(release_)):
            self.wrong.append(f"the rollback of {release_} undoes the newer {state.running.commit} in {place}")
        self.truth[place, part] = step.to.version
        self.states[place, part] = after_rollback(state, step)
        self.restored[place, part] = release_

    def record_rollback(self, release_: str, place: str, result: str) -> None:
        """Record the end of a rollback: `unknown` freezes the environment, `restored` ends the release's own freeze."""
        self.rolled[release_, place] = self.now
        for name in ("passed", "branch_passed"):
            passed = getattr(self.passages[place], name)
            if passed and passed.deployment_id == release_:
                self.passages[place] = replace(self.passages[place], **{name: None})
        if result == "unknown":
            self.frozen.setdefault(place, release_)
        elif result == "restored" and self.frozen.get(place) == release_:
            del self.frozen[place]

    def conclude(self, release_: str, outcome: str) -> str:
        """Write the outcome of a deployment; returns the first one that was written."""
        return self.outcomes.setdefault(release_, outcome)

    def announce(self, release_: str) -> None:
        """Announce the recorded outcome of a deployment."""
        self.announced.append((release_, self.outcomes[release_]))

    def read_alarm(self, place: str, until: int) -> Any:
        """Judge one reading of an environment's alarm."""
        reading = AlarmReading("errors", "critical", "ALARM" if place in self.in_alarm else "OK")
        return judge([reading], [], now=self.text(), until=f"{until:06}")

    def plan(self, release_: str) -> Plan:
        """Plan a release."""
        running = {e.name: self.parts(e.name) for e in ENVIRONMENTS}
        commits = {s.running.commit for parts in running.values() for s in parts.values() if s.running}
        changes = {commit: self.compared(commit, release_) for commit in commits - {"", release_}}
        changes |= {release_: Change("identical", ())}
        request = self.requests.get(release_) or Request(REPOSITORY, RULES.main_ref)
        scope = Scope(request.until, order=self.order(release_))
        planned = plan(MANIFEST, ENVIRONMENTS, running, changes, release_, scope)
        for share in planned.stages:
            self.plans[release_, share.environment.name] = {one.part.name for one in share.parts}
        return planned

    def compared(self, base: str, release_: str) -> Change:
        """What GitHub's comparison shows: a branch contains the main branch up to where it was made."""
        ours, theirs = self.branches.get(release_), self.branches.get(base)
        newer = self.orders[base] > self.orders[release_] or bool(theirs and self.orders[base] == self.orders[release_])
        if ours:
            made_of = not theirs and self.orders[base] <= self.orders[release_]
            return Change("ahead", self.files(base, release_)) if made_of else Change("diverged", None)
        if newer:
            return Change("behind", None)
        return Change("diverged", None) if theirs else Change("ahead", self.files(base, release_))

    def files(self, one: str, other: str) -> tuple[str, ...]:
        """The files that differ between two releases; a revert has the content of an earlier one."""
        return ("changed",) if self.contents.get(one) != self.contents.get(other) else ()


def deploy(model: Model, execution: Execution, gates: Sequence[Verdict]) -> Steps:
    """The steps of the workflow `deployment`."""
    if not all_passed(gates):
        model.blocked.add(execution.release)
    planned = yield lambda: model.plan(execution.release)
    outcome, touched, index = _outcome(planned, gates), [], 0  # type: str, list[str], int
    while outcome in ("deployed", "skipped") and index < len(planned.stages):
        share = planned.stages[index]
        place = share.environment.name
        reached = yield lambda share=share: model.reach(execution.release, share)  # type: ignore[misc]
        if reached == "outdated":
            planned = yield lambda: model.plan(execution.release)
            outcome = _outcome(planned, gates)
        if reached == "superseded":
            outcome = "superseded"
        if reached == "unchanged":
            model.passed.add((place, execution.release))
            index += 1
        if reached != "change":
            continue
        index += 1
        child = Execution(f"{execution.name}-{place}", _never(), execution.release, place, parent=execution)
        child.steps = stage(model, child, [chosen.part for chosen in share.parts])
        yield lambda child=child: model.start(child)  # type: ignore[misc]
        touched.append(place)
        while model.alive(child.name):
            yield _nothing
        result = model.stages[execution.release].get(place, "unknown")
        if result == "unknown":
            outcome = yield from _roll_back_everywhere(model, execution, touched)
        elif result != "passed":
            outcome = result
        if result != "passed":
            break
    yield lambda: model.conclude(execution.release, outcome)
    yield lambda: model.announce(execution.release)


def _outcome(planned: Plan, gates: Sequence[Verdict]) -> str:
    if planned.outcome == "deploy" and not all_passed(gates):
        return "failed"
    return {"deploy": "deployed", "nothing": "skipped"}.get(planned.outcome, planned.outcome)


def _newest(one: Mark | None, other: Mark) -> Mark:
    return one if one and is_newer(one.order, other.order) else other


def _roll_back_everywhere(model: Model, execution: Execution, touched: list[str]) -> StepsWithResult:
    results: list[str] = []
    for place in reversed(touched):
        child = Execution(
            f"{execution.name}-{place}-full-rollback",
            _never(),
            execution.release,
            place,
            parent=execution,
            rollback=True,
        )
        child.steps = roll_back(model, child, None, results.append)
        yield lambda child=child: model.start(child)  # type: ignore[misc]
        while model.alive(child.name):
            yield _nothing
    return "unknown" if "unknown" in results or len(results) < len(touched) else "restored"


def stage(model: Model, execution: Execution, parts: Sequence[Part]) -> Steps:
    """The steps of the workflow `stage`."""
    place, release_ = execution.environment, execution.release
    result = "held"
    for _ in range(_FREEZE_QUERIES):
        answer = yield lambda: model.request_lock(execution, rollback=False)
        while answer.outcome == "waiting":
            answer = yield lambda: model.request_lock(execution, rollback=False)
        newer = overtaken(model.order(release_), model.passages[place], place, model.alive) or any(
            s.running and is_newer(s.running.order, model.order(release_)) for s in model.parts(place).values()
        )
        if answer.outcome == "superseded" or newer:
            result = "superseded"
            break
        if place not in model.frozen:
            result = yield from _change(model, execution, parts, answer.lease)
            break
        yield lambda: model.release_lock(place, execution.name)  # it waits for the unfreeze without the lock
    yield lambda: model.release_lock(place, execution.name)
    yield lambda: model.stages[release_].update({place: result})


def _change(model: Model, execution: Execution, parts: Sequence[Part], lease: Lease) -> StepsWithResult:
    place, release_ = execution.environment, execution.release
    for order, part in enumerate(parts):
        for work in (
            lambda part=part, order=order: model.write_ledger(release_, place, part, order, lease),
            lambda part=part: model.apply(release_, place, part, lease),
            lambda part=part: model.record(release_, place, part, lease),
        ):
            if isinstance((yield work), StaleError):
                return "failed"
    until = model.now + 3
    reading = yield lambda: model.read_alarm(place, until)
    while reading.outcome == "watching":
        reading = yield lambda: model.read_alarm(place, until)
    if reading.outcome == "healthy":
        fault = yield lambda: model.record_good(release_, place, lease)
        return "failed" if isinstance(fault, StaleError) else "passed"
    model.breached.add((place, release_))
    results: list[str] = []
    child = Execution(f"{execution.name}-rollback", _never(), release_, place, parent=execution, rollback=True)
    child.steps = roll_back(model, child, lease, results.append)
    yield lambda: model.start(child)
    while model.alive(child.name):
        yield _nothing
    return results[-1] if results else "unknown"


def roll_back(model: Model, execution: Execution, lease: Lease | None, report: Callable[[str], None]) -> Steps:
    """The steps of the workflow `rollback`; without a lease it takes the lock first."""
    place = execution.environment
    lent = lease is not None
    if lease is None:
        answer = yield lambda: model.request_lock(execution, rollback=True)
        while answer.outcome == "waiting":
            answer = yield lambda: model.request_lock(execution, rollback=True)
        lease = answer.lease
    held = lease
    entries = in_force(list(model.ledgers[execution.release].values()), place, execution.release, model.parts(place))
    wanted = steps(entries, place)
    fault = yield lambda: model.plan_rollback(execution.release, place, wanted, held)
    failed = isinstance(fault, StaleError)
    for one in () if failed else wanted:
        fault = yield lambda one=one: model.restore(execution.release, place, one, held)  # type: ignore[misc]
        failed = failed or isinstance(fault, StaleError)
    read = [
        ReadBack(c.part.name, c.before.version if c.before else None, model.truth.get((place, c.part.name)), None)
        for c in entries
    ]
    result = "unknown" if failed else verdict(read)[0]
    yield lambda: model.record_rollback(execution.release, place, result)
    if not lent:
        yield lambda: model.release_lock(place, execution.name)
    yield lambda: report(result)


def end(model: Model, stopped: Execution) -> None:
    """Do what the handler `execution_ended` does for a stopped execution; it may run twice."""
    if not stopped.environment:
        model.conclude(stopped.release, "aborted")
        if not any(release_ == stopped.release for release_, _ in model.announced):
            model.announce(stopped.release)
        for place in (environment.name for environment in ENVIRONMENTS):
            child = model.executions.get(f"{stopped.name}-{place}")
            if child and child.killed:
                _roll_back_alone(model, child)
        return
    model.release_lock(stopped.environment, stopped.name)
    if stopped.rollback:
        if (
            model.rolled.get((stopped.release, stopped.environment), -1) < stopped.began
        ):  # an earlier end was that of another rollback
            model.frozen.setdefault(stopped.environment, stopped.release)
        return
    if stopped.parent is None or not stopped.parent.alive:
        _roll_back_alone(model, stopped)


def _roll_back_alone(model: Model, stopped: Execution) -> None:
    """Start the rollback of a stopped stage in an execution of its own, if the stage had begun to change something."""
    touched = any(place == stopped.environment for place, _ in model.ledgers[stopped.release])
    if touched and stopped.environment not in model.stages[stopped.release]:
        back = Execution(f"{stopped.name}-alone", _never(), stopped.release, stopped.environment, rollback=True)
        back.steps = roll_back(model, back, None, lambda _: None)
        model.start(back)


def _nothing() -> None:
    return None


def _never() -> Steps:
    yield _nothing
