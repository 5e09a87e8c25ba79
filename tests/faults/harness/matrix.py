"""The fault matrix: runs every fault of every Task state on the real platform and judges it."""

import itertools
import queue
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.harness.cards import add_card
from tests.faults.harness.ecs_subjects import EcsSubject
from tests.faults.harness.environment import FaultEnvironment
from tests.faults.harness.plans import FaultCase
from tests.faults.harness.releases import Release
from tests.faults.harness.runs import Run, StuckError, settle
from tests.faults.harness.scenarios import SCENARIOS, Scenario
from tests.faults.harness.subjects import BOARD, CALM, CAREFUL, ROLLED, THOROUGH, Kind, Subject

# The state, of two workflows, that only a part reaches which AWS itself changes.
_OF_ECS = "AwaitRollout"
# Attempts at a first release: cold functions on a busy machine may time out once.
_FIRST_RELEASES = 3
# Cases that run at once, of all kinds together. With fifteen on two cores a case takes ten times as long as alone, and
# some wait for longer than the harness does.
_AT_ONCE = 6


@dataclass(slots=True)
class Verdict:
    """The result of a case; the case holds when there are no problems."""

    case: FaultCase
    scenario: str = ""
    outcome: str = ""
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether the case has no problems."""
        return not self.problems


class Matrix:
    """Runs cases on subjects; calls `report` with each verdict as soon as it is known."""

    def __init__(self, env: FaultEnvironment, report: Callable[[Verdict], None]) -> None:
        self.env = env
        self._report = report
        self._numbers = itertools.count(1)
        self._reached: dict[tuple[str, str], list[str]] = {}
        self._lock = threading.Lock()

    def run(self, cases: Sequence[FaultCase], rehearsed: str = "") -> list[Verdict]:
        """Rehearse, then run every case on a subject of its kind; the verdicts have the order of the cases."""
        self.prepare()
        if rehearsed:
            self._reached = {(case.workflow, case.state): [rehearsed] for case in cases}
        else:
            self._rehearse(
                {(case.workflow, case.state) for case in cases}, everything=any(case.waits for case in cases)
            )
        verdicts: dict[FaultCase, Verdict] = {}

        def job(case: FaultCase, scenarios: list[Scenario]) -> Callable[[Subject], None]:
            def work(subject: Subject) -> None:
                verdict = self._run(case, scenarios, subject)
                with self._lock:
                    verdicts[case] = verdict
                    self._report(verdict)

            return work

        jobs = []
        for case in cases:
            reached = [SCENARIOS[name] for name in self._reached.get((case.workflow, case.state), [])]
            if case.waits:
                reached.sort(key=lambda scenario: not scenario.ended_by_events)
            if reached:
                jobs.append((reached[0].kind, job(case, reached)))
            else:
                verdicts[case] = Verdict(
                    case, problems=["no scenario reaches this state: add one to tests/faults/harness"]
                )
                self._report(verdicts[case])
        self._in_parallel(jobs)
        return [verdicts[case] for case in cases]

    def prepare(self) -> None:
        """Deploy a first good release to every environment."""
        places = (subject.kind for subject in self.env.subjects if subject.kind is not BOARD)
        self._in_parallel([(kind, self._prepare) for kind in places], each=True)

    def _in_parallel(self, jobs: Iterable[tuple[Kind, Callable[[Subject], None]]], *, each: bool = False) -> None:
        """Every subject runs jobs of its kind until none is left; with `each`, only one job."""
        queues: dict[Kind, queue.SimpleQueue[Callable[[Subject], None]]] = {}
        for kind, job in jobs:
            queues.setdefault(kind, queue.SimpleQueue()).put(job)

        broken: list[Exception] = []
        places = threading.BoundedSemaphore(_AT_ONCE)

        def work(subject: Subject) -> None:
            while not broken:
                try:
                    job = queues[subject.kind].get_nowait()
                except (KeyError, queue.Empty):
                    return
                try:
                    with places:
                        job(subject)
                except Exception as error:  # raised again after all threads have ended
                    broken.append(error)
                if each:
                    return

        threads = [threading.Thread(target=work, args=(subject,), daemon=True) for subject in self.env.subjects]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if broken:
            raise broken[0]

    def _prepare(self, subject: Subject) -> None:
        """Deploy a first good release, to which later ones can be rolled back."""
        for _ in range(_FIRST_RELEASES):
            run = self.next(subject, None)
            SCENARIOS["good"].run(run)
            if run.outcome == "deployed":
                return
        reason = self.env.record(run.name).get("reason")
        raise StuckError(f"{subject.name}: the first release ended {run.outcome}: {reason}")

    def _rehearse(self, wanted: set[tuple[str, str]], *, everything: bool) -> None:
        """Run scenarios without a fault until every wanted state was reached; records the states of each scenario."""

        def job(scenario: Scenario) -> Callable[[Subject], None]:
            def work(subject: Subject) -> None:
                with self._lock:
                    if not everything and not wanted - set(self._reached):
                        return
                one = self.next(subject, None)
                try:
                    scenario.run(one)
                except StuckError as error:
                    self.env.say(f"the scenario {scenario.name} fails without a fault: {error}")
                    one.recover()
                finally:
                    one.disarm()
                    self.env.unfreeze(subject.name)  # `unrecorded` ends frozen, and the first case would wait there
                visited = self.env.visited(one.name)
                with self._lock:
                    for place in visited:
                        self._reached.setdefault(place, []).append(scenario.name)

            return work

        self._in_parallel((scenario.kind, job(scenario)) for scenario in SCENARIOS.values())
        order = list(SCENARIOS)
        for names in self._reached.values():
            names.sort(key=order.index)

    def next(self, subject: Subject, case: FaultCase | None) -> Run:
        """The next release or card of a subject, with or without a fault."""
        name = f"r{next(self._numbers)}"
        if subject.kind is BOARD:
            return add_card(self.env, subject, name, case)
        return Release(self.env, subject, name, case, commit=subject.commits.pop(0))

    def _run(self, case: FaultCase, scenarios: list[Scenario], subject: Subject) -> Verdict:
        """Run a case on the first scenario of this subject's kind in which the fault happens.

        A fault that never happens has shown nothing: on a busy machine a watch of seconds can end before its event.
        """
        for scenario in _ROUNDS * [one for one in scenarios if one.kind == subject.kind]:
            verdict = self._judge(case, scenario, subject)
            if verdict.problems != [_NEVER]:
                return verdict
        return verdict

    def _judge(self, case: FaultCase, scenario: Scenario, subject: Subject) -> Verdict:
        run = self.next(subject, case)
        verdict, started = Verdict(case, scenario.name), time.monotonic()
        try:
            scenario.run(run)
            verdict.problems = settle(run, run.wrong)
            verdict.outcome = run.outcome
            if not run.disarm() and not verdict.problems:
                verdict.problems = [_NEVER]
            verdict.problems += run.rerun()
        except StuckError as error:
            verdict.problems.append(str(error))
        except Exception:  # an error of the harness fails the case
            verdict.problems.append(traceback.format_exc(limit=-3))
        finally:
            run.disarm()
        if verdict.problems and verdict.problems != [_NEVER]:
            run.recover()
        verdict.seconds = time.monotonic() - started
        return verdict


_NEVER = "the fault was never injected"
_ROUNDS = 3


def subjects(kinds: Mapping[Kind, int]) -> list[Subject]:
    """Subjects, as many of each kind as given."""
    return [
        (EcsSubject if kind.on_ecs else Subject)(f"{kind.name}-{number}", kind)
        for kind, count in kinds.items()
        for number in range(count)
    ]


def kinds_of(cases: Sequence[FaultCase], count: int) -> dict[Kind, int]:
    """`count` subjects of each kind that a case needs: cards need one, rollouts of ECS one, releases three."""
    cards = any(case.workflow == "work_item" for case in cases)
    rollouts = any(case.state == _OF_ECS for case in cases)
    releases = any(case.workflow != "work_item" and case.state != _OF_ECS for case in cases)
    wanted = {CALM: releases, CAREFUL: releases, THOROUGH: releases, ROLLED: rollouts, BOARD: cards}
    return {kind: count for kind, needed in wanted.items() if needed}


def run_matrix(
    root: Path,
    cases: Sequence[FaultCase],
    report: Callable[[Verdict], None],
    log: Callable[[str], None],
    kinds: Mapping[Kind, int],
    rehearsed: str = "",
) -> list[Verdict]:
    """Start a platform, run the cases on it, and return their verdicts.

    `rehearsed` names a scenario that reaches the states of all cases; without it, rehearsals find the scenarios.
    """
    with FaultEnvironment(root, subjects(kinds), log) as env:
        return Matrix(env, report).run(cases, rehearsed)
