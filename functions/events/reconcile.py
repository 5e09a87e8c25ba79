"""Every minute: finds what lost events should have done, and does it (P2, P9).

A lost webhook is found by the head of the branch and by the tags of the repository, a lost end of an execution by the
records, waits and locks that name it, a forgotten build by CodeBuild. A lost dispatch can't be found.
The function's timeout is shorter than a minute, so that runs do not overlap. Two runs at once would do no harm, because
each repair may be repeated.
"""

import logging
from itertools import islice
from typing import TYPE_CHECKING, Any

from functions.adapters.clock import Clock
from functions.adapters.github.client import GitHub
from functions.adapters.github.heads import Heads
from functions.adapters.metrics import Metrics
from functions.adapters.triggers import Triggers
from functions.adapters.waits_table import WaitsTable
from functions.adapters.workflows import Deployments
from functions.domain.values import Value
from functions.handler import Handler
from functions.procedures.lost_pushes import LostPushes
from functions.procedures.lost_refs import LostRefs
from functions.procedures.orphans import Orphans, Repair
from functions.procedures.releases import OPEN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HANDLER = Handler(
    allow=(*Orphans.SETTLE, *WaitsTable.READ_SEEN, *Deployments.START, *OPEN), timeout_seconds=55, memory_mb=512
)
# The next run, a minute later, does the rest.
_MOST_REPAIRS = 50
_LOG = logging.getLogger(__name__)


class Output(Value, frozen=True):
    """The repairs of this run."""

    repairs: tuple[Repair, ...]


def reconcile(
    event: dict[str, Any],  # noqa: ARG001 - a schedule's event contains nothing of use
    orphans: Orphans,
    deployments: Deployments,
    triggers: Triggers,
    github: GitHub,
    heads: Heads,
    metrics: Metrics,
    clock: Clock,
) -> Output:
    """Make, log and count the repairs; a search that fails does not stop the others, and is raised at the end."""
    searches: list[Callable[[], Iterator[Repair]]] = [
        LostPushes(orphans, deployments, triggers.rules, github, heads, clock).all,
        lambda: LostRefs(orphans, deployments, triggers.rules, github, heads).all(clock.text()),
        orphans.dead_executions,
        lambda: orphans.missing_records(github, deployments.repositories),
        orphans.orphaned_approvals,
        orphans.stray_builds,
    ]
    done: list[Repair] = []
    failed: list[Exception] = []
    for search in searches:
        try:
            for repair in islice(search(), _MOST_REPAIRS - len(done)):
                _LOG.warning("repaired", extra={"kind": repair.kind, "what": repair.what})
                metrics.count("Repaired", 1, kind=repair.kind)
                done.append(repair)
        except Exception as error:  # raised below, after all searches
            failed.append(error)
    lost = sum(repair.kind == "push started" for repair in done)
    if lost:
        metrics.count("PushNotStarted", lost, environment="all")
    if failed:
        raise ExceptionGroup("searches of the reconciliation failed; the next run repeats them", failed)
    return Output(tuple(done))
