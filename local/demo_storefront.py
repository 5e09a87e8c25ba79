"""The scene `storefront`: images of one repository, delivered by another, from a branch to production and back."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from local.approver import Approver
from local.executions import Executions, Progress
from local.load import Answer, share_of
from local.platform import Platform
from local.progress import shown
from local.storefront.settings import ENVIRONMENTS, SERVICES, WAIT_SCALE, changes
from local.storefront.terminal import Ran
from local.storefront.walk import BAD, Step, Walk

_PATIENCE_SECONDS = 180.0
_STEPS: Mapping[str, Sequence[Callable[[Walk], Step]]] = {
    "A branch reaches dev": (Walk.branch,),
    "A version is tested in dev and staging": (Walk.merge,),
    "Production takes it, with an approval and a canary": (Walk.production,),
    "A bad image passes its tests, fails in production, and is taken back": (Walk.bad_image_tested, Walk.bad_image),
    "A hotfix goes as an emergency": (Walk.hotfix,),
    "Production goes back by an older tag": (Walk.back,),
}


def run(root: Path, stack: str, console: Console) -> bool:
    """Run every step on a new platform; True when each ended as expected."""
    started = time.monotonic()
    made = Platform(
        root, stack, lambda line: console.print(f"[dim]{line}[/dim]"), changes=changes(), wait_scale=WAIT_SCALE
    )
    with made as platform:
        walk = Walk(platform, _Follow(platform, console), lambda ran: _say(console, ran))
        console.print("[dim]creating the services and delivering their infrastructure[/dim]")
        steps = [walk.set_up()]
        ready = time.monotonic()
        console.print(f"[dim]ready after {ready - started:.1f} s[/dim]\n")
        for number, (title, works) in enumerate(_STEPS.items(), start=1):
            console.rule(f"{number}. {title}")
            for work in works:
                steps += [work(walk)] if not steps[-1].problems else []
        _closing_tables(console, steps)
        console.print(f"{time.monotonic() - ready:.0f} s after the set-up; the logs are in {platform.root}.")
    return not any(step.problems for step in steps)


def _say(console: Console, ran: Ran) -> None:
    console.print(f"  $ {ran.command}", style="bold", markup=False, highlight=False)
    for line in ran.output.splitlines():
        console.print(f"  {line}", markup=False)


class _Follow:
    """Prints a deployment until its end, and approves it."""

    def __init__(self, platform: Platform, console: Console) -> None:
        self._executions = Executions(platform.clients, platform.outputs)
        self._approver = Approver(platform.mailbox, "Grace Hopper")
        self._console = console

    def __call__(self, deployment: str) -> list[Progress]:
        with shown(self._console) as show:

            def poll() -> None:
                subject = self._approver.decide_next()
                if subject:
                    self._console.print(f"  [bold]mail[/bold] {subject} → approved on its page")
                show(self._executions.of_deployment(deployment))

            return self._executions.await_end(deployment, _PATIENCE_SECONDS, poll)


def _closing_tables(console: Console, steps: list[Step]) -> None:
    table = Table(title="Deployments", title_justify="left")
    for column in ("deployment", "outcome", "entered", "time", "requests to api in prod"):
        table.add_column(column)
    for step in steps:
        entered = ", ".join(name for name in ENVIRONMENTS if name in step.record.get("stages", {}))
        outcome, took = str(step.record.get("outcome")), f"{step.seconds:.1f} s"
        table.add_row(step.title, outcome, entered, took, "\n".join(_versions(step.answers)))
    console.print(table)
    table = Table(title="Running now", title_justify="left")
    for column in ("environment", *SERVICES):
        table.add_column(column)
    for environment, tags in steps[-1].running.items():
        table.add_row(environment, *(tags[service][:11] for service in SERVICES))
    console.print(table)
    for step in steps:
        if BAD in {one.version for one in step.answers}:
            console.print(f"why {step.title} was taken back: {step.record.get('reason')}")
        for problem in step.problems:
            console.print(f"[red]{step.title}: {problem}[/red]")


def _versions(answers: list[Answer]) -> Iterator[str]:
    """How many requests each version has answered, and how many of them failed."""
    for version in sorted({one.version for one in answers}):
        own = [one for one in answers if one.version == version]
        share, failed = share_of(version, answers), sum(one.failed for one in own)
        part = f", {share.percent:.0f} % while it answered" if version == BAD else ""
        yield f"{version or 'none'}: {len(own)}{part}, {failed} failed"
