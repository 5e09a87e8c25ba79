"""Promises about deployments (Q1), for any order of releases, alarms, stops, repeated steps and late events."""

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from functions.domain.commit_plans import plan
from functions.domain.environments import PartState
from functions.domain.gates import Verdict
from functions.domain.order import is_newer
from functions.domain.plans import Change
from tests.properties.model import ENVIRONMENTS, MANIFEST, PARTS, RULES, Execution, Model, deploy, end, roll_back

PASSED = Verdict("tests", "passed", "all passed")
FAILED = Verdict("tests", "failed", "one failed")
PLACES = [environment.name for environment in ENVIRONMENTS]
LAST_ROUNDS = 1000
BRANCH = "refs/heads/feature/a"
REFS = (RULES.main_ref, RULES.main_ref, RULES.main_ref, BRANCH, "refs/tags/v1.0.0-rc.1", "refs/tags/v1.0.0")


class Histories(RuleBasedStateMachine):
    """Releases pass through three environments; Hypothesis chooses the steps, the stops, and the order of events."""

    @initialize(mode=st.sampled_from(["superseded", "queued"]), first=st.sampled_from([False, False, False, True]))
    def open(self, mode: str, first: bool) -> None:
        """Create a stack with a lock mode; a good release runs everywhere, unless `first` leaves it empty."""
        self.model = Model(mode=mode)  # type: ignore[arg-type]
        self.first = first
        self.unfrozen: set[str] = set()
        if not first:
            self.model.begin("r0")

    @rule(
        gates=st.sampled_from([[PASSED], [PASSED], [PASSED], [PASSED, FAILED], []]),
        late=st.booleans(),
        content=st.integers(0, 2),
        ref=st.sampled_from(REFS),
        merged=st.booleans(),
    )
    def push(self, gates: list[Verdict], late: bool, content: int, ref: str, merged: bool) -> None:
        """Start a release; a `late` one is older than a release that started before it.

        A release with the content of an earlier one is a revert of what came between them. Tags are of commits that are
        `merged`, or not.
        """
        number = len(self.model.orders)
        name = f"r{number + self.first}"
        merged = ref == RULES.main_ref or (merged and ref.startswith("refs/tags/"))
        if not self.model.ask(name, ref, merged=merged, late=late):
            return
        self.model.contents[name] = content
        execution = Execution(name, iter(()), name)  # type: ignore[arg-type]
        execution.steps = deploy(self.model, execution, gates)
        self.model.start(execution)

    @precondition(lambda self: self._running())
    @rule(data=st.data(), count=st.integers(1, 25), twice=st.booleans())
    def advance(self, data: st.DataObject, count: int, twice: bool) -> None:
        """Do steps of running executions in any order, with `twice` the first of them two times."""
        for turn in range(count):
            running = self._running()
            if not running:
                return
            self.model.advance(data.draw(st.sampled_from(running)), twice=twice and turn == 0)

    @precondition(lambda self: self._running())
    @rule(data=st.data())
    def stop(self, data: st.DataObject) -> None:
        """Stop an execution between two steps; AWS stops nested executions with it."""
        self._stop_with_children(data.draw(st.sampled_from(self._running())))

    @precondition(lambda self: self.model.ended)
    @rule(data=st.data(), twice=st.booleans())
    def deliver_end(self, data: st.DataObject, twice: bool) -> None:
        """Deliver the event of a stop, in any order, once or twice."""
        dead = data.draw(st.sampled_from(self.model.ended))
        self.model.ended.remove(dead)
        for _ in range(1 + twice):
            end(self.model, dead)

    @rule(place=st.sampled_from(PLACES), alarm_on=st.booleans())
    def alarm(self, place: str, alarm_on: bool) -> None:
        """Put the alarm of an environment into ALARM or OK."""
        (self.model.in_alarm.add if alarm_on else self.model.in_alarm.discard)(place)

    @rule(place=st.sampled_from(PLACES))
    def unfreeze(self, place: str) -> None:
        """End a freeze, as a person does who accepts the running versions."""
        if self.model.frozen.pop(place, None):
            self.unfrozen.add(place)
            self.model.breached = {one for one in self.model.breached if one[0] != place}

    @invariant()
    def nothing_went_wrong(self) -> None:
        """There are never two owners of a lock, no stale writes, no releases out of order, and no blocked releases."""
        if hasattr(self, "model"):
            assert self.model.wrong == []

    @invariant()
    def no_branch_keeps_out_the_main_branch(self) -> None:
        """A release of the main branch is superseded by a newer one of the main branch only."""
        if not hasattr(self, "model"):
            return
        mains = {name: order for name, order in self.model.orders.items() if not self.model.branches.get(name)}
        for name, outcome in self.model.outcomes.items():
            if outcome == "superseded" and name in mains:
                assert any(order >= mains[name] for other, order in mains.items() if other != name), name

    @invariant()
    def a_failed_watch_stays_failed(self) -> None:
        """A release with a breach in an environment never passes there."""
        if hasattr(self, "model"):
            assert not self.model.breached & self.model.passed

    @invariant()
    def an_announced_outcome_is_the_recorded_one(self) -> None:
        """Only the recorded outcome of a release is ever announced."""
        if hasattr(self, "model"):
            assert all(self.model.outcomes[name] == outcome for name, outcome in self.model.announced)

    def teardown(self) -> None:
        """In the end every outcome is announced, no lock is held, and every record is right or in doubt."""
        if not hasattr(self, "model"):
            return
        self._finish_all()
        assert self.model.wrong == []
        for place in PLACES:
            lock = self.model.locks.get(place)
            assert lock is None or (lock.owner is None and not lock.waiters), f"{place} is still locked"
        assert {name for name, _ in self.model.announced} == set(self.model.orders) - {"r0"}
        for (place, part), found in self.model.truth.items():
            if place in self.model.frozen:
                continue
            state = self.model.states.get((place, part))
            if state is None or state.running is None:
                continue  # a first release that was stopped before its record: there is nothing to go back to
            if state.in_doubt:
                assert place in self.unfrozen, f"{part} in {place} is in doubt, without a freeze"
                self._is_deployed_anew(state)
                continue
            assert state.running.version == found, (
                f"{place} runs {found} of {part}, recorded is {state.running.version}"
            )
        self._what_passed_last_is_there()
        if self.first:
            return  # there may be no good version to go back to: the rollback ends `partly`
        self._bad_releases_are_gone()
        self._a_second_rollback_changes_nothing()

    def _what_passed_last_is_there(self) -> None:
        """P3: nothing of an older release remains where a newer one passed, changed there or not.

        Except what a rollback of an older release restored: it keeps what newer releases changed, not what they left.
        """
        for place in set(PLACES) - set(self.model.frozen) - self.unfrozen:
            passed = self.model.passages[place].passed
            ended = passed and self.model.outcomes.get(passed.deployment_id)
            states = self.model.parts(place).values()
            if not passed or ended not in ("deployed", "skipped") or any(state.in_doubt for state in states):
                continue
            for state in states:
                assert state.running
                if self.model.branches.get(state.running.commit):
                    continue  # a branch that came after it
                undone = self.model.restored.get((place, state.part))
                left = (place, state.part) not in self.model.ledgers[passed.deployment_id]
                if undone and left and is_newer(passed.order, self.model.order(undone)):
                    continue
                same = not self.model.files(state.running.commit, passed.commit)
                assert same or not state.running.commit, f"{place} runs {state.running.commit} after {passed.commit}"

    def _is_deployed_anew(self, state: PartState) -> None:
        """The next release deploys a part that is in doubt, also if it is the recorded release."""
        where = next(one for one in ENVIRONMENTS if one.name == state.environment)
        assert state.running
        commit = state.running.commit
        changes = {commit: Change("identical", ())}
        (share,) = plan(MANIFEST, (where,), {where.name: {state.part: state}}, changes, commit).stages
        assert state.part in {chosen.part.name for chosen in share.parts}

    def _bad_releases_are_gone(self) -> None:
        """Every release with a breach was rolled back."""
        for place, release in self.model.breached:
            if place in self.model.frozen:
                continue
            for part in PARTS:
                entry = self.model.ledgers[release].get((place, part.name))
                if entry:
                    assert self.model.truth[place, part.name] != f"v-{release}", f"{release} still runs in {place}"

    def _a_second_rollback_changes_nothing(self) -> None:
        before = dict(self.model.truth)
        for place, release in self.model.breached:
            ledgers = [entry for ledger in self.model.ledgers.values() for entry in ledger.values()]
            by_hand = any(entry.before and not entry.before.commit for entry in ledgers if entry.environment == place)
            # a stopped release that was not recorded looks like a change by hand, which a rollback restores
            if place in self.model.frozen or by_hand:
                continue
            again = Execution(f"{release}-{place}-again", iter(()), release, place)  # type: ignore[arg-type]
            again.steps = roll_back(self.model, again, None, lambda _: None)
            self.model.start(again)
            self._finish_all()
        assert self.model.truth == before

    def _finish_all(self) -> None:
        """Run all executions to their end and deliver all events."""
        for _ in range(LAST_ROUNDS):
            while self.model.ended:
                end(self.model, self.model.ended.pop())
            running = self._running()
            if not running:
                return
            for name in running:
                if self.model.alive(name):
                    self.model.advance(name)
        raise AssertionError(f"still running: {self._running()}")

    def _running(self) -> list[str]:
        return [name for name, execution in self.model.executions.items() if execution.alive]

    def _stop_with_children(self, name: str) -> None:
        for other in self._running():
            if other != name and other.startswith(f"{name}-"):
                self._stop_with_children(other)
        if self.model.alive(name):
            self.model.kill(name)


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=150,
    stateful_step_count=30,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # no shrinking, which would take minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
