"""Reads the board and starts work on eligible items, up to the limit (W1, W2, W4).

A schedule invokes it. Webhooks and ends of work items only make it run sooner.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import uuid4

from functions.adapters.builds import Builds
from functions.adapters.bus import Bus
from functions.adapters.clock import Clock
from functions.adapters.executions import Executions
from functions.adapters.github.board import Board
from functions.adapters.github.pull_requests import PullRequests
from functions.adapters.poll_lease import PollLease
from functions.adapters.waits_table import WaitsTable
from functions.adapters.work_items_table import WorkItemsTable
from functions.adapters.worker_rules import WorkerRules
from functions.adapters.workflows import WorkItemWorkflow
from functions.domain.steering import Instruction
from functions.domain.work_items import Item, Record, begun, branch_problem, chosen
from functions.handler import Handler, decode
from functions.procedures.progress import BUILD_LOG, SHOW, build_log, show_progress
from functions.procedures.steering import STEER, end_if_moved, steer
from functions.procedures.work_items import SETTLE, Attempt, finished, settle

_TIMEOUT_SECONDS = 300
# The longest wait for GitHub's rate limit; after it, the poll still has time for its work.
_PATIENCE_SECONDS = 180.0


HANDLER = Handler(
    allow=(
        *PollLease.WRITE,
        *Executions.READ,
        *WorkItemWorkflow.START,
        *WorkItemsTable.FIND,
        *SETTLE,
        *STEER,
        *SHOW,
        *BUILD_LOG,
        *Bus.PUT,
    ),
    timeout_seconds=_TIMEOUT_SECONDS,
    memory_mb=512,
)


class _Poll:
    """One reading of the board, with its adapters; `running` are the ids of items that are worked on."""

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
        waits: WaitsTable,
        builds: Builds,
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
        self.waits = waits
        self.builds = builds

    def run(self) -> list[str]:
        """Settle attempts whose execution ended, then start items up to the limit; returns the started names."""
        known = {record.item_id for record in self.records.running()} | self.running
        recorded = [record for record in map(self.records.get, sorted(known)) if record.state == "running"]
        running = [record for record in recorded if not self._settled(record)]
        for record in running:
            end_if_moved(record, self.board, self.records, self.executions)
            show_progress(record, self.github, self.records, build_log(record, self.waits, self.builds))
        self.running = {record.item_id for record in running}
        free = self.rules.concurrency - len(running)
        if free <= 0:
            return []
        items = list(self.board.items(self.board.names.columns.todo))
        found = {item.item_id: self.records.get(item.item_id) for item in items}
        picked = chosen(items, found, (record.branch for record in running), free, self._head)
        return [name for name in (self._start(item, found[item.item_id]) for item in picked) if name]

    def _settled(self, record: Record) -> bool:
        """Whether an attempt's execution has ended; if it recorded no end, the attempt is settled as failed."""
        if self.executions.is_running(record.execution):
            return False
        fresh = self.records.get(record.item_id)
        if fresh.state == "running" and fresh.execution == record.execution and fresh.item:
            reason = "The attempt was stopped, timed out or crashed before it recorded its result."
            name = record.execution.rpartition(":")[2]
            attempt = Attempt(name, record.execution, fresh.item, "failed", reason)
            state = settle(attempt, self.board, self.github, self.records, self.rules)
            self.bus.put(finished(attempt, state, self.clock))
        return True

    def _head(self, item: Item) -> str | None:
        """The head of an item's branch; None for a refused name, a draft, or a repository that is not delivered."""
        problem = branch_problem(item.branch, self.rules.branch_namespace, self.rules.main_branch)
        if problem or item.kind == "draft" or item.repository not in self.rules.repositories:
            return None
        return self.github.branch_head(item.repository, item.branch)

    def _start(self, item: Item, record: Record) -> str:
        """Write the record, then start the execution; returns its name, "" if another poll wrote first.

        A crash between the two leaves a record whose execution does not exist, which the next poll settles.
        """
        started = self.records.save(begun(item, record, self.workflow.arn))
        if started is None:
            return ""
        name = started.execution.rpartition(":")[2]
        self.running.add(item.item_id)
        self.executions.start(self.workflow.arn, name, {"workId": name, "item": item})
        return name


def poll_board(
    event: dict[str, Any],
    board: Board,
    github: PullRequests,
    records: WorkItemsTable,
    executions: Executions,
    workflow: WorkItemWorkflow,
    rules: WorkerRules,
    lease: PollLease,
    bus: Bus,
    waits: WaitsTable,
    builds: Builds,
    clock: Clock,
) -> dict[str, Any]:
    """Poll the board, and again if a trigger arrived meanwhile; an error leaves the event as a dead letter.

    The board is read whatever the trigger was, but for a push of a branch, which only changes what is shown of it; an
    instruction of a comment is carried out before.
    """
    if not board.names.number:
        return {"outcome": "no board is configured"}
    if "pushed" in event:
        for record in records.running():
            if record.branch == event["pushed"]:
                show_progress(record, github, records, build_log(record, waits, builds))
        return {"outcome": "progress is shown"}
    if "instruction" in event:
        steer(decode(Instruction, event["instruction"]), board, github, records, executions)
    holder = uuid4().hex
    left = lease.take(holder, clock.now(), _TIMEOUT_SECONDS)
    if left is None:
        return {"outcome": "a poll is under way"}
    board.longest_wait_seconds = _PATIENCE_SECONDS
    before, spent, started = board.requests, board.cost, list[str]()
    poll = _Poll(board, github, records, executions, workflow, rules, bus, clock, left, waits, builds)
    finished = False
    try:
        while not finished:
            try:
                started += poll.run()
            except Exception:
                lease.give_up(holder, poll.running)
                raise
            # False: another trigger arrived during this pass, and its change may not have been read.
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
