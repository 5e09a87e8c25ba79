"""Plans pull requests: one comment and the check `kiro/plan`, without starting anything (P13).

| invoked by | plans |
| --- | --- |
| the webhook | the pull request of the delivery |
| the event GatesJudged of another branch | its pull request, now with the previews of the build |
| a schedule | those whose head has no plan, because their webhook was lost |
"""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from functions.adapters.bus import read_only
from functions.adapters.clock import Clock
from functions.adapters.definitions import READ, Carried
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.github.pull_plans import PullPlans
from functions.adapters.github.types import Pull
from functions.adapters.triggers import Triggers
from functions.domain.environments import Environment
from functions.domain.errors import GitHubError, KiroError
from functions.domain.events import GatesJudged
from functions.domain.owners import Claim, claim_of
from functions.domain.pull_plans import BuiltPlan, pull_plan
from functions.domain.releases import branch_or_tag
from functions.domain.requests import Request, push_name
from functions.domain.triggers import NotDelivered, TriggerRules, last_environment
from functions.domain.values import Value
from functions.handler import Handler
from functions.procedures.forecasts import Forecasts

HANDLER = Handler(allow=(*READ, *Forecasts.READ, *DeploymentsTable.READ), timeout_seconds=120, memory_mb=512)
_LOG = logging.getLogger(__name__)
# A pull request that nobody changed for an hour was planned, or has failed six times: each try costs two requests.
_LATELY = timedelta(hours=1)
# The next run plans the others.
_MOST_PLANS = 10
_TRIES = 3


class _Planner(Value, frozen=True):
    github: PullPlans
    forecasts: Forecasts
    deployments: DeploymentsTable
    environments: tuple[Environment, ...]
    claims: tuple[Claim, ...]
    rules: TriggerRules

    def plan(self, repository: str, number: int) -> str:
        """Plan the head of a pull request, whichever event asked; the answer is the outcome in words.

        An event may be late, or handled while another is: the head is read before the plan and after it was written,
        and the plan is repeated for one that moved.
        """
        for _ in range(_TRIES):
            pull = self.github.pull(repository, number)
            if not pull.is_open or pull.base_branch != self.rules.main_branch:
                return "not planned: it is closed, or not to the main branch"
            self._show(repository, pull)
            if self.github.pull(repository, number).head == pull.head:
                return "planned"
        raise GitHubError(f"GitHub {repository}: the head of #{number} moved {_TRIES} times while it was planned")

    def _show(self, repository: str, pull: Pull) -> None:
        claim = claim_of(repository, self.claims)
        if claim is None:
            return
        until = last_environment(self.rules.main_ref, "", self.rules)
        last = "" if isinstance(until, NotDelivered) else until
        forecast = self.forecasts.of_pull(claim, pull, self.environments, last)
        plan = pull_plan(forecast, last, fork=pull.fork, built=self._built(repository, pull))
        self.github.show(repository, pull.number, pull.head, plan)

    def _built(self, repository: str, pull: Pull) -> BuiltPlan | None:
        """The deployment of the same commit of this branch, once its build was judged; nothing of a fork is built."""
        if pull.fork:
            return None
        name = push_name(Request(repository, f"refs/heads/{pull.head_branch}", pull.head), self.rules.main_branch)
        record = self.deployments.get(name)
        return BuiltPlan(name, record.plan) if record and record.plan and record.gates else None

    def unplanned(self, repository: str, since: datetime) -> Iterator[int]:
        """The pull requests that changed since a time and whose head has no plan."""
        for pull in self.github.open_pulls(repository, self.rules.main_branch):
            if datetime.fromisoformat(pull.updated_at) < since:
                return
            if self.github.planned_head(repository, pull.number) != pull.head:
                yield pull.number


def plan_pull_requests(
    event: dict[str, Any],
    github: PullPlans,
    forecasts: Forecasts,
    deployments: DeploymentsTable,
    carried: Carried,
    triggers: Triggers,
    clock: Clock,
) -> dict[str, Any]:
    """Plan what the event is about; a plan may be repeated, and replaces the one before."""
    planner = _Planner(github, forecasts, deployments, *carried.settings(), triggers.rules)
    if "number" in event:
        repository, number = str(event["repository"]), int(event["number"])
        return {"outcome": planner.plan(repository, number), "pulls": [f"{repository}#{number}"]}
    done, failed = [], list[Exception]()
    for repository, number in _asked(event, planner, clock.now() - _LATELY):
        try:
            planner.plan(repository, number)
            done.append(f"{repository}#{number}")
        except KiroError as error:  # one that can't be planned does not stop the others
            failed.append(error)
    if failed:
        raise ExceptionGroup("pull requests could not be planned", failed)
    return {"outcome": "planned" if done else "nothing to plan", "pulls": done}


def _asked(event: dict[str, Any], planner: _Planner, since: datetime) -> Iterator[tuple[str, int]]:
    if event.get("detail-type") == GatesJudged.__name__:
        release = read_only(GatesJudged, event).release
        kind, name = branch_or_tag(release.ref)
        if kind == "branch" and name != planner.rules.main_branch:
            found = planner.github.open_pulls(release.repository, planner.rules.main_branch, name)
            yield from ((release.repository, pull.number) for pull in found if not pull.fork)
        return
    for claim in planner.claims:
        numbers = planner.unplanned(claim.repository, since)
        yield from ((claim.repository, number) for number in islice(numbers, _MOST_PLANS))
