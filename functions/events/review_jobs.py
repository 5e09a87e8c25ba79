"""Answers jobs of GitHub Actions that want to enter an environment of the stack (P13).

| invoked by | answers |
| --- | --- |
| the webhook | the job of the delivery |
| a schedule, and events after which a job may enter | all jobs that wait |
"""

import logging
from typing import Any

from functions.adapters.clock import Clock
from functions.adapters.definitions import READ, Carried
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environment_health import EnvironmentHealth
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.executions import Executions
from functions.adapters.github.job_reviews import JobReviews
from functions.adapters.triggers import Triggers
from functions.adapters.waiting_jobs import WaitingJobs
from functions.adapters.workflows import EnhancedWatches
from functions.domain.environments import Environment
from functions.domain.evidence import Witness
from functions.domain.job_reviews import (
    Job,
    JobReview,
    admission,
    deployments_of,
    entered_by,
    evidence,
    judging,
    refused,
    unmerged,
)
from functions.domain.owners import Claim, claim_of
from functions.domain.soaks import Watched
from functions.domain.triggers import TriggerRules
from functions.domain.values import Value
from functions.domain.watches import Baseline, baseline
from functions.handler import Handler, decode

HANDLER = Handler(
    allow=(
        *READ,
        *WaitingJobs.USE,
        *DeploymentsTable.READ,
        *EnvironmentHealth.READ,
        *Executions.READ,
        *JobReviews.USE,
    ),
    timeout_seconds=55,
    memory_mb=512,
)
_LOG = logging.getLogger(__name__)


class _Reviewer(Value, frozen=True):
    github: JobReviews
    jobs: WaitingJobs
    deployments: DeploymentsTable
    environments: EnvironmentsTable
    health: EnvironmentHealth
    executions: Executions
    enhanced: EnhancedWatches
    clock: Clock
    rules: TriggerRules
    known: tuple[Environment, ...]
    claims: tuple[Claim, ...]

    def answer(self, job: Job) -> str:
        """Judge a job and say so on GitHub; a wait is reported once for each topic. Returns the state."""
        review = self._review(job)
        if review.state == "waiting":
            if review.topic in job.shown:
                return "waiting"
            noted = self.jobs.note_shown(job, review.topic)
            if noted is None:
                return "waiting"
            job = noted
        waits = self.github.answer(job, review)
        if review.state == "waiting" and waits:
            return "waiting"
        self.jobs.forget(job)
        _LOG.info("job answered", extra={"job": job.key, "state": review.state, "reason": review.reason})
        return review.state if waits else "gone"

    def _review(self, job: Job) -> JobReview:
        entered = entered_by(job, self.known)
        why = refused(job, entered, claim_of(job.repository, self.claims), self.known)
        if entered is None or why:
            return JobReview("rejected", why)
        if not job.shown and (why := self._unmerged(job, entered)):
            return JobReview("rejected", why)
        passed = self.deployments.passed(job.repository, job.commit)
        found = map(self.deployments.get, deployments_of(job, self.rules, passed))
        record = judging([one for one in found if one and one.release and one.release.commit == job.commit])
        now = self.clock.now()
        kept_out = evidence(job, entered, self.known, record, passed, self._witness, now)
        if kept_out:
            return kept_out
        frozen = self.environments.frozen(entered.name)
        review = admission(job, entered, record, frozen, lambda: self._alarms(job, entered), now)
        # The branch may have been moved back while the job waited.
        if review.state == "approved" and job.shown and (why := self._unmerged(job, entered)):
            return JobReview("rejected", why)
        return review

    def _unmerged(self, job: Job, entered: Environment) -> str:
        """Why the commit may not enter a protected environment; "" if main has it, or the environment is not."""
        if entered.name not in self.rules.protected:
            return ""
        # Not by the branch's name: a tag may have the same one.
        head = self.github.branch_head(job.repository, self.rules.main_branch)
        merged = head and self.github.compare(job.repository, head, job.commit).status in ("behind", "identical")
        return "" if merged else unmerged(job, entered, self.rules)

    def _witness(self, deployment_id: str, where: Environment) -> Witness:
        execution = self.enhanced.of(deployment_id, where.name) if where.soak_minutes else ""
        watched = self.executions.describe(execution) if execution else None
        seen = Watched(watched.status, watched.started, watched.ended) if watched else None
        return Witness(deployment_id, self.deployments.get(deployment_id), seen)

    def _alarms(self, job: Job, entered: Environment) -> Baseline:
        read = self.health.alarms(entered, job.repository)
        return baseline(read, entered.on_active_alarm, entered.on_missing_alarm_data)


def review_jobs(
    event: dict[str, Any],
    github: JobReviews,
    jobs: WaitingJobs,
    deployments: DeploymentsTable,
    environments: EnvironmentsTable,
    health: EnvironmentHealth,
    executions: Executions,
    enhanced: EnhancedWatches,
    carried: Carried,
    triggers: Triggers,
    clock: Clock,
) -> dict[str, list[str]]:
    """Answer the job of the event, or all that wait; returns the state of each. An answer may be repeated."""
    asked = [decode(Job, event["job"])] if "job" in event else list(jobs.all())
    if not asked:
        return {"jobs": []}
    known, claims = carried.settings()
    reviewer = _Reviewer(
        github,
        jobs,
        deployments,
        environments,
        health,
        executions,
        enhanced,
        clock,
        triggers.rules,
        known,
        claims,
    )
    done, failed = [], list[Exception]()
    for job in asked:
        try:
            done.append(f"{job.key}: {reviewer.answer(job)}")
        except Exception as error:  # one that can't be answered does not stop the others
            failed.append(error)
    if failed:
        raise ExceptionGroup("jobs could not be answered; the next run repeats them", failed)
    return {"jobs": done}
