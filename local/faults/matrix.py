"""The matrix: every fault of every Task state, played on the real platform, and judged."""

import itertools
import queue
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from local.faults import checks
from local.faults.ground import Ground
from local.faults.lanes import CALM, CAREFUL, Kind, Lane
from local.faults.plans import Row
from local.faults.scenarios import SCENARIOS, Play, Scenario, StuckError, settle

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
        """Bring a first good release to every lane."""
        self._side_by_side([(lane.kind, self._prepare) for lane in self.ground.lanes], each=True)

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
            record = play.ground.record(play.name)
            if record.get("outcome") == "deployed":
                return
        raise StuckError(f"{lane.name}: the first release ended {record.get('outcome')}: {record.get('reason')}")

    def _rehearse(self, wanted: set[tuple[str, str]], *, everything: bool) -> None:
        """Play scenarios without a fault until every wanted state was reached, and remember which reaches what."""

        def job(scenario: Scenario) -> Callable[[Lane], None]:
            def play(lane: Lane) -> None:
                with self._lock:
                    if not everything and not wanted - set(self._reached):
                        return
                one = self.next(lane, None)
                scenario.play(one)
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
        """The next release of a lane, with a fault or without."""
        return Play(self.ground, lane, lane.commits.pop(0), f"r{next(self._numbers)}", row)

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
        known = {self.ground.answers(lane), play.commit}
        try:
            scenario.play(play)
            verdict.problems = settle(play, lambda: self.wrong(play, known))
            verdict.outcome = str(self.ground.record(play.name).get("outcome", "none"))
            if not self.ground.plans.struck(play.name) and not verdict.problems:
                verdict.problems = [_NEVER]
            self.ground.plans.remove(play.name)
            verdict.problems += self._again(play, lane)
        except StuckError as error:
            verdict.problems.append(str(error))
        except Exception:  # a row that breaks the harness is a row that fails
            verdict.problems.append(traceback.format_exc(limit=-3))
        finally:
            self.ground.plans.remove(play.name)
        if verdict.problems and verdict.problems != [_NEVER]:
            self._mend(lane)
        verdict.seconds = time.monotonic() - started
        return verdict

    def wrong(self, play: Play, known: set[str]) -> list[str]:
        """Everything that does not hold now; `known` are the commits that may answer."""
        return [
            *checks.left_behind(play),
            *checks.misplaced(play, known),
            *checks.untold(play, play.row),
        ]

    def _again(self, play: Play, lane: Lane) -> list[str]:
        """The same release once more, by hand: refused while frozen, and deployed or skipped after that."""
        again = Play(self.ground, lane, play.commit, f"{play.name}again")
        if self.ground.environments.frozen(lane.name):
            refused = Play(self.ground, lane, play.commit, f"{play.name}refused")
            refused.await_end(refused.deploy())
            record = self.ground.record(refused.name)
            if record.get("outcome") != "failed" or "frozen" not in record.get("reason", ""):
                return [f"frozen, but a rerun was not refused: {record.get('outcome')}: {record.get('reason')}"]
            self.ground.environments.freeze(lane.name, None)
        again.await_end(again.deploy())
        record = self.ground.record(again.name)
        if record.get("outcome") not in ("deployed", "skipped"):
            return [f"the rerun ended {record.get('outcome')}: {record.get('reason')}"]
        return settle(again, lambda: [*self.wrong(again, {play.commit}), *checks.settled(lane, again)])

    def _mend(self, lane: Lane) -> None:
        """After a row that failed the next one starts on clean ground."""
        for machine in self.ground.machines.values():
            for row in self.ground.sfn.list_executions(stateMachineArn=machine, statusFilter="RUNNING")["executions"]:
                given = self.ground.given(row["executionArn"])
                if lane.name in (given.get("environment") or {}).get("name", "") or (
                    given.get("repository") == lane.repository
                ):
                    self.ground.stop(row["executionArn"])
        lane.ring(self.ground.clients, rings=False)
        time.sleep(1)
        key = f"environment/{lane.name}"
        for _ in range(_LINE):
            owner = self.ground.locks.read(key).owner
            if owner:
                self.ground.locks.release(key, owner.execution)
        self.ground.environments.freeze(lane.name, None)
        again = self.next(lane, None)
        try:
            again.await_end(again.deploy())
        except StuckError:
            return


# More never stand in one line here.
_LINE = 5
_NEVER = "the fault never struck"


def lanes(calm: int, careful: int) -> list[Lane]:
    """So many environments of each kind."""
    return [Lane(f"calm-{n}", CALM) for n in range(calm)] + [Lane(f"careful-{n}", CAREFUL) for n in range(careful)]


def play(
    root: Path,
    rows: Sequence[Row],
    told: Callable[[Verdict], None],
    say: Callable[[str], None],
    *,
    calm: int = 3,
    careful: int = 3,
    rehearsed: str = "",
) -> list[Verdict]:
    """Bring a platform up, play the rows on it, and answer how each ended.

    `rehearsed` names the scenario that is known to reach every row's state; else that is found out first.
    """
    with Ground(root, lanes(calm, careful), say) as ground:
        return Matrix(ground, told).run(rows, rehearsed)
