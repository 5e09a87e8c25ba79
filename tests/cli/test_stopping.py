"""`kiro-worker stop-all`: stops all executions, and waits for rollbacks."""

import pytest

from tests.cli.conftest import Kiro, machine
from tests.cli.test_commands import start


def test_executions_are_stopped_and_rollbacks_are_waited_for(kiro: Kiro, monkeypatch: pytest.MonkeyPatch) -> None:
    """In every workflow, including executions that start meanwhile."""
    sfn = kiro.clients.client("stepfunctions")
    running = [start(kiro, name, "one") for name in ("deployment", "stage", "enhanced-watch", "work-item")]
    rollback = start(kiro, "rollback", "back")
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            running.append(start(kiro, "stage", "late"))
        if len(pauses) == 3:
            assert sfn.describe_execution(executionArn=rollback)["status"] == "RUNNING"
            sfn.stop_execution(executionArn=rollback)

    monkeypatch.setattr("cli.stopping.time.sleep", pause)
    done = kiro.json("stop-all", "--reason", "the end")
    stages = machine("stage").rpartition(":")[2]
    assert {f"{stages}:one", f"{stages}:late"} < set(done["stopped"])
    assert len(done["stopped"]) == len(running) == 5
    assert done["rolledBack"] == [f"{machine('rollback').rpartition(':')[2]}:back"]
    statuses = {sfn.describe_execution(executionArn=one)["status"] for one in running}
    assert statuses == {"ABORTED"}
