"""The order of releases: by ancestry, whatever the clocks of committers show (P14)."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from functions.domain.order import (
    History,
    Mark,
    Order,
    Passage,
    are_independent,
    is_newer,
    overtaken,
    place,
    place_beside,
)

NOW = 1_769_846_400


@dataclass(frozen=True)
class Graph:
    """A history: for each commit (a number) the commits that it reaches, itself included."""

    reaches: tuple[frozenset[int], ...]

    def apart(self, head: int, commit: int) -> int | None:
        """What GitHub's comparison gives: ahead_by − behind_by; None if the two have diverged."""
        ahead, behind = self.reaches[commit] - self.reaches[head], self.reaches[head] - self.reaches[commit]
        return None if ahead and behind else len(ahead) - len(behind)


@st.composite
def graphs(draw: st.DrawFn, roots: int = 1) -> Graph:
    """A graph of up to twelve commits with merges; the first `roots` commits have no parent."""
    reaches = [frozenset({number}) for number in range(roots)]
    for number in range(roots, draw(st.integers(2, 12))):
        parents = draw(st.sets(st.integers(0, number - 1), min_size=1, max_size=2))
        reaches.append(frozenset({number}).union(*(reaches[parent] for parent in parents)))
    return Graph(tuple(reaches))


def begin(graph: Graph, commits: list[int], clocks: list[int]) -> list[tuple[int, Order]]:
    """Commits that begin one after the other, each with the order that it gets."""
    history: History | None = None
    begun: list[tuple[int, Order]] = []
    for commit, now in zip(commits, clocks, strict=False):
        apart = graph.apart(int(history.head), commit) if history else None
        order, history = place(history, str(commit), apart, now)
        begun.append((commit, order))
    return begun


GRAPHS = graphs() | graphs(roots=2)
CLOCKS = st.lists(st.integers(0, 10**10), min_size=20, max_size=20)


@given(GRAPHS, st.data(), CLOCKS)
def test_an_ancestor_is_older_in_its_epoch(graph: Graph, data: st.DataObject, clocks: list[int]) -> None:
    """P14: whatever the order in which the two begin, and whatever any clock shows; the same commit is as old."""
    commits = data.draw(st.lists(st.integers(0, len(graph.reaches) - 1), min_size=1, max_size=20))
    begun = begin(graph, commits, clocks)
    for one, first in begun:
        for other, second in begun:
            if first.epoch == second.epoch and one in graph.reaches[other]:
                assert (first < second) == (one != other)


@given(graphs(), st.data(), CLOCKS)
def test_one_line_is_one_epoch(graph: Graph, data: st.DataObject, clocks: list[int]) -> None:
    """P14: commits of which each contains the other or is contained are ordered by ancestry alone."""
    line = sorted((r for r in graph.reaches if max(r) in r), key=len)
    chain = [max(r) for r in line if all(r <= other or other <= r for other in line)]
    begun = begin(graph, data.draw(st.lists(st.sampled_from(chain), min_size=1, max_size=20)), clocks)
    assert len({order.epoch for _, order in begun}) == 1
    for one, first in begun:
        for other, second in begun:
            assert is_newer(second, first) == (graph.reaches[one] < graph.reaches[other])


@given(GRAPHS, st.data(), CLOCKS)
def test_what_neither_contains_the_head_nor_is_contained_is_the_newest(
    graph: Graph, data: st.DataObject, clocks: list[int]
) -> None:
    """After a forced push, or from another branch, the release that begins last is newer than all before it."""
    commits = data.draw(st.lists(st.integers(0, len(graph.reaches) - 1), min_size=1, max_size=20))
    begun = begin(graph, commits, clocks)
    for number, (_, order) in enumerate(begun[1:], 1):
        before = [earlier for _, earlier in begun[:number]]
        if order.epoch not in {earlier.epoch for earlier in before}:
            assert all(order > earlier for earlier in before)


def test_a_lost_history_begins_a_newer_epoch() -> None:
    """If the record is lost, what began before stays older."""
    before, _ = place(None, "a", None, NOW)
    after, _ = place(None, "b", None, NOW + 1)
    assert is_newer(after, before)


def test_an_epoch_ends_although_the_clock_went_back() -> None:
    """Two forced pushes within a second, or on servers whose clocks differ, are ordered as they began."""
    first, history = place(None, "a", None, NOW)
    second, history = place(history, "b", None, NOW)
    third, _ = place(history, "c", None, NOW - 100)
    assert first < second < third


def test_a_release_without_an_order_is_neither_newer_nor_older() -> None:
    """It began before the platform recorded orders."""
    assert not is_newer(None, Order(1, 1))
    assert not is_newer(Order(1, 1), None)
    assert not is_newer(None, None)


NEWER = Mark(Order(1, 2), "main-b", "b" * 40, "arn:newer")


def test_a_newer_release_that_passed_keeps_an_older_one_out() -> None:
    """P3: with its commit and its deployment as the reason; itself and newer ones may enter."""
    passage = Passage(passed=NEWER)
    why = overtaken(Order(1, 1), passage, "production", lambda _: False)
    assert why == "the newer release bbbbbbbbbbbb (main-b) has passed production"
    for order in (NEWER.order, Order(1, 3), Order(2, 0), None):
        assert overtaken(order, passage, "production", lambda _: True) == ""


def test_a_newer_release_that_arrived_counts_while_it_runs() -> None:
    """P3: once it was rejected or has failed, the older one may go on."""
    passage = Passage(arrived=NEWER)
    assert "has reached production" in overtaken(Order(1, 1), passage, "production", lambda one: one == "arn:newer")
    assert overtaken(Order(1, 1), passage, "production", lambda _: False) == ""


ORDERS = st.builds(Order, st.integers(1, 2), st.integers(0, 3), st.integers(0, 2))


@given(ORDERS, ORDERS)
def test_a_branch_is_never_newer_than_the_main_branch(one: Order, other: Order) -> None:
    """P14: of two orders one is newer, or they are equal, or they are of main and of a branch that began later."""
    assert not (is_newer(one, other) and is_newer(other, one))
    if one.branch and not other.branch:
        assert not is_newer(one, other)
    assert are_independent(one, other) == (one != other and not is_newer(one, other) and not is_newer(other, one))
    if bool(one.branch) == bool(other.branch):
        assert not are_independent(one, other)


def test_branches_stand_beside_the_main_branch() -> None:
    """P14: each is newer than those of branches before it, and older than what main gets after it."""
    first, history = place(None, "a", None, NOW)
    one, history = place_beside(history, NOW)
    two, history = place_beside(history, NOW)
    second, history = place(history, "b", 1, NOW)
    three, history = place_beside(history, NOW)
    assert is_newer(two, one)
    assert is_newer(second, two)
    assert is_newer(three, two)
    assert are_independent(first, one)
    assert are_independent(second, three)
    older, after = place(history, "a", -1, NOW)
    assert (older, after) == (first, history)


def test_images_are_compared_by_their_services() -> None:
    """M3: a later image of one service replaces an earlier one; commits and images replace each other never."""
    first, history = place(None, "a", None, NOW)
    both, history = place_beside(history, NOW, ("api", "web"))
    web, history = place_beside(history, NOW, ("web",))
    api, history = place_beside(history, NOW, ("api",))
    later, history = place(history, "b", 1, NOW)
    assert is_newer(web, both)
    assert is_newer(api, both)
    assert are_independent(api, web)
    assert all(are_independent(images, commit) for images in (both, web, api) for commit in (first, later))


def test_a_branch_may_be_the_first_release() -> None:
    """The first one of the main branch then begins an epoch."""
    branch, history = place_beside(None, NOW)
    assert (history.head, branch.branch) == ("", 1)
    main, _ = place(history, "a", None, NOW)
    assert is_newer(main, branch)


def test_a_branch_that_passed_keeps_out_older_branches_only() -> None:
    """Its mark stands beside that of the main branch."""
    passage = Passage(branch_passed=Mark(Order(1, 2, 2), "feature-b", "b" * 40))
    assert "feature-b) has passed test" in overtaken(Order(1, 2, 1), passage, "test", lambda _: False)
    for order in (Order(1, 1), Order(1, 2), Order(1, 2, 3)):
        assert overtaken(order, passage, "test", lambda _: False) == ""
