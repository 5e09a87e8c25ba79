"""`kiro stop-all`: nothing runs any more, and rollbacks were let run."""

import pytest

from tests.cli.conftest import Kiro, machine
from tests.cli.test_commands import start


def test_all_is_stopped_but_rollbacks_which_are_waited_for(kiro: Kiro, monkeypatch: pytest.MonkeyPatch) -> None:
    """Executions of every workflow; what is started meanwhile, too."""
    sfn = kiro.clients.client("stepfunctions")
    running = [start(kiro, name, "one") for name in ("deployment", "stage", "enhanced-watch", "work-item")]
    rollback = start(kiro, "rollback", "back")
    looks: list[float] = []

    def look(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 2:
            running.append(start(kiro, "stage", "late"))
        if len(looks) == 3:
            assert sfn.describe_execution(executionArn=rollback)["status"] == "RUNNING"
            sfn.stop_execution(executionArn=rollback)

    monkeypatch.setattr("cli.stopping.time.sleep", look)
    done = kiro.json("stop-all", "--reason", "the end")
    stages = machine("stage").rpartition(":")[2]
    assert {f"{stages}:one", f"{stages}:late"} < set(done["stopped"])
    assert len(done["stopped"]) == len(running) == 5
    assert done["rolledBack"] == [f"{machine('rollback').rpartition(':')[2]}:back"]
    statuses = {sfn.describe_execution(executionArn=one)["status"] for one in running}
    assert statuses == {"ABORTED"}
