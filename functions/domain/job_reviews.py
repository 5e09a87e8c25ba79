"""Whether a job of GitHub Actions may enter an environment of the stack (P13).

The App of the stack is a custom deployment protection rule of the environment on GitHub: a job that names the
environment waits until the platform has approved or rejected it.

    asked ──evidence, freeze, window and alarms as for a release──▶ approved
      │  └──what no time will change──▶ rejected
      └──what ends by itself──▶ waiting: judged again every minute, shown on the run

https://docs.github.com/actions/how-tos/deploy/configure-and-manage-deployments/create-custom-protection-rules
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from functions.domain.demands import BEFORE
from functions.domain.environments import Environment, Freeze
from functions.domain.errors import BadInputError
from functions.domain.evidence import Former, Witness, needs_evidence, verdict
from functions.domain.gates import reasons
from functions.domain.owners import Claim
from functions.domain.pushes import Ignored, not_delivered
from functions.domain.records import DeploymentRecord
from functions.domain.releases import is_commit
from functions.domain.requests import Request, push_name
from functions.domain.triggers import TriggerRules
from functions.domain.values import Value
from functions.domain.watches import Baseline
from functions.domain.windows import LOOK_AHEAD_DAYS, opening

_EVENT = "deployment_protection_rule"
_CALLBACK = re.compile(r"/repos/([^/]+/[^/]+)/actions/runs/(\d{1,18})/deployment_protection_rule")
# https://docs.github.com/actions/reference/workflows-and-actions/deployments-and-environments
_LONGEST_ENVIRONMENT = 255
# Actions reaches its first job within seconds of a push; the platform has the record of that push within minutes, also
# when the webhook was lost.
_GRACE = timedelta(minutes=15)


class Job(Value, frozen=True):
    """A job that waits for the platform's answer.

    `run` is the number of its workflow run, `environment` the name on GitHub, `ref` the name of a branch or tag.
    `asked_at` (ISO 8601) is when the delivery came. `shown` are the topics that were reported on the run: GitHub takes
    ten reports, so each is reported once.
    """

    repository: str
    run: int
    environment: str
    commit: str
    ref: str
    asked_at: str
    shown: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The key of its record in the waits table."""
        return f"job/{self.repository}/{self.run}/{self.environment}"


class JobReview(Value, frozen=True):
    """The answer to a job; `topic` is what a waiting job waits for."""

    state: Literal["approved", "rejected", "waiting"]
    reason: str
    topic: Literal["", "gates", "environment", "freeze", "window", "alarms"] = ""


def read_job(payload: Mapping[str, Any], repositories: frozenset[str], now: str) -> Job | Ignored:
    """The job of a delivery, whose signature was verified before; an invalid payload is a BadInputError.

    Of the callback's address only the number of the run is used: the answer goes to GitHub's address in the settings.
    `sha` is newer than `deployment.sha`, which is missing for a job that creates no deployment.
    https://docs.github.com/webhooks/webhook-events-and-payloads#deployment_protection_rule
    """
    repository, deployment = payload.get("repository"), payload.get("deployment")
    name = repository.get("full_name") if isinstance(repository, Mapping) else None
    if not isinstance(name, str):
        raise BadInputError(f"{_EVENT}: repository.full_name is missing or not a text")
    if foreign := not_delivered(name, repositories):
        return foreign
    if payload.get("action") != "requested":
        return Ignored("only requested reviews of jobs are answered")
    environment, callback = payload.get("environment"), payload.get("deployment_callback_url")
    if not isinstance(environment, str) or not 0 < len(environment) <= _LONGEST_ENVIRONMENT:
        raise BadInputError(f"{_EVENT}: environment is missing or no name")
    found = _CALLBACK.search(callback) if isinstance(callback, str) else None
    if found is None or found[1] != name:
        raise BadInputError(f"{_EVENT}: deployment_callback_url is not that of a run of {name}")
    given = deployment if isinstance(deployment, Mapping) else {}
    commit, ref = payload.get("sha") or given.get("sha"), payload.get("ref") or given.get("ref")
    if not isinstance(commit, str) or not is_commit(commit) or not isinstance(ref, str):
        raise BadInputError(f"{_EVENT}: sha or ref is missing, or sha is no full commit id")
    return Job(name, int(found[2]), environment, commit, ref, now)


def entered_by(job: Job, environments: Sequence[Environment]) -> Environment | None:
    """The environment of the stack that a job names; GitHub compares names without regard to case."""
    return next((one for one in environments if one.name == job.environment.lower()), None)


def refused(job: Job, entered: Environment | None, claim: Claim | None, environments: Sequence[Environment]) -> str:
    """Why the settings do not let the job enter; "" if they do."""
    allowed = [one.name for one in environments if claim and claim.enters(one.name)]
    if entered and entered.name in allowed:
        return ""
    there = f"{job.repository} may deliver to {', '.join(allowed) or 'no environment'}"
    return (
        f"{job.environment} is no environment of this stack for {job.repository}; {there}: rename the environment of "
        "the job, or remove the protection rule from it"
    )


def unmerged(job: Job, entered: Environment, rules: TriggerRules) -> str:
    """Why a commit that the main branch does not reach may not enter a protected environment."""
    return f"{job.commit[:12]} is not on {rules.main_branch}, and {entered.name} is protected: merge it first"


def deployments_of(job: Job, rules: TriggerRules, passed: Mapping[str, str]) -> Iterator[str]:
    """The ids that deployments of the commit may have: of its push or tag, and those that `passed` environments."""
    name = job.ref.removeprefix("refs/heads/").removeprefix("refs/tags/")
    refs = (rules.main_ref, *((f"refs/heads/{name}", f"refs/tags/{name}") if name else ()))
    pushes = (push_name(Request(job.repository, ref, job.commit), rules.main_branch) for ref in refs)
    yield from dict.fromkeys((*pushes, *passed.values()))


def judging(records: Sequence[DeploymentRecord]) -> DeploymentRecord | None:
    """The deployment that says how the gates judged the commit: the newest with verdicts, else the newest."""
    return max(records, key=lambda one: (bool(one.gates), one.started_at), default=None)


def evidence(
    job: Job,
    entered: Environment,
    environments: Sequence[Environment],
    record: DeploymentRecord | None,
    passed: Mapping[str, str],
    witness: Callable[[str, Environment], Witness],
    now: datetime,
) -> JobReview | None:
    """What keeps the job out by the verdicts on its commit; None if nothing does.

    `record` is that of `judging`, `passed` are the environments that the commit passed, each with its deployment. The
    environment before is the last one that this platform's own deployment of the commit changes.
    """
    if record is None:
        if not any(name in BEFORE for name in entered.demanded_gates):
            return None
        if now < datetime.fromisoformat(job.asked_at) + _GRACE:
            return JobReview("waiting", f"waits for a deployment that judges {job.commit[:12]}", "gates")
        return JobReview(
            "rejected",
            f"no deployment of this stack has judged {job.commit[:12]}, and {entered.name} demands gates: run "
            f"`kiro-worker deploy {job.repository} {job.commit[:12]}`, then this job again",
        )
    if not record.gates and not record.outcome:
        return JobReview("waiting", f"waits until {record.deployment_id} has judged the gates", "gates")
    where = _before(entered, environments, record, passed)
    if where and where.name not in passed:
        if not record.outcome:
            return JobReview("waiting", f"waits until {record.deployment_id} has passed {where.name}", "environment")
        return JobReview("rejected", f"{record.deployment_id} has not passed {where.name}: {record.reason}")
    former = Former(where, (witness(passed[where.name], where),)) if where and needs_evidence(where) else None
    entry = verdict(entered, record, former, now)
    match entry.outcome:
        case "complete":
            return None
        case "soaking":
            return JobReview("waiting", f"waits until {entry.until}: {entry.reason}", "environment")
        case "superseded" | "missing":
            return JobReview("rejected", entry.reason)


def _before(
    entered: Environment, environments: Sequence[Environment], record: DeploymentRecord, passed: Mapping[str, str]
) -> Environment | None:
    changed = {stage.environment for stage in record.plan.stages if stage.parts} if record.plan else set()
    names = [one.name for one in environments]
    earlier = environments[: names.index(entered.name)]
    return next((one for one in reversed(earlier) if one.name in changed or one.name in passed), None)


def admission(
    job: Job,
    entered: Environment,
    record: DeploymentRecord | None,
    freeze: Freeze | None,
    alarms: Callable[[], Baseline],
    now: datetime,
) -> JobReview:
    """The answer to a job whose commit has its evidence; the alarms are read only if nothing else keeps it out.

    An alarm that needs a person's approval keeps a job waiting: nobody is asked about a job.
    """
    if freeze:
        days = entered.freeze_wait_days
        if now >= datetime.fromisoformat(job.asked_at) + timedelta(days=days):
            words = f"a job waits at most {days:g} days (freezeWaitDays); run it again after the unfreeze"
            return JobReview("rejected", f"{freeze.describe(entered.name)}; {words}")
        return JobReview("waiting", f"waits for the unfreeze: {freeze.describe(entered.name)}", "freeze")
    window = opening(entered.windows, entered.freezes, now)
    if not window.is_open:
        if window.next_at is None:
            return JobReview("rejected", f"{window.reason}; no opening follows within {LOOK_AHEAD_DAYS} days")
        return JobReview(
            "waiting", f"waits for {entered.name} until {window.next_at:%Y-%m-%d %H:%M} UTC: {window.reason}", "window"
        )
    before = alarms()
    match before.outcome:
        case "block":
            return JobReview("rejected", f"{entered.name}: {before.reason}")
        case "ask":
            return JobReview("waiting", f"waits until this is over: {before.reason}", "alarms")
        case "clear":
            gates = f"{reasons(record.gates)}; " if record and record.gates else ""
            return JobReview("approved", f"{gates}{before.reason}; {window.reason}")
