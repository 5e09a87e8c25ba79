"""The demo: one release reaches production while board items become pull requests, and one is rolled back."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from functions.domain.releases import execution_name
from local.approver import Approver
from local.author import Author
from local.demo_board import BoardScenario
from local.executions import Executions, Progress
from local.platform import Platform
from local.progress import shown
from local.service import Traffic, get
from local.settings import REPOSITORY

_ENVIRONMENTS = ("test", "staging", "production")
_PATIENCE_SECONDS = 150.0
# Three times as long as an alarm of the example takes to change here, and one backstop of the laptop.
_WATCH_SECONDS = 6


@dataclass(slots=True)
class Scenario:
    """What one release did: its executions, its record, the versions that answer now, and every difference found."""

    title: str
    release: str
    executions: list[Progress]
    seconds: float
    record: dict[str, Any]
    versions: dict[str, str]
    problems: list[str]
    alarm_seconds: float | None = None


def run(root: Path, stack: str, console: Console) -> bool:
    """Run every scenario on a new platform; True when each ended as expected."""
    started = time.monotonic()
    with Platform(root, stack, lambda line: console.print(f"[dim]{line}[/dim]"), _WATCH_SECONDS) as platform:
        console.print(f"[dim]ready after {time.monotonic() - started:.1f} s[/dim]\n")
        releases = Releases(platform, console)
        items = BoardScenario(platform, console, releases.author)
        scenarios = [releases.good_release(items), releases.bad_release()]
        items.closing_table()
        _closing_table(console, platform, scenarios)
    return not items.problems and not any(scenario.problems for scenario in scenarios)


class Releases:
    """Pushes a good and a bad release to one platform and follows them."""

    def __init__(self, platform: Platform, console: Console) -> None:
        self._platform = platform
        self._console = console
        self._executions = Executions(platform.clients, platform.outputs)
        self._approver = Approver(platform.mailbox, "Grace Hopper")
        self.author = Author(platform)
        self.good = ""

    def good_release(self, items: BoardScenario) -> Scenario:
        """Push a good commit, which must run in all three environments; the board's items are worked on meanwhile."""
        self._console.rule("1. A good release reaches production, while board items become pull requests")
        self.good = self.author.push("feat: greet people")
        items.begin(self.good)
        scenario = self._release("a good release", self.good, items.executions)
        self._expect(scenario, "deployed", dict.fromkeys(_ENVIRONMENTS, self.good))
        items.await_end()
        return scenario

    def bad_release(self) -> Scenario:
        """Push a commit that passes its tests and fails in service: production must be rolled back."""
        self._console.rule("2. A bad release passes its tests, fails in service, and is rolled back")
        self.author.break_in_service()
        bad = self.author.push("feat: let operations choose the salutation")
        with Traffic(self._address("production")):
            scenario = self._release("a bad release", bad)
        self._expect(scenario, "restored", {"test": bad, "staging": bad, "production": self.good})
        scenario.alarm_seconds = self._alarm_to_rollback(scenario)
        if scenario.alarm_seconds is None:
            scenario.problems.append("no alarm started a rollback")
        return scenario

    def _release(self, title: str, commit: str, beside: Callable[[], list[Progress]] = list) -> Scenario:
        name = execution_name(REPOSITORY, "refs/heads/main", commit)
        started = time.monotonic()
        with shown(self._console) as show:

            def poll() -> None:
                subject = self._approver.decide_next()
                if subject:
                    self._console.print(f"  [bold]mail[/bold] {subject} → approved on its page")
                show([*self._executions.of_deployment(name), *beside()])

            executions = self._executions.await_end(name, _PATIENCE_SECONDS, poll)
        seconds = time.monotonic() - started
        return Scenario(title, commit, executions, seconds, self._record(name), self._versions(), [])

    def _expect(self, scenario: Scenario, outcome: str, versions: dict[str, str]) -> None:
        found = scenario.record.get("outcome")
        if found != outcome:
            scenario.problems.append(f"ended {found}, expected {outcome}: {scenario.record.get('reason')}")
        for environment, commit in versions.items():
            if scenario.versions.get(environment) != commit:
                version = scenario.versions.get(environment)
                scenario.problems.append(f"{environment} runs {version}, expected {commit[:12]}")

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
        """The version that each environment's service reports over HTTP."""
        found = {}
        for environment in _ENVIRONMENTS:
            try:
                found[environment] = str(get(f"{self._address(environment)}/health")[1].get("version", "nothing"))
            except (KeyError, OSError) as error:
                found[environment] = f"nothing ({type(error).__name__})"
        return found

    def _alarm_to_rollback(self, scenario: Scenario) -> float | None:
        """Seconds from the alarm's change to ALARM until the first state of the rollback; None without a rollback."""
        rollback = next((e for e in scenario.executions if e.workflow == "rollback"), None)
        breached = scenario.record.get("rollback_production", {}).get("breachedAt")
        if rollback is None or not breached:
            return None
        events = self._platform.clients.client("stepfunctions").get_execution_history(executionArn=rollback.arn)
        first = next(e for e in events["events"] if "stateEnteredEventDetails" in e)
        return float((first["timestamp"] - datetime.fromisoformat(breached)).total_seconds())


def _closing_table(console: Console, platform: Platform, scenarios: list[Scenario]) -> None:
    table = Table(title="Releases", title_justify="left")
    for column in ("release", "environment", "result", "version now", "time", "transitions"):
        table.add_column(column)
    for scenario in scenarios:
        name = execution_name(REPOSITORY, "refs/heads/main", scenario.release)
        for environment in _ENVIRONMENTS:
            stage = scenario.record.get("stages", {}).get(environment, {})
            mine = [e for e in scenario.executions if e.name.startswith(f"{name}-{environment}")]
            span = sum((e.ended or e.started) - e.started for e in mine if e.workflow == "stage")
            table.add_row(
                f"{scenario.title} {scenario.release[:7]}",
                environment,
                str(stage.get("result", "not reached")),
                scenario.versions[environment][:7],
                f"{span:.1f} s",
                str(sum(len(e.states) for e in mine)),
            )
        total = sum(len(e.states) for e in scenario.executions)
        outcome = str(scenario.record.get("outcome"))
        table.add_row("", "[bold]total[/bold]", f"[bold]{outcome}[/bold]", "", f"{scenario.seconds:.1f} s", str(total))
        table.add_section()
    console.print(table)
    for scenario in scenarios:
        if scenario.alarm_seconds is not None:
            console.print(f"alarm to first state of the rollback: [bold]{1000 * scenario.alarm_seconds:.0f} ms[/bold]")
        for problem in scenario.problems:
            console.print(f"[red]{scenario.title}: {problem}[/red]")
    console.print(
        f"\nThe logs are in {platform.root}. To inspect a running platform with the AWS CLI, start it with\n"
        "`.venv/bin/python -m local start`. docs/architecture.md shows the workflows."
    )
