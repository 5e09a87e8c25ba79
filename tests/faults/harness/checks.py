"""What must hold after every case: nothing is left behind, and what happened is known and told once."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.faults.harness.releases import Release
    from tests.faults.harness.runs import Run


def left_behind(run: "Run", key: str) -> Iterator[str]:
    """Whatever a run that is over still holds: executions, its lock, builds, waits."""
    env = run.env
    yield from (f"{execution.rpartition(':')[2]} still runs" for execution in env.running(run.name))
    lock = env.locks.read(key)
    if lock.owner and lock.owner.execution.rpartition(":")[2].startswith(run.name):
        yield f"the lock is still held by {lock.owner.execution.rpartition(':')[2]}"
    for waiter in lock.waiters:
        if waiter.contender.execution.rpartition(":")[2].startswith(run.name):
            yield f"{waiter.contender.execution.rpartition(':')[2]} still stands in line for the lock"
    yield from (f"{build} runs, or ran on after the end" for build in env.builds_left(run.name))
    for wait in env.tables["waits"].scan(ConsistentRead=True)["Items"]:
        mine = str(wait.get("execution", "")).rpartition(":")[2].startswith(run.name)
        if mine and not wait["waitKey"].startswith("approval/"):
            yield f"the wait {wait['waitKey']} is still there"


def open_requests(run: "Release") -> Iterator[str]:
    """Approvals that nobody waits for."""
    for wait in run.env.tables["waits"].scan(ConsistentRead=True)["Items"]:
        approval = wait.get("approval", {})
        if approval.get("deploymentId") == run.name and approval.get("state") == "open":
            yield f"the request {wait['waitKey']} is still open"


def misplaced(run: "Release") -> Iterator[str]:
    """Whatever is wrong with what runs: an answer nobody knows, or a record that says otherwise; frozen is an end."""
    env = run.env
    if env.environments.frozen(run.subject.name):
        return
    if env.record(run.name).get("outcome") == "unknown":
        yield f"the outcome is unknown, and {run.subject.name} is not frozen"
    answers = env.answers(run.subject)
    if answers not in run.known:
        yield f"{run.subject.name} answers as {answers[:12] or 'nothing'}, which is no known release"
    states = env.environments.parts(run.subject.name)
    recorded = {name: s.running.commit for name, s in states.items() if s.running}
    part = recorded.get(f"{run.subject.name}/hello")
    if part != answers:
        yield f"{run.subject.name} answers as {answers[:12]}, recorded is {str(part)[:12]}"


def unreturned(run: "Release") -> Iterator[str]:
    """A rollback that was stopped or broke, and of whose end nothing is known; its event comes a moment after it."""
    env = run.env
    for rollback in env.of_workflow(run.name, "rollback")[:1]:  # the newest: what came after an older one counts
        status = env.status(rollback)
        if status not in ("RUNNING", "SUCCEEDED") and f"rollback_{run.subject.name}" not in env.record(run.name):
            yield f"{rollback.rpartition(':')[2]} ended as {status}, and nobody wrote how far it came"


def untold(run: "Release") -> Iterator[str]:
    """Exactly one outcome in the record, and told; an announcement that was hit itself may come once more."""
    record = run.env.record(run.name)
    if "outcome" not in record:
        yield "the record has no outcome"
        return
    said = [d["outcome"] for kind, d in run.env.told[run.name] if kind == "DeploymentFinished"]
    if not said:
        yield f"the outcome {record['outcome']} was not told"
    if set(said) - {record["outcome"]}:
        yield f"told {said}, recorded {record['outcome']}"
    case = run.case
    hit = case and case.workflow == "deployment" and (case.announces or case.state == "Conclude")
    if len(said) > 1 and not hit:
        yield f"the outcome was told {len(said)} times"


def settled(run: "Release") -> Iterator[str]:
    """After a rerun: the release runs, and is known to be good."""
    answers = run.env.answers(run.subject)
    if answers != run.commit:
        yield f"after the rerun {run.subject.name} answers as {answers[:12]}, not as {run.commit[:12]}"
    for name, state in run.env.environments.parts(run.subject.name).items():
        if not state.good or state.good.commit != run.commit:
            yield f"after the rerun {name} is not known as good"
