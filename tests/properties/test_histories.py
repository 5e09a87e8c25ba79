"""The eight promises of a walk (Q1), for every order of releases, alarms, deaths, repetitions and late events."""

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from functions.domain.environments import PartState
from functions.domain.gates import Verdict
from functions.domain.plans import Change, plan
from tests.properties.world import ENVIRONMENTS, MANIFEST, PARTS, Execution, World, deploy, end, roll_back

PASSED = Verdict("tests", "passed", "all passed")
FAILED = Verdict("tests", "failed", "one failed")
PLACES = [environment.name for environment in ENVIRONMENTS]
LAST_ROUNDS = 1000


class Walk(RuleBasedStateMachine):
    """Releases walk through three environments; chance decides who moves, who dies, and what is heard when."""

    @initialize(mode=st.sampled_from(["superseded", "queued"]), first=st.sampled_from([False, False, False, True]))
    def open(self, mode: str, first: bool) -> None:
        """A stack in one of its modes; unless this is the `first` release ever, a good one runs everywhere."""
        self.world = World(mode=mode)  # type: ignore[arg-type]
        self.first = first
        self.opened: set[str] = set()
        if not first:
            self.world.begin("r0")

    @rule(gates=st.sampled_from([[PASSED], [PASSED], [PASSED], [PASSED, FAILED], []]), late=st.booleans())
    def push(self, gates: list[Verdict], late: bool) -> None:
        """A release starts; `late` ones are older than one that started before."""
        number = len(self.world.orders)
        name = f"r{number + self.first}"
        self.world.orders[name] = max(1, number * 2 - (3 if late else 0))
        execution = Execution(name, iter(()), name)  # type: ignore[arg-type]
        execution.steps = deploy(self.world, execution, gates)
        self.world.start(execution)

    @precondition(lambda self: self._living())
    @rule(data=st.data(), count=st.integers(1, 25), twice=st.booleans())
    def go_on(self, data: st.DataObject, count: int, twice: bool) -> None:
        """Executions take steps in any order; the first of them is repeated now and then."""
        for turn in range(count):
            living = self._living()
            if not living:
                return
            self.world.advance(data.draw(st.sampled_from(living)), twice=twice and turn == 0)

    @precondition(lambda self: self._living())
    @rule(data=st.data())
    def stop(self, data: st.DataObject) -> None:
        """Somebody stops an execution between two steps; AWS stops the nested ones with it."""
        self._stop(data.draw(st.sampled_from(self._living())))

    @precondition(lambda self: self.world.ended)
    @rule(data=st.data(), twice=st.booleans())
    def hear(self, data: st.DataObject, twice: bool) -> None:
        """The event of an end comes, in any order, once or twice."""
        dead = data.draw(st.sampled_from(self.world.ended))
        self.world.ended.remove(dead)
        for _ in range(1 + twice):
            end(self.world, dead)

    @rule(place=st.sampled_from(PLACES), rings=st.booleans())
    def alarm(self, place: str, rings: bool) -> None:
        """The alarm of an environment begins or ends to ring."""
        (self.world.ringing.add if rings else self.world.ringing.discard)(place)

    @rule(place=st.sampled_from(PLACES))
    def unfreeze(self, place: str) -> None:
        """A person has looked at it, and takes what runs there."""
        if self.world.frozen.pop(place, None):
            self.opened.add(place)
            self.world.breached = {one for one in self.world.breached if one[0] != place}

    @invariant()
    def nothing_went_wrong(self) -> None:
        """No two live owners, no write under a stale number, no release out of order, none that was blocked."""
        if hasattr(self, "world"):
            assert self.world.wrong == []

    @invariant()
    def a_failed_watch_stays_failed(self) -> None:
        """A release whose watch rang in an environment never passes it."""
        if hasattr(self, "world"):
            assert not self.world.breached & self.world.passed

    @invariant()
    def an_outcome_is_told_as_it_stands(self) -> None:
        """What is told is what is recorded, and nothing else is ever told of it."""
        if hasattr(self, "world"):
            assert all(self.world.outcomes[name] == outcome for name, outcome in self.world.told)

    def teardown(self) -> None:
        """When all is quiet, everything was told, nothing is held, and the record is what runs or says so."""
        if not hasattr(self, "world"):
            return
        self._come_to_rest()
        assert self.world.wrong == []
        for place in PLACES:
            lock = self.world.locks.get(place)
            assert lock is None or (lock.owner is None and not lock.waiters), f"{place} is left locked"
        assert {name for name, _ in self.world.told} == set(self.world.orders) - {"r0"}
        for (place, part), found in self.world.truth.items():
            if place in self.world.frozen:
                continue
            state = self.world.states.get((place, part))
            if state is None or state.running is None:
                continue  # a first release that was stopped before its record: there is nothing to go back to
            if state.in_doubt:
                assert place in self.opened, f"{part} in {place} is in doubt, and nobody was told"
                self._is_deployed_anew(state)
                continue
            assert state.running.version == found, (
                f"{place} runs {found} of {part}, recorded is {state.running.version}"
            )
        if self.first:
            return  # there may be nothing good to go back to, and what is left is told as partly restored
        self._bad_releases_are_gone()
        self._a_second_rollback_changes_nothing()

    def _is_deployed_anew(self, state: PartState) -> None:
        """A release takes a part that is in doubt along, also the one that the record names."""
        where = next(one for one in ENVIRONMENTS if one.name == state.environment)
        assert state.running
        commit = state.running.commit
        changes = {commit: Change("identical", ())}
        (share,) = plan(MANIFEST, (where,), {where.name: {state.part: state}}, changes, commit).stages
        assert state.part in {chosen.part.name for chosen in share.parts}

    def _bad_releases_are_gone(self) -> None:
        """A critical alarm in a watch always rolled back."""
        for place, release in self.world.breached:
            if place in self.world.frozen:
                continue
            for part in PARTS:
                entry = self.world.ledgers[release].get((place, part.name))
                if entry:
                    assert self.world.truth[place, part.name] != f"v-{release}", f"{release} still runs in {place}"

    def _a_second_rollback_changes_nothing(self) -> None:
        before = dict(self.world.truth)
        for place, release in self.world.breached:
            ledgers = [entry for ledger in self.world.ledgers.values() for entry in ledger.values()]
            by_hand = any(entry.before and not entry.before.commit for entry in ledgers if entry.environment == place)
            # what a dead release left unrecorded looks as if made by hand, and is gone back to
            if place in self.world.frozen or by_hand:
                continue
            again = Execution(f"{release}-{place}-again", iter(()), release, place)  # type: ignore[arg-type]
            again.steps = roll_back(self.world, again, None, lambda _: None)
            self.world.start(again)
            self._come_to_rest()
        assert self.world.truth == before

    def _come_to_rest(self) -> None:
        """Everybody goes on to the end, and every event is heard."""
        for _ in range(LAST_ROUNDS):
            while self.world.ended:
                end(self.world, self.world.ended.pop())
            living = self._living()
            if not living:
                return
            for name in living:
                if self.world.alive(name):
                    self.world.advance(name)
        raise AssertionError(f"no rest: {self._living()}")

    def _living(self) -> list[str]:
        return [name for name, execution in self.world.executions.items() if execution.alive]

    def _stop(self, name: str) -> None:
        for other in self._living():
            if other != name and other.startswith(f"{name}-"):
                self._stop(other)
        if self.world.alive(name):
            self.world.kill(name)


TestWalk = Walk.TestCase
TestWalk.settings = settings(
    max_examples=150,
    stateful_step_count=30,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # a walk is read as it came; shrinking one takes minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
