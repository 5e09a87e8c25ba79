"""`kiro-worker logs`: the lines of functions and builds that concern one deployment."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from functions.adapters.deployments_table import DeploymentsTable
from tests.cli.conftest import Kiro
from tests.cli.test_releases import begun
from tests.functions.samples import DEPLOYMENT

FUNCTION = "/aws/lambda/kiro-pipeline-test-stage-watch"
PROJECT = "kiro-pipeline-test-build-1a2b"


def put(kiro: Kiro, group: str, stream: str, *lines: str) -> None:
    """Write lines into a new log stream."""
    logs = kiro.clients.client("logs")
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    now = int(datetime.now(UTC).timestamp() * 1000) + 1000
    events: list[Any] = [{"timestamp": now + number, "message": line} for number, line in enumerate(lines)]
    logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)


def test_lines_of_functions_and_builds_come_by_name(kiro: Kiro, monkeypatch: Any) -> None:
    """T1: only those of this deployment; a line of a function is shown with level, message and reason."""
    begun(kiro)
    mine = {"level": "INFO", "message": "done", "outcome": "healthy", "deploymentId": DEPLOYMENT}
    put(kiro, FUNCTION, "s", json.dumps(mine), json.dumps({**mine, "deploymentId": "main-other"}))
    put(kiro, f"/aws/codebuild/{PROJECT}", "b1", "collected 148 items")
    codebuild = kiro.clients.client("codebuild")
    build = {
        "id": f"{PROJECT}:b1",
        "startTime": datetime.now(UTC) + timedelta(seconds=1),
        "environment": {"environmentVariables": [{"name": "KIRO_DEPLOYMENT", "value": DEPLOYMENT}]},
        "logs": {"streamName": "b1"},
    }
    answers = {"ListBuildsForProject": {"ids": [build["id"]]}, "BatchGetBuilds": {"builds": [build]}}
    original = type(codebuild)._make_api_call
    monkeypatch.setattr(
        "botocore.client.BaseClient._make_api_call",
        lambda self, name, given: answers[name] if name in answers else original(self, name, given),
    )
    found = kiro.json("logs", DEPLOYMENT)
    assert [(one["source"], one["message"]) for one in found] == [
        ("stage-watch", "INFO done healthy"),
        ("build-1a2b:b1", "collected 148 items"),
    ]
    assert found[0]["fields"]["deploymentId"] == DEPLOYMENT
    assert "collected 148 items" in kiro.run("logs", DEPLOYMENT).stdout
    assert [one["source"] for one in kiro.json("logs", DEPLOYMENT, "--builds")] == ["build-1a2b:b1"]


def test_what_has_no_lines_says_so(kiro: Kiro) -> None:
    """An unknown name is an error with the next step; a known one may have none that are kept."""
    assert "`kiro-worker history` lists them" in kiro.run("logs", "main-x").stderr
    DeploymentsTable.connect(kiro.clients).begin(DEPLOYMENT, None, "", "push")  # type: ignore[arg-type]
    assert "no line is kept" in kiro.run("logs", DEPLOYMENT).stdout
