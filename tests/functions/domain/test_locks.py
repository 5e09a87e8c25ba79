"""What a lock promises for every order of requests, releases and deaths."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from functions.domain.locks import Contender, Lock, LockResult, Mode, release, request
from functions.domain.order import Order, is_newer

NAMES = [f"e{number}" for number in range(6)]


def contender(name: str, order: int = 1, *, rollback: bool = False, repository: str = "shop") -> Contender:
    """An execution that wants the lock."""
    return Contender(name, f"deployment-{name}", Order(1, order), "a release", rollback, repository)


@dataclass
class World:
    """One lock, who lives, and everything that was told."""

    mode: Mode
    lock: Lock = field(default_factory=lambda: Lock("environment/test"))
    dead: set[str] = field(default_factory=set)
    woken: list[tuple[str, str]] = field(default_factory=list)
    clock: int = 0

    def alive(self, execution: str) -> bool:
        """Whether an execution runs."""
        return execution not in self.dead

    def ask(self, who: Contender, token: str = "") -> LockResult:
        """Ask for the lock as a handler would."""
        self.clock += 1
        now = f"{self.clock // 3:04}"  # several happen in the same millisecond
        return self._keep(request(self.lock, who, alive=self.alive, mode=self.mode, now=now, token=token))

    def give(self, execution: str) -> LockResult:
        """Release the lock as a handler would."""
        self.clock += 1
        return self._keep(release(self.lock, execution, alive=self.alive, now=f"{self.clock // 3:04}"))

    def queue(self) -> list[str]:
        """Who waits, in order."""
        return [waiter.contender.execution for waiter in self.lock.waiters]

    def owner(self) -> str | None:
        """Who owns the lock."""
        return self.lock.owner.execution if self.lock.owner else None

    def _keep(self, answer: LockResult) -> LockResult:
        self.lock = answer.lock
        self.woken += [(waiter.contender.execution, outcome) for waiter, outcome in answer.wake]
        return answer


def world(*names: str, mode: Mode = "queued") -> World:
    """A lock that these asked for in turn, each with a token."""
    made = World(mode)
    for name in names:
        made.ask(contender(name), f"token-{name}")
    return made


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["ask", "ask", "ask with token", "give", "die"]),
        st.sampled_from(NAMES),
    ),
    max_size=40,
)
TRAITS = st.fixed_dictionaries(
    {name: st.tuples(st.integers(1, 3), st.booleans(), st.sampled_from(["shop", "blog"])) for name in NAMES}
)
Traits = dict[str, tuple[int, bool, str]]
MODES = st.sampled_from(["superseded", "queued", "parallel"])


def shaped(name: str, traits: Traits) -> Contender:
    """A contender with the traits that were drawn for it."""
    order, rollback, repository = traits[name]
    return contender(name, order, rollback=rollback, repository=repository)


@settings(max_examples=150, deadline=None)
@given(ACTIONS, TRAITS, MODES)
def test_whatever_happens_one_lives_in_the_lock(actions: list[tuple[str, str]], traits: Traits, mode: Mode) -> None:
    """One living owner at most, a fence that only grows and never serves two owners, nobody twice in the line."""
    it = World(mode)
    holders: dict[int, str] = {}
    for action, name in actions:
        before = it.lock
        if action == "die":
            it.dead.add(name)
            continue
        if name in it.dead:
            continue
        rollback = traits[name][1]
        if action == "give":
            it.give(name)
        else:
            answer = it.ask(shaped(name, traits), f"t-{name}" if "token" in action else "")
            assert (answer.outcome == "acquired") == (it.owner() == name)
            assert (answer.lease is not None) == (answer.outcome == "acquired")
            assert not (rollback and answer.outcome == "superseded")
        if before.owner and it.alive(before.owner.execution) and before.owner.execution != name:
            assert it.lock.owner == before.owner, "a living owner lost the lock to somebody else"
        assert it.lock.fence >= before.fence
        if it.lock.owner and it.lock.owner != before.owner:
            assert it.lock.fence > before.fence
        if it.lock.owner:
            assert holders.setdefault(it.lock.fence, it.lock.owner.execution) == it.lock.owner.execution
        assert len(set(it.queue())) == len(it.queue())
        assert it.owner() not in it.queue()
        kinds = [waiter.contender.rollback for waiter in it.lock.waiters]
        assert kinds == sorted(kinds, reverse=True), "a release stands before a rollback"
        if mode == "superseded":
            shops = [w.contender.repository for w in it.lock.waiters if not w.contender.rollback]
            assert len(set(shops)) == len(shops), "more than one release of a repository waits"


@settings(max_examples=150, deadline=None)
@given(ACTIONS, TRAITS, MODES)
def test_only_a_newer_release_of_the_same_repository_supersedes(
    actions: list[tuple[str, str]], traits: Traits, mode: Mode
) -> None:
    """P3: releases of two repositories have no order, so neither ever sends the other away."""
    it = World(mode)
    for action, name in actions:
        if action == "die":
            it.dead.add(name)
        elif name not in it.dead and action == "give":
            it.give(name)
        elif name not in it.dead:
            asked, told = shaped(name, traits), len(it.woken)
            standing = [*([it.lock.owner] if it.lock.owner else []), *(w.contender for w in it.lock.waiters)]
            answer = it.ask(asked, f"t-{name}" if "token" in action else "")
            if answer.outcome == "superseded":
                newer = [c for c in standing if not c.rollback and c.repository == asked.repository]
                assert any(is_newer(c.order, asked.order) for c in newer)
            for loser, outcome in it.woken[told:]:
                if outcome == "superseded":
                    order, rollback, repository = traits[loser]
                    assert not rollback
                    assert repository == asked.repository
                    assert not is_newer(Order(1, order), asked.order)


def test_main_and_a_branch_wait_beside_each_other() -> None:
    """P14: in whatever order they ask; a newer release of the main branch ends both waits."""
    main, branch = contender("main", 1), replace(contender("branch", 1), order=Order(1, 1, 1))
    for asked in ([main, branch], [branch, main]):
        it = world("owner", mode="superseded")
        it.lock = replace(it.lock, owner=contender("owner", 0))
        assert [it.ask(one, one.execution).outcome for one in asked] == ["waiting", "waiting"]
        assert it.queue() == [one.execution for one in asked]
        assert it.ask(contender("newer", 2), "t").outcome == "waiting"
        assert sorted(it.woken) == [("branch", "superseded"), ("main", "superseded")]


@settings(max_examples=100, deadline=None)
@given(ACTIONS, TRAITS, MODES, st.sampled_from(NAMES))
def test_a_repeated_request_changes_nothing(
    actions: list[tuple[str, str]], traits: Traits, mode: Mode, who: str
) -> None:
    """Asking again, or releasing again, leaves the lock and the order of the line as they were."""
    it = World(mode)
    for action, name in actions:
        if action == "give":
            it.give(name)
        elif action != "die":
            it.ask(shaped(name, traits))
    asked = shaped(who, traits)
    first = it.ask(asked, "t")
    second = it.ask(asked, "t")
    assert (second.outcome, second.lease, second.lock) == (first.outcome, first.lease, first.lock)
    assert second.wake == ()
    given_up = it.give(who)
    assert it.give(who).lock == given_up.lock


def test_a_free_lock_is_acquired() -> None:
    """Who asks for a free lock owns it under a higher fencing number."""
    answer = World("queued").ask(contender("a"))
    assert (answer.outcome, answer.lock.fence) == ("acquired", 1)
    assert answer.lease
    assert (answer.lease.execution, answer.lease.fence) == ("a", 1)


def test_a_released_lock_goes_to_the_first_waiter_who_lives() -> None:
    """Waiters that died are passed over, and the one who owns the lock now is told."""
    it = world("a", "b", "c", "d")
    it.dead.add("b")
    it.give("a")
    assert (it.owner(), it.queue(), it.woken) == ("c", ["d"], [("c", "acquired")])


def test_a_dead_owner_is_replaced_at_once() -> None:
    """The next request finds the owner dead and takes the lock; no timeout is waited for."""
    it = world("a")
    it.dead.add("a")
    assert it.ask(contender("b")).outcome == "acquired"


def test_a_dead_owner_with_a_line_behind_it_hands_on() -> None:
    """When somebody new finds the owner dead, the first in the line is next, and is told."""
    it = world("a", "b")
    it.dead.add("a")
    assert it.ask(contender("c")).outcome == "waiting"
    assert (it.owner(), it.queue(), it.woken) == ("b", ["c"], [("b", "acquired")])


def test_a_waiter_who_finds_the_owner_dead_takes_its_turn() -> None:
    """The first in the line asks again at its backstop and owns the lock."""
    it = world("a", "b")
    it.dead.add("a")
    assert it.ask(contender("b"), "t").outcome == "acquired"
    assert it.woken == []


def test_the_last_release_frees_the_lock() -> None:
    """Without a living waiter the lock is free, and its fence remembers."""
    it = world("a", "b")
    it.dead.add("b")
    it.give("a")
    assert (it.owner(), it.queue(), it.lock.fence) == (None, [], 1)


def test_who_does_not_own_the_lock_only_leaves_the_line() -> None:
    """A release by a waiter takes nothing from the owner."""
    it = world("a", "b")
    it.give("b")
    assert (it.owner(), it.queue()) == ("a", [])


def test_a_waiter_without_a_token_is_not_woken() -> None:
    """Between asking and waiting there is no token yet: the owner finds itself at its next ask."""
    it = world("a")
    it.ask(contender("b"))
    it.give("a")
    assert (it.owner(), it.woken) == ("b", [])
    assert it.ask(contender("b"), "t").outcome == "acquired"


def test_a_newer_release_supersedes_the_one_that_waits() -> None:
    """In superseded mode the newest release waits alone; the older one is told."""
    it = world("owner", mode="superseded")
    it.ask(contender("old", 2), "t")
    it.ask(contender("new", 3), "t")
    assert (it.queue(), it.woken) == (["new"], [("old", "superseded")])
    assert it.ask(contender("old", 2), "t").outcome == "superseded"


def test_an_older_release_than_the_owner_is_superseded() -> None:
    """P3: an older release never follows a newer one into an environment, in either mode."""
    for mode in ("superseded", "queued"):
        it = World(mode)
        it.ask(contender("new", 3))
        assert it.ask(contender("old", 2), "t").outcome == "superseded"
        assert it.queue() == []


def test_in_queued_mode_every_release_gets_its_turn_in_order() -> None:
    """Releases pass one after another, as they came."""
    it = World("queued")
    for name, order in (("a", 1), ("b", 2), ("c", 3)):
        it.ask(contender(name, order), "t")
    turns = []
    while (owner := it.owner()) is not None:
        turns.append(owner)
        it.give(owner)
    assert turns == ["a", "b", "c"]


def test_asking_again_keeps_the_place_in_the_line() -> None:
    """A backstop repeats the request; nobody is overtaken by it, also within the same millisecond."""
    it = world("owner", "b", "c")
    it.ask(contender("r1", rollback=True), "t")
    it.ask(contender("r2", rollback=True), "t")
    for name in ("b", "c"):
        it.ask(contender(name), "t")
    it.ask(contender("r1", rollback=True), "t")
    assert it.queue() == ["r1", "r2", "b", "c"]


def test_rollbacks_go_before_releases_and_are_never_superseded() -> None:
    """A rollback overtakes every waiting release, and a newer release does not send it away."""
    it = world("owner", mode="superseded")
    it.ask(contender("release", 5), "t")
    it.ask(contender("back", 1, rollback=True), "t")
    it.ask(contender("newer", 6), "t")
    assert it.queue() == ["back", "newer"]
    it.give("owner")
    assert it.owner() == "back"


def test_a_rollback_that_finds_the_owner_dead_goes_first() -> None:
    """A release that waits is no reason for a rollback to wait."""
    it = world("owner", "release")
    it.dead.add("owner")
    assert it.ask(contender("back", rollback=True), "t").outcome == "acquired"
    assert it.queue() == ["release"]


def test_a_token_outlives_a_request_without_one() -> None:
    """A repetition without a token does not lose the one that was left."""
    it = world("owner", "b")
    it.ask(contender("b"))
    assert it.lock.waiters[0].token == "token-b"


def test_a_release_of_another_repository_waits_beside() -> None:
    """In superseded mode each repository's newest release waits, and each gets its turn in the order they came."""
    it = world("owner", mode="superseded")
    it.ask(contender("shop-2", 2), "t")
    it.ask(contender("blog-9", 9, repository="blog"), "t")
    it.ask(contender("blog-1", 1, repository="blog"), "t")
    assert (it.queue(), it.woken) == (["shop-2", "blog-9"], [])
    it.ask(contender("shop-3", 3), "t")
    assert (it.queue(), it.woken) == (["blog-9", "shop-3"], [("shop-2", "superseded")])
    it.give("owner")
    assert it.owner() == "blog-9"
    it.give("blog-9")
    assert it.owner() == "shop-3"


def test_an_older_release_of_another_repository_follows_the_owner() -> None:
    """In every mode: what the owner is newer than, only its own repository knows."""
    for mode in ("superseded", "queued", "parallel"):
        it = World(mode)
        it.ask(contender("shop", 9))
        assert it.ask(contender("blog", 1, repository="blog"), "t").outcome == "waiting"


def test_a_rollback_that_owns_the_lock_sends_no_release_away() -> None:
    """It is a way back, not a newer release."""
    it = World("superseded")
    it.ask(contender("back", 9, rollback=True))
    assert it.ask(contender("old", 1), "t").outcome == "waiting"
