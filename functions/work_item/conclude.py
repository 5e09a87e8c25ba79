"""Conclude: end an attempt by its card, its comment and its record (W3, W6, W8)."""

from functions.adapters.builds import Builds
from functions.adapters.clock import Clock
from functions.adapters.github.board import Board
from functions.adapters.github.pull_requests import PullRequests
from functions.adapters.waits_table import WaitsTable
from functions.adapters.work_items_table import WorkItemsTable
from functions.adapters.worker_rules import WorkerRules
from functions.domain.events import WorkItemFinished
from functions.handler import Handler
from functions.procedures.waits import END, end_all
from functions.procedures.work_items import SETTLE, Attempt, finished, settle

HANDLER = Handler(allow=(*SETTLE, *END), memory_mb=512, timeout_seconds=120)


def conclude(
    event: Attempt,
    board: Board,
    github: PullRequests,
    records: WorkItemsTable,
    rules: WorkerRules,
    waits: WaitsTable,
    builds: Builds,
    clock: Clock,
) -> WorkItemFinished:
    """End the attempt; the record is written last, when card and comment are done.

    Builds of the attempt are stopped first: one whose start was lost must not work on the branch beside the next one.
    """
    end_all(event.execution, waits, builds)
    return finished(event, settle(event, board, github, records, rules), clock)
