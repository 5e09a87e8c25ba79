"""Reads the board and starts what may be worked on; a schedule wakes it, and whatever hurries it (W1, W2, W4).

The poll is the truth: a webhook or the end of an execution only makes it come sooner.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import uuid4

from functions.adapters.bus import Bus
from functions.adapters.clock import Clock
from functions.adapters.executions import Executions
from functions.adapters.github.board import Board
from functions.adapters.github.pull_requests import PullRequests
from functions.adapters.poll_lease import PollLease
from functions.adapters.work_items_table import WorkItemsTable
from functions.adapters.worker_rules import WorkerRules
from functions.adapters.workflows import WorkItemWorkflow
from functions.domain.work_items import Item, Record, begun, branch_problem, chosen
from functions.handler import Handler
from functions.procedures.work_items import SETTLE, Attempt, finished, settle

_TIMEOUT_SECONDS = 300
# The longest wait for a rate limit, so that a poll that waited still has time to act.
_PATIENCE_SECONDS = 180.0


HANDLER = Handler(
    allow=(
        *PollLease.WRITE,
        *Executions.READ,
        *WorkItemWorkflow.START,
        *WorkItemsTable.FIND,
        *SETTLE,
        *Bus.PUT,
    ),
    timeout_seconds=_TIMEOUT_SECONDS,
    memory_mb=512,
)


class _Poll:
    """One poll and what it needs."""

    def __init__(
        self,
        board: Board,
        github: PullRequests,
        records: WorkItemsTable,
        executions: Executions,
        workflow: WorkItemWorkflow,
        rules: WorkerRules,
        bus: Bus,
        clock: Clock,
        running: Iterable[str],
    ) -> None:
        self.running = set(running)
        self.board = board
        self.github = github
        self.records = records
        self.executions = executions
        self.workflow = workflow
        self.rules = rules
        self.bus = bus
        self.clock = clock

    def run(self) -> list[str]:
        """Settle what died, then start what the limit allows; answers the names of what was started."""
        known = {record.item_id for record in self.records.running()} | self.running
        said = [record for record in map(self.records.get, sorted(known)) if record.state == "running"]
        running = [record for record in said if not self._settled(record)]
        self.running = {record.item_id for record in running}
        free = self.rules.concurrency - len(running)
        if free <= 0:
            return []
        items = list(self.board.items(self.board.names.columns.todo))
        found = {item.item_id: self.records.get(item.item_id) for item in items}
        picked = chosen(items, found, (record.branch for record in running), free, self._head)
        return [name for name in (self._start(item, found[item.item_id]) for item in picked) if name]

    def _settled(self, record: Record) -> bool:
        """An execution that ended without its word: the word is given here, on its behalf."""
        if self.executions.is_running(record.execution):
            return False
        fresh = self.records.get(record.item_id)
        if fresh.state == "running" and fresh.execution == record.execution and fresh.item:
            said = "The attempt was stopped, timed out or died before it could say how it ended."
            name = record.execution.rpartition(":")[2]
            attempt = Attempt(name, record.execution, fresh.item, "failed", said)
            state = settle(attempt, self.board, self.github, self.records, self.rules)
            self.bus.put(finished(attempt, state, self.clock))
        return True

    def _head(self, item: Item) -> str | None:
        """A branch whose name is refused, or that is not ours to ask about, has no commit for us."""
        problem = branch_problem(item.branch, self.rules.branch_namespace, self.rules.main_branch)
        if problem or item.kind == "draft" or item.repository not in self.rules.repositories:
            return None
        return self.github.branch_head(item.repository, item.branch)

    def _start(self, item: Item, record: Record) -> str:
        """The record first: a crash between the two leaves an execution that nobody finds alive, and is settled."""
        started = self.records.save(begun(item, record, self.workflow.arn))
        if started is None:
            return ""
        name = started.execution.rpartition(":")[2]
        self.running.add(item.item_id)
        self.executions.start(self.workflow.arn, name, {"workId": name, "item": item})
        return name


def poll_board(
    event: dict[str, Any],  # noqa: ARG001 - whoever wakes it, the board is what counts
    board: Board,
    github: PullRequests,
    records: WorkItemsTable,
    executions: Executions,
    workflow: WorkItemWorkflow,
    rules: WorkerRules,
    lease: PollLease,
    bus: Bus,
    clock: Clock,
) -> dict[str, Any]:
    """A failure is a fault: it is tried again, and then kept in the dead-letter queue, which alarms."""
    if not board.names.number:
        return {"outcome": "no board is configured"}
    holder = uuid4().hex
    left = lease.take(holder, clock.now(), _TIMEOUT_SECONDS)
    if left is None:
        return {"outcome": "a poll is under way"}
    board.longest_wait_seconds = _PATIENCE_SECONDS
    before, spent, started = board.requests, board.cost, list[str]()
    poll = _Poll(board, github, records, executions, workflow, rules, bus, clock, left)
    finished = False
    try:
        while not finished:
            try:
                started += poll.run()
            finally:
                # Not given back: somebody asked meanwhile, and what they changed may have come too late for this look.
                finished = lease.give_back(holder, poll.running)
    finally:
        measure({"BoardPollCost": board.cost - spent, "BoardPollRequests": board.requests - before})
    return {"outcome": "polled", "started": started, "requests": board.requests - before}


def measure(values: Mapping[str, float]) -> None:
    """Publish what a poll cost, in Embedded Metric Format."""
    from aws_lambda_powertools.metrics import MetricUnit, single_metric

    for name, value in values.items():
        with single_metric(name=name, unit=MetricUnit.Count, value=value, namespace="KiroWorker") as metric:
            metric.add_dimension(name="environment", value="all")
