"""The data that commands print, as JSON values; `cli/show.py` makes tables of them."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from statistics import median
from typing import Any

from cli.aws.operator import Operator, OutOfReachError
from functions.adapters.clock import iso
from functions.adapters.triggers import Triggers
from functions.domain.locks import Lock
from functions.domain.owners import Claim, claim_of
from functions.domain.reconciliation import Ended
from functions.domain.records import DeploymentRecord
from functions.domain.times import seconds_between
from functions.handler import encode
from functions.procedures.forecasts import Forecasts

Facts = dict[str, Any]


def decisions(aws: Operator, deployment: str) -> Iterator[Facts]:
    """The decisions of people, which the record of a deployment keeps by environment and purpose."""
    for key, one in sorted(aws.deployments.row(deployment).items()):
        if key.startswith("approval_"):
            environment = key.removeprefix("approval_").rpartition("_")[0]
            people = [consent["by"] for consent in one.get("consents", ())] or [one["by"]]
            yield {"environment": environment, "people": people, **one}


def history(aws: Operator, limit: int) -> list[Facts]:
    """The newest deployments."""
    return [summary(record) for record in islice(records(aws), limit)]


def records(aws: Operator) -> Iterable[DeploymentRecord]:
    """Every stored record, newest first, read as they are wanted."""
    return aws.deployments.newest(sorted(aws.running.names() | {one.name for one in aws.environments}))


def summary(record: DeploymentRecord) -> Facts:
    release = record.release
    return {
        "deployment": record.deployment_id,
        "repository": release.repository if release else "",
        "commit": release.commit if release else "",
        "title": release.title if release else "",
        "author": release.author if release else "",
        "trigger": record.trigger,
        "by": record.request.by if record.request else "",
        "request": encode(record.request) if record.request else None,
        "emergency": release.emergency if release else False,
        "environment": record.environment,
        "status": record.status,
        "outcome": record.outcome,
        "reason": record.reason,
        "startedAt": record.started_at,
        "finishedAt": record.finished_at,
    }


def locks(aws: Operator) -> list[Facts]:
    """The lock of each environment: owner, reason, time, state of the owner, and the queue.

    Of environments that the stack has no longer, those that are held.
    """
    known = list(aws.locks.all())
    of_stack = [one.name for one in aws.environments]
    gone = sorted({environment_of(lock) for lock in known if lock.owner} - {"", *of_stack})
    return [
        _lock(aws, name, lock)
        for name in (*of_stack, *gone)
        for lock in [lock for lock in known if environment_of(lock) == name] or [Lock("")]
    ]


def environment_of(lock: Lock) -> str:
    """The environment of a lock: `environment/test`, in parallel mode `environment/test/acme/api`; "" for a branch."""
    kind, _, rest = lock.key.partition("/")
    return rest.split("/")[0] if kind == "environment" else ""


def _lock(aws: Operator, environment: str, lock: Lock) -> Facts:
    owner = lock.owner
    return {
        "environment": environment,
        "held": owner is not None,
        "deployment": owner.deployment_id if owner else None,
        "execution": owner.execution if owner else None,
        "reason": owner.reason if owner else None,
        "since": lock.since or None,
        "until": _until(aws, environment, lock),
        "alive": aws.executions.is_running(owner.execution) if owner else None,
        "state": _state(aws, owner.execution) if owner else None,
        "fence": lock.fence,
        "queue": [
            {
                "deployment": waiter.contender.deployment_id,
                "reason": waiter.contender.reason,
                "since": waiter.since,
                "rollback": waiter.contender.rollback,
            }
            for waiter in lock.waiters
        ],
    }


def _until(aws: Operator, environment: str, lock: Lock) -> str | None:
    """When the owner is likely to give the lock back: after the median time of the last stages there (ISO 8601).

    None for a rollback, and where no stage is known: a lock ends with its execution, and at no fixed time.
    """
    if lock.owner is None or lock.owner.rollback:
        return None
    recent = aws.deployments.recent(environment, "deployed")
    stages = [record.stages[environment] for record in recent if environment in record.stages]
    spans = (seconds_between(one.started_at, one.finished_at) for one in stages)
    known = [seconds for seconds in spans if seconds is not None]
    return iso(datetime.fromisoformat(lock.since) + timedelta(seconds=median(known))) if known else None


def _state(aws: Operator, execution: str) -> str:
    return aws.executions.state(execution) if aws.executions.describe(execution) else ""


def approvals(aws: Operator) -> list[Facts]:
    """The open requests for approval; expired ones are left out."""
    now = aws.clock.text()
    return [
        {
            "environment": approval.environment,
            "deployment": approval.deployment_id,
            "purpose": approval.purpose,
            "title": approval.summary.get("title", ""),
            "requestedAt": approval.requested_at,
            "expiresAt": approval.expires_at,
        }
        for _, approval in aws.waits.open()
        if approval and approval.expires_at > now
    ]


def progress(aws: Operator, deployment_id: str) -> Facts:
    """The progress of a deployment: its executions with their states, and its outcome (empty while it runs)."""
    record = aws.deployments.get(deployment_id)
    main = main_execution(aws, deployment_id, record)
    found = [main, *nested(aws, deployment_id)]
    running = bool(main and main.status == "RUNNING")
    end, rollback = _end(record), bool(main and main.workflow == aws.workflows["rollback"])
    if main and rollback:
        end = _end(None) if running else _rollback_end(aws, main)
    return {
        "deployment": deployment_id,
        "running": running,
        "rollback": rollback,
        **end,
        "executions": [_execution(aws, one) for one in found if one],
    }


def main_execution(aws: Operator, deployment_id: str, record: DeploymentRecord | None) -> Ended | None:
    """The execution of a deployment or of a rollback; None if only its record is kept."""
    main = aws.executions.describe(record.execution) if record and record.execution else None
    for workflow in ("deployment", "rollback"):
        main = main or aws.executions.named(aws.workflows[workflow], deployment_id)
    if main is None and record is None:
        raise OutOfReachError(f"no deployment is called {deployment_id}; `kiro-worker history` lists them")
    return main


def _end(record: DeploymentRecord | None) -> Facts:
    if record is None:
        return {"outcome": "", "status": "", "reason": ""}
    return {"outcome": record.outcome, "status": record.status, "reason": record.reason}


def _rollback_end(aws: Operator, rollback: Ended) -> Facts:
    """The end of a rollback, from the record of the deployment whose ledger it used."""
    given = aws.executions.input(rollback.execution)
    record = aws.deployments.get(given["deploymentId"])
    end = record.rollback.get(given["environment"]["name"]) if record else None
    return {"outcome": end.result if end else "", "status": "", "reason": end.reason if end else ""}


def nested(aws: Operator, deployment_id: str) -> Iterable[Ended | None]:
    """The executions of its stages and rollbacks; None for those that were not begun."""
    for one in aws.environments:
        stage = f"{deployment_id}-{one.name}"
        yield aws.executions.named(aws.workflows["stage"], stage)
        for kind in ("rollback", "full-rollback", "rollback-alone"):
            yield aws.executions.named(aws.workflows["rollback"], f"{stage}-{kind}")


def _execution(aws: Operator, found: Ended) -> Facts:
    until = datetime.fromisoformat(found.ended) if found.ended else aws.clock.now()
    return {
        "name": found.name,
        "workflow": found.workflow.rpartition("-")[2],
        "status": found.status,
        "state": aws.executions.state(found.execution),
        "seconds": round((until - datetime.fromisoformat(found.started)).total_seconds(), 1),
    }


def plan(aws: Operator, ref: str, repository: str, environments: list[str]) -> Facts:
    """The forecast of a commit (P11), limited to the named environments if there are any."""
    chosen = [aws.environment(name).name for name in environments]
    stack = aws.informed()
    known = stack.setting("REPOSITORIES").split(",")
    if not repository and len(known) > 1:
        raise OutOfReachError(f"this stack delivers {', '.join(known)}: choose one with --repository")
    if repository and repository not in known:
        raise OutOfReachError(f"this stack does not deliver {repository!r}; it delivers {', '.join(known)}")
    wanted = ref or Triggers.connect(stack).rules.main_branch
    claim = claim_of(repository or known[0], aws.claims) or Claim(repository or known[0])
    found: Facts = encode(Forecasts.connect(stack).of(claim, wanted, aws.environments))
    if chosen:
        found["stages"] = [stage for stage in found["stages"] if stage["environment"] in chosen]
    return found
