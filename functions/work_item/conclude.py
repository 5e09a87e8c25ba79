"""Conclude: the record, the card and the comment that end an attempt (W3, W6, W8)."""

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
    """The record, written last, says that card and comment are done.

    A build that was started, and whose start was not heard, must not work on the branch beside the next attempt's.
    """
    end_all(event.execution, waits, builds)
    return finished(event, settle(event, board, github, records, rules), clock)
