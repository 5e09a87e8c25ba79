"""Checks after every case: no orphans, correct records, and one announcement of the outcome."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.faults.harness.releases import Release
    from tests.faults.harness.runs import Run


def left_behind(run: "Run", key: str) -> Iterator[str]:
    """Orphans of an ended run: executions, its lock, builds, waits."""
    env = run.env
    yield from (f"{execution.rpartition(':')[2]} still runs" for execution in env.running(run.name))
    lock = env.locks.read(key)
    if lock.owner and lock.owner.execution.rpartition(":")[2].startswith(run.name):
        yield f"the lock is still held by {lock.owner.execution.rpartition(':')[2]}"
    for waiter in lock.waiters:
        if waiter.contender.execution.rpartition(":")[2].startswith(run.name):
            yield f"{waiter.contender.execution.rpartition(':')[2]} still waits for the lock"
    yield from (f"{build} runs, or ran to its end although nothing wanted it" for build in env.builds_left(run.name))
    for wait in env.tables["waits"].scan(ConsistentRead=True)["Items"]:
        mine = str(wait.get("execution", "")).rpartition(":")[2].startswith(run.name)
        if mine and not wait["waitKey"].startswith("approval/"):
            yield f"the wait {wait['waitKey']} still exists"


def open_requests(run: "Release") -> Iterator[str]:
    """Approval requests that are still open."""
    for wait in run.env.tables["waits"].scan(ConsistentRead=True)["Items"]:
        approval = wait.get("approval", {})
        if approval.get("deploymentId") == run.name and approval.get("state") == "open":
            yield f"the request {wait['waitKey']} is still open"


def wrong_versions(run: "Release") -> Iterator[str]:
    """Unknown running versions, and records that differ from them; a frozen environment is accepted."""
    env = run.env
    if env.environments.frozen(run.subject.name):
        return
    if env.record(run.name).get("outcome") == "unknown":
        yield f"the outcome is unknown, and {run.subject.name} is not frozen"
    answers = run.subject.answers()
    if answers not in run.known:
        yield f"{run.subject.name} runs {answers[:12] or 'nothing'}, which is not a known release"
    states = env.environments.parts(run.subject.name)
    recorded = {name: s.running.commit for name, s in states.items() if s.running}
    part = recorded.get(f"{run.subject.name}/hello")
    if part != answers:
        yield f"{run.subject.name} runs {answers[:12]}, but {str(part)[:12]} is recorded"


def unrecorded_rollbacks(run: "Release") -> Iterator[str]:
    """A rollback that was stopped or failed and whose result is not recorded; the event of its end may be late."""
    env = run.env
    for rollback in env.of_workflow(run.name, "rollback")[:1]:  # only the newest: it repeats older ones
        status = env.status(rollback)
        if status not in ("RUNNING", "SUCCEEDED") and f"rollback_{run.subject.name}" not in env.record(run.name):
            yield f"{rollback.rpartition(':')[2]} ended as {status}, and its result is not recorded"


def unannounced(run: "Release") -> Iterator[str]:
    """The record has an outcome, announced exactly once; a fault of the announcement itself may repeat it."""
    record = run.env.record(run.name)
    if "outcome" not in record:
        yield "the record has no outcome"
        return
    announced = [d["outcome"] for kind, d in run.env.announced[run.name] if kind == "DeploymentFinished"]
    if not announced:
        yield f"the outcome {record['outcome']} was not announced"
    if set(announced) - {record["outcome"]}:
        yield f"announced {announced}, recorded {record['outcome']}"
    case = run.case
    hit = case and case.workflow == "deployment" and (case.announces or case.state == "Conclude")
    if len(announced) > 1 and not hit:
        yield f"the outcome was announced {len(announced)} times"


def not_good(run: "Release") -> Iterator[str]:
    """Problems after a rerun, unless the release runs and is recorded as good."""
    answers = run.subject.answers()
    if answers != run.commit:
        yield f"after the rerun {run.subject.name} runs {answers[:12]}, not {run.commit[:12]}"
    for name, state in run.env.environments.parts(run.subject.name).items():
        if not state.good or state.good.commit != run.commit:
            yield f"after the rerun {name} is not recorded as good"
