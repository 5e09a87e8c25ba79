"""What must hold after every row: nothing is left behind, and what happened is known and told once."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local.faults.plays import Play
    from local.faults.releases import Release


def left_behind(play: "Play", key: str) -> Iterator[str]:
    """Whatever a play that is over still holds: executions, its lock, builds, waits."""
    ground = play.ground
    yield from (f"{execution.rpartition(':')[2]} still runs" for execution in ground.running(play.name))
    lock = ground.locks.read(key)
    if lock.owner and lock.owner.execution.rpartition(":")[2].startswith(play.name):
        yield f"the lock is still held by {lock.owner.execution.rpartition(':')[2]}"
    for waiter in lock.waiters:
        if waiter.contender.execution.rpartition(":")[2].startswith(play.name):
            yield f"{waiter.contender.execution.rpartition(':')[2]} still stands in line for the lock"
    yield from (f"{build} runs, or ran on after the end" for build in ground.builds_left(play.name))
    for wait in ground.tables["waits"].scan(ConsistentRead=True)["Items"]:
        mine = str(wait.get("execution", "")).rpartition(":")[2].startswith(play.name)
        if mine and not wait["waitKey"].startswith("approval/"):
            yield f"the wait {wait['waitKey']} is still there"


def open_requests(play: "Release") -> Iterator[str]:
    """Approvals that nobody waits for."""
    for wait in play.ground.tables["waits"].scan(ConsistentRead=True)["Items"]:
        approval = wait.get("approval", {})
        if approval.get("deploymentId") == play.name and approval.get("state") == "open":
            yield f"the request {wait['waitKey']} is still open"


def misplaced(play: "Release") -> Iterator[str]:
    """Whatever is wrong with what runs: an answer nobody knows, or a record that says otherwise; frozen is an end."""
    ground = play.ground
    if ground.environments.frozen(play.lane.name):
        return
    if ground.record(play.name).get("outcome") == "unknown":
        yield f"the outcome is unknown, and {play.lane.name} is not frozen"
    answers = ground.answers(play.lane)
    if answers not in play.known:
        yield f"{play.lane.name} answers as {answers[:12] or 'nothing'}, which is no known release"
    states = ground.environments.parts(play.lane.name)
    recorded = {name: s.running.commit for name, s in states.items() if s.running}
    part = recorded.get(f"{play.lane.name}/hello")
    if part != answers:
        yield f"{play.lane.name} answers as {answers[:12]}, recorded is {str(part)[:12]}"


def unreturned(play: "Release") -> Iterator[str]:
    """A rollback that was stopped or broke, and of whose end nothing is known; its event comes a moment after it."""
    ground = play.ground
    for rollback in ground.of_workflow(play.name, "rollback")[:1]:  # the newest: what came after an older one counts
        status = ground.status(rollback)
        if status not in ("RUNNING", "SUCCEEDED") and f"rollback_{play.lane.name}" not in ground.record(play.name):
            yield f"{rollback.rpartition(':')[2]} ended as {status}, and nobody wrote how far it came"


def untold(play: "Release") -> Iterator[str]:
    """Exactly one outcome in the record, and told; an announcement that was hit itself may come once more."""
    record = play.ground.record(play.name)
    if "outcome" not in record:
        yield "the record has no outcome"
        return
    said = [d["outcome"] for kind, d in play.ground.told[play.name] if kind == "DeploymentFinished"]
    if not said:
        yield f"the outcome {record['outcome']} was not told"
    if set(said) - {record["outcome"]}:
        yield f"told {said}, recorded {record['outcome']}"
    row = play.row
    hit = row and row.workflow == "deployment" and (row.announces or row.state == "Conclude")
    if len(said) > 1 and not hit:
        yield f"the outcome was told {len(said)} times"


def settled(play: "Release") -> Iterator[str]:
    """After a rerun: the release runs, and is known to be good."""
    answers = play.ground.answers(play.lane)
    if answers != play.commit:
        yield f"after the rerun {play.lane.name} answers as {answers[:12]}, not as {play.commit[:12]}"
    for name, state in play.ground.environments.parts(play.lane.name).items():
        if not state.good or state.good.commit != play.commit:
            yield f"after the rerun {name} is not known as good"
