"""Why a service is not as it should be, for people: its deployment, and the last lines that its tasks have printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.ecs.context import short

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from local.ecs.service import Service
    from local.ecs.tasks import Task

# Tasks of one revision mostly fail alike.
_TASKS, _LINES = 2, 5


def reasons(service: Service, logs: Path) -> str:
    """The newest deployment's status and the last tasks; `logs` is the folder with a log for each task."""
    latest = service.latest
    status = f"{latest.status} {latest.reason}".strip() if latest else "it has no deployment"
    every = service.every_task()
    lines = [f"{service.key}: {status}; {sum(one.healthy for one in every)} of {service.desired} tasks are healthy"]
    for task in every[-_TASKS:]:
        lines += _of_task(task, logs)
    return "\n".join(lines)


def _of_task(task: Task, logs: Path) -> Iterator[str]:
    codes = [f"exit code {one.exit_code}" for one in task.containers if one.exit_code is not None]
    checked = [f"health check of the target group: {task.target.state}"] if task.target else []
    words = [task.status, *([task.stopped_reason] if task.stopped_reason else []), *codes, *checked]
    yield f"  task {short(task.arn)}: {', '.join(words)}"
    log = logs / f"{short(task.arn)}.log"
    printed = log.read_text("utf-8", "replace").splitlines() if log.exists() else []
    yield from (f"    {line}" for line in printed[-_LINES:] or ["it has printed nothing"])
