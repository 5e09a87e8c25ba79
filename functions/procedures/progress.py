"""Shows the progress of attempts at work items, from what the platform reads itself (W10).

A build holds no credential for comments. Each task that is done is a push of the item's branch, which the webhook
reports, and the poll looks, too.
"""

import logging

from functions.adapters.builds import Builds
from functions.adapters.github.errors import GitHubError
from functions.adapters.github.pull_requests import PullRequests
from functions.adapters.waits_table import WaitsTable
from functions.adapters.work_items_table import WorkItemsTable
from functions.domain.progress import MARKER, Progress, ended, working
from functions.domain.waits import BuildKey
from functions.domain.work_items import TASKS, Item, Record, spec_folder
from functions.handler import Allow

SHOW: tuple[Allow, ...] = (*WorkItemsTable.READ, *WorkItemsTable.NOTE, *PullRequests.USE)
BUILD_LOG: tuple[Allow, ...] = (*WaitsTable.FIND, *Builds.READ)
_LOG = logging.getLogger(__name__)


def show_progress(record: Record, github: PullRequests, records: WorkItemsTable, log: str = "") -> None:
    """Keep the comment on a running item current; one request to GitHub if nothing has changed.

    `log` is the page of the build's log, "" before there is a build. A comment that can't be written stops no attempt.
    Drafts have no comments.
    """
    item = record.item
    if item is None or not item.number:
        return
    try:
        found = _read(record, item, github, log)
        if found and found.digest != record.progress:
            github.keep(item.repository, item.number, MARKER, working(found))
            records.note_progress(item.item_id, found.digest)
            _correct(record, item, github, records)
    except GitHubError as error:
        _LOG.warning("progress was not shown", extra={"execution": record.execution, "reason": str(error)})


def _correct(record: Record, item: Item, github: PullRequests, records: WorkItemsTable) -> None:
    """Say that the attempt has ended if it did while its progress was written, which is then the later text."""
    now = records.get(item.item_id)
    if now.execution == record.execution and now.state != "running":
        text = ended(record.execution.rpartition(":")[2], now.state)
        github.keep(item.repository, item.number, MARKER, text, create=False)


def build_log(record: Record, waits: WaitsTable, builds: Builds) -> str:
    """The page of the log of an attempt's build; "" while it waits for none."""
    build_ids = (one.key.build_id for one in waits.of_execution(record.execution) if isinstance(one.key, BuildKey))
    build_id = next(build_ids, "")
    return builds.read(build_id).log if build_id else ""


def _read(record: Record, item: Item, github: PullRequests, log: str) -> Progress | None:
    """None while the branch has no list of tasks, which ends the attempt by itself."""
    from functions.buildspecs.work_item.task_list import read_tasks  # with a parser of Markdown

    path = f"{spec_folder(item.branch)}/{TASKS}"
    listed = github.read_file(item.repository, path, item.branch)
    if listed is None:
        return None
    tasks = read_tasks(listed, path).work()
    return Progress(
        record.execution.rpartition(":")[2],
        sum(task.done for task in tasks),
        len(tasks),
        next((task.title for task in tasks if not task.done), ""),
        log,
    )
