"""The four DORA metrics, from the records of deployments."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from statistics import median
from typing import Annotated

import typer

from cli import facts
from cli.grid import Grid
from cli.output import Form, Output
from cli.session import report
from functions.domain.records import DeploymentRecord
from functions.domain.times import seconds_between

# Results of stages that changed their environment, as the metric `Change` counts them.
_CHANGED = ("passed", "restored", "partly", "unknown")


def dora(
    context: typer.Context,
    days: Annotated[int, typer.Option("--days", min=1, max=90, help="how far back; records are kept 90 days")] = 30,
    output: Output = Form.TABLE,
) -> None:
    """Show deployment frequency, lead time, change failure rate and time to restore of each environment."""
    report(
        context,
        lambda aws: [
            figures([*facts.records(aws)], one.name, since=aws.clock.now() - timedelta(days=days), days=days)
            for one in aws.environments
        ],
        _table,
        output,
    )


def figures(records: Iterable[DeploymentRecord], environment: str, *, since: datetime, days: int) -> facts.Facts:
    """The metrics of one environment over the last `days`; times are medians in seconds, None where there are none.

    The lead time is that of a commit until it is good in the environment, and the time to restore that from the alarm
    until the former version was read back. A rollback that a person asked for counts as a failure, too.
    https://dora.dev/guides/dora-metrics-four-keys/
    """
    begins = since.isoformat()
    found = list(records)
    stages = [
        (record.release, record.stages[environment])
        for record in found
        if environment in record.stages and _is_after(record.stages[environment].finished_at, begins)
    ]
    changes = [stage for _, stage in stages if stage.result in _CHANGED]
    leads = [
        seconds_between(release.committed_at, stage.finished_at)
        for release, stage in stages
        if release and stage.result == "passed"
    ]
    rollbacks = [
        back for record in found if (back := record.rollback.get(environment)) and _is_after(back.verified_at, begins)
    ]
    restores = [seconds_between(back.breached_at, back.verified_at) for back in rollbacks if back.result == "restored"]
    return {
        "environment": environment,
        "days": days,
        "changes": len(changes),
        "changesPerDay": round(len(changes) / days, 2),
        "leadTimeSeconds": _median(leads),
        "rollbacks": len(rollbacks),
        "changeFailurePercent": round(100 * min(len(rollbacks) / len(changes), 1), 1) if changes else None,
        "timeToRestoreSeconds": _median(restores),
    }


def _is_after(time: str, begins: str) -> bool:
    return bool(time) and datetime.fromisoformat(time) >= datetime.fromisoformat(begins)


def _median(seconds: Iterable[float | None]) -> float | None:
    known = [max(one, 0) for one in seconds if one is not None]
    return round(median(known), 1) if known else None


def _table(found: list[facts.Facts]) -> Grid:
    table = Grid("environment", "changes", "per day", "lead time", "rollbacks", "failure rate", "time to restore")
    for one in found:
        table.add_row(one["environment"], *_cells(one))
    return table


def _cells(one: facts.Facts) -> Iterator[str]:
    share = one["changeFailurePercent"]
    yield str(one["changes"])
    yield str(one["changesPerDay"])
    yield _span(one["leadTimeSeconds"])
    yield str(one["rollbacks"])
    yield "-" if share is None else f"{share} %"
    yield _span(one["timeToRestoreSeconds"])


def _span(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    return (
        f"{seconds:.0f} s"
        if seconds < 120
        else f"{seconds / 60:.0f} min"
        if seconds < 7200
        else f"{seconds / 3600:.1f} h"
    )
