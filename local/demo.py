"""The demo: a good release walks to production, a bad one walks back, board items become pull requests; all here."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from local.approver import Approver
from local.author import Author
from local.demo_board import BoardScene
from local.platform import Platform
from local.service import Users, ask
from local.watching import Executions, Progress

_ENVIRONMENTS = ("test", "staging", "production")
_PATIENCE_SECONDS = 150.0
_STYLES = {"RUNNING": "cyan", "SUCCEEDED": "green", "FAILED": "red", "ABORTED": "red", "TIMED_OUT": "red"}


@dataclass(slots=True)
class Scene:
    """What happened in one scenario, and whether it ended as it should."""

    title: str
    release: str
    executions: list[Progress]
    seconds: float
    record: dict[str, Any]
    answers: dict[str, str]
    problems: list[str]
    alarm_seconds: float | None = None


def run(root: Path, stack: str, console: Console) -> bool:
    """Run every scene; whether all ended as they should."""
    started = time.monotonic()
    with Platform(root, stack, lambda line: console.print(f"[dim]{line}[/dim]")) as platform:
        console.print(f"[dim]ready after {time.monotonic() - started:.1f} s[/dim]\n")
        stage = Stage(platform, console)
        scenes = [stage.good_release(), stage.bad_release()]
        items = BoardScene(platform, console, stage.author, stage.good)
        items.run_case()
        items.closing_table()
        _closing_table(console, platform, scenes)
    return not items.problems and not any(scene.problems for scene in scenes)


class Stage:
    """Runs scenes on one platform."""

    def __init__(self, platform: Platform, console: Console) -> None:
        self._platform = platform
        self._console = console
        self._executions = Executions(platform.clients, platform.outputs)
        self._approver = Approver(platform.mailbox, "Grace Hopper")
        self.author = Author(platform)
        self.good = ""

    def good_release(self) -> Scene:
        """Push a good commit: it must run in all three environments."""
        self._console.rule("1. A good release walks to production")
        self.good = self.author.push("feat: greet people")
        scene = self._play("a good release", self.good)
        self._expect(scene, "deployed", dict.fromkeys(_ENVIRONMENTS, self.good))
        return scene

    def bad_release(self) -> Scene:
        """Push a commit that fails in service: production must answer as before."""
        self._console.rule("2. A bad release passes its tests, fails in service, and walks back")
        self.author.break_in_service()
        bad = self.author.push("feat: let operations choose the salutation")
        with Users(self._address("production")):
            scene = self._play("a bad release", bad)
        self._expect(scene, "restored", {"test": bad, "staging": bad, "production": self.good})
        scene.alarm_seconds = self._alarm_to_rollback(scene)
        if scene.alarm_seconds is None:
            scene.problems.append("no rollback was entered after an alarm")
        return scene

    def _play(self, title: str, commit: str) -> Scene:
        name = f"main-{commit[:12]}"
        started = time.monotonic()
        with self._live() as show:

            def look() -> None:
                asked = self._approver.look()
                if asked:
                    self._console.print(f"  [bold]mail[/bold] {asked} → approved on its page")
                show(self._executions.of_deployment(name))

            executions = self._executions.await_end(name, _PATIENCE_SECONDS, look)
        seconds = time.monotonic() - started
        return Scene(title, commit, executions, seconds, self._record(name), self._versions(), [])

    def _expect(self, scene: Scene, outcome: str, versions: dict[str, str]) -> None:
        found = scene.record.get("outcome")
        if found != outcome:
            scene.problems.append(f"ended {found}, expected {outcome}: {scene.record.get('reason')}")
        for environment, commit in versions.items():
            if scene.answers.get(environment) != commit:
                answer = scene.answers.get(environment)
                scene.problems.append(f"{environment} answers as {answer}, expected {commit[:12]}")

    def _record(self, deployment_id: str) -> dict[str, Any]:
        table = self._platform.clients.session.resource(
            "dynamodb", endpoint_url=self._platform.emulator.endpoint
        ).Table(self._platform.outputs["deploymentsTable"])
        record: dict[str, Any] = table.get_item(Key={"deploymentId": deployment_id}).get("Item", {})
        return record

    def _address(self, environment: str) -> str:
        table = self._platform.clients.session.resource(
            "dynamodb", endpoint_url=self._platform.emulator.endpoint
        ).Table(self._platform.outputs["environmentsTable"])
        row: dict[str, Any] = table.get_item(Key={"environment": environment, "part": "hello-service/infrastructure"})[
            "Item"
        ]
        return str(row["outputs"]["url"])

    def _versions(self) -> dict[str, str]:
        """What each environment answers, asked over HTTP."""
        found = {}
        for environment in _ENVIRONMENTS:
            try:
                found[environment] = str(ask(f"{self._address(environment)}/health")[1].get("version", "nothing"))
            except (KeyError, OSError) as error:
                found[environment] = f"nothing ({type(error).__name__})"
        return found

    def _alarm_to_rollback(self, scene: Scene) -> float | None:
        """Seconds from the alarm's change of state to the first state of the rollback."""
        rollback = next((e for e in scene.executions if e.workflow == "rollback"), None)
        breached = scene.record.get("rollback_production", {}).get("breachedAt")
        if rollback is None or not breached:
            return None
        events = self._platform.clients.client("stepfunctions").get_execution_history(executionArn=rollback.arn)
        first = next(e for e in events["events"] if "stateEnteredEventDetails" in e)
        return float((first["timestamp"] - datetime.fromisoformat(breached)).total_seconds())

    @contextmanager
    def _live(self) -> Iterator[Any]:
        """A table that follows the executions; a line per change where the output is no terminal."""
        if self._console.is_terminal:
            with Live(console=self._console, refresh_per_second=6, transient=False) as live:
                yield lambda executions: live.update(_table_of(executions))
            return
        seen: dict[str, str] = {}

        def lines(executions: list[Progress]) -> None:
            for execution in executions:
                stands = f"{execution.status.lower()} {execution.state}"
                if seen.get(execution.name) != stands:
                    seen[execution.name] = stands
                    self._console.print(f"  {execution.name}: {stands}")

        yield lines


def _table_of(executions: list[Progress]) -> Group:
    table = Table(box=None, padding=(0, 2))
    for column in ("execution", "status", "state", "transitions"):
        table.add_column(column)
    for execution in executions:
        status = Text(execution.status.lower(), style=_STYLES.get(execution.status, ""))
        table.add_row(execution.name, status, execution.state, str(len(execution.states)))
    return Group(table)


def _closing_table(console: Console, platform: Platform, scenes: list[Scene]) -> None:
    table = Table(title="What happened", title_justify="left")
    for column in ("release", "environment", "result", "answers as", "time", "transitions"):
        table.add_column(column)
    for scene in scenes:
        for environment in _ENVIRONMENTS:
            stage = scene.record.get("stages", {}).get(environment, {})
            mine = [e for e in scene.executions if e.name.startswith(f"main-{scene.release[:12]}-{environment}")]
            span = sum((e.ended or e.started) - e.started for e in mine if e.workflow == "stage")
            table.add_row(
                f"{scene.title} {scene.release[:7]}",
                environment,
                str(stage.get("result", "not reached")),
                scene.answers[environment][:7],
                f"{span:.1f} s",
                str(sum(len(e.states) for e in mine)),
            )
        total = sum(len(e.states) for e in scene.executions)
        outcome = str(scene.record.get("outcome"))
        table.add_row("", "[bold]all[/bold]", f"[bold]{outcome}[/bold]", "", f"{scene.seconds:.1f} s", str(total))
        table.add_section()
    console.print(table)
    for scene in scenes:
        if scene.alarm_seconds is not None:
            console.print(f"alarm → first state of the rollback: [bold]{scene.alarm_seconds * 1000:.0f} ms[/bold]")
        for problem in scene.problems:
            console.print(f"[red]{scene.title}: {problem}[/red]")
    console.print(
        f"\nWhere to look: logs in {platform.root}; `.venv/bin/python -m local start` keeps a platform running to "
        "look into with the AWS CLI;\ndocs/architecture.md shows the workflows."
    )
