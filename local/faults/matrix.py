"""The matrix: every fault of every Task state, played on the real platform, and judged."""

import itertools
import queue
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from local.faults.cards import put_up
from local.faults.ground import Ground
from local.faults.lanes import BOARD, CALM, CAREFUL, THOROUGH, Kind, Lane
from local.faults.plans import Row
from local.faults.plays import Play, StuckError, settle
from local.faults.releases import Release
from local.faults.scenarios import SCENARIOS, Scenario

# Cold functions on a busy machine may time out once.
_FIRST_RELEASES = 3


@dataclass(slots=True)
class Verdict:
    """How a row ended; it holds when there is no problem."""

    row: Row
    scenario: str = ""
    outcome: str = ""
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether everything that must hold did."""
        return not self.problems


class Matrix:
    """Plays rows on lanes; `told` is called with each verdict as it comes."""

    def __init__(self, ground: Ground, told: Callable[[Verdict], None]) -> None:
        self.ground = ground
        self._told = told
        self._numbers = itertools.count(1)
        self._reached: dict[tuple[str, str], list[str]] = {}
        self._lock = threading.Lock()

    def run(self, rows: Sequence[Row], rehearsed: str = "") -> list[Verdict]:
        """Rehearse, then play every row on a lane of the kind it needs; in the order of the rows."""
        self.prepare()
        if rehearsed:
            self._reached = {(row.workflow, row.state): [rehearsed] for row in rows}
        else:
            self._rehearse({(row.workflow, row.state) for row in rows}, everything=any(row.waits for row in rows))
        verdicts: dict[Row, Verdict] = {}

        def job(row: Row, scenarios: list[Scenario]) -> Callable[[Lane], None]:
            def play(lane: Lane) -> None:
                verdict = self._play(row, scenarios, lane)
                with self._lock:
                    verdicts[row] = verdict
                    self._told(verdict)

            return play

        jobs = []
        for row in rows:
            reached = [SCENARIOS[name] for name in self._reached.get((row.workflow, row.state), [])]
            if row.waits:
                reached.sort(key=lambda scenario: not scenario.hurried)
            if reached:
                jobs.append((reached[0].kind, job(row, reached)))
            else:
                verdicts[row] = Verdict(row, problems=["no scenario reaches this state: add one to local/faults"])
                self._told(verdicts[row])
        self._side_by_side(jobs)
        return [verdicts[row] for row in rows]

    def prepare(self) -> None:
        """Bring a first good release to every environment."""
        places = (lane.kind for lane in self.ground.lanes if lane.kind is not BOARD)
        self._side_by_side([(kind, self._prepare) for kind in places], each=True)

    def _side_by_side(self, jobs: Iterable[tuple[Kind, Callable[[Lane], None]]], *, each: bool = False) -> None:
        """Every lane takes the next job of its kind, or, with `each`, the one job that is its own."""
        queues: dict[Kind, queue.SimpleQueue[Callable[[Lane], None]]] = {}
        for kind, job in jobs:
            queues.setdefault(kind, queue.SimpleQueue()).put(job)

        broken: list[Exception] = []

        def work(lane: Lane) -> None:
            while not broken:
                try:
                    job = queues[lane.kind].get_nowait()
                except (KeyError, queue.Empty):
                    return
                try:
                    job(lane)
                except Exception as error:  # raised again where all threads have ended
                    broken.append(error)
                if each:
                    return

        threads = [threading.Thread(target=work, args=(lane,), daemon=True) for lane in self.ground.lanes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if broken:
            raise broken[0]

    def _prepare(self, lane: Lane) -> None:
        """A first good release, to which later ones can go back."""
        for _ in range(_FIRST_RELEASES):
            play = self.next(lane, None)
            SCENARIOS["good"].play(play)
            if play.outcome == "deployed":
                return
        reason = self.ground.record(play.name).get("reason")
        raise StuckError(f"{lane.name}: the first release ended {play.outcome}: {reason}")

    def _rehearse(self, wanted: set[tuple[str, str]], *, everything: bool) -> None:
        """Play scenarios without a fault until every wanted state was reached, and remember which reaches what."""

        def job(scenario: Scenario) -> Callable[[Lane], None]:
            def play(lane: Lane) -> None:
                with self._lock:
                    if not everything and not wanted - set(self._reached):
                        return
                one = self.next(lane, None)
                try:
                    scenario.play(one)
                except StuckError as error:
                    self.ground.say(f"the scenario {scenario.name} does not work without a fault either: {error}")
                    one.mend()
                finally:
                    one.disarm()
                visited = self.ground.visited(one.name)
                with self._lock:
                    for place in visited:
                        self._reached.setdefault(place, []).append(scenario.name)

            return play

        self._side_by_side((scenario.kind, job(scenario)) for scenario in SCENARIOS.values())
        order = list(SCENARIOS)
        for names in self._reached.values():
            names.sort(key=order.index)

    def next(self, lane: Lane, row: Row | None) -> Play:
        """The next release or card of a lane, with a fault or without."""
        name = f"r{next(self._numbers)}"
        if lane.kind is BOARD:
            return put_up(self.ground, lane, name, row)
        return Release(self.ground, lane, name, row, commit=lane.commits.pop(0))

    def _play(self, row: Row, scenarios: list[Scenario], lane: Lane) -> Verdict:
        """Play a row on the first scenario of this lane's kind in which the fault happens at all."""
        for scenario in (one for one in scenarios if one.kind == lane.kind):
            verdict = self._judge(row, scenario, lane)
            if verdict.problems != [_NEVER]:
                return verdict
        return verdict

    def _judge(self, row: Row, scenario: Scenario, lane: Lane) -> Verdict:
        play = self.next(lane, row)
        verdict, started = Verdict(row, scenario.name), time.monotonic()
        try:
            scenario.play(play)
            verdict.problems = settle(play, play.wrong)
            verdict.outcome = play.outcome
            if not play.disarm() and not verdict.problems:
                verdict.problems = [_NEVER]
            verdict.problems += play.again()
        except StuckError as error:
            verdict.problems.append(str(error))
        except Exception:  # a row that breaks the harness is a row that fails
            verdict.problems.append(traceback.format_exc(limit=-3))
        finally:
            play.disarm()
        if verdict.problems and verdict.problems != [_NEVER]:
            play.mend()
        verdict.seconds = time.monotonic() - started
        return verdict


_NEVER = "the fault never struck"


def lanes(kinds: Mapping[Kind, int]) -> list[Lane]:
    """So many of each kind."""
    return [Lane(f"{kind.name}-{number}", kind) for kind, count in kinds.items() for number in range(count)]


def kinds_of(rows: Sequence[Row], count: int) -> dict[Kind, int]:
    """So many lanes of each kind on which one of the rows may be played; releases have three kinds, cards one."""
    cards = any(row.workflow == "work_item" for row in rows)
    releases = any(row.workflow != "work_item" for row in rows)
    return {kind: count for kind in (CALM, CAREFUL, THOROUGH, BOARD) if (cards if kind is BOARD else releases)}


def play(
    root: Path,
    rows: Sequence[Row],
    told: Callable[[Verdict], None],
    say: Callable[[str], None],
    kinds: Mapping[Kind, int],
    rehearsed: str = "",
) -> list[Verdict]:
    """Bring a platform up, play the rows on it, and answer how each ended.

    `rehearsed` names the scenario that is known to reach every row's state; else that is found out first.
    """
    with Ground(root, lanes(kinds), say) as ground:
        return Matrix(ground, told).run(rows, rehearsed)
