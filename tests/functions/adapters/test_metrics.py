"""Metrics about the platform, as CloudWatch reads them from the log."""

import json
from typing import Any

import pytest

from functions.adapters.metrics import Metrics
from tests.functions.stack import Stack


def written(capsys: pytest.CaptureFixture[str]) -> list[Any]:
    """The lines that were logged since the last call."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_count_is_one_line_of_embedded_format(
    stack: Stack, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line has namespace, unit, dimensions and value, and the platform's name as a dimension."""
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "kiro-pipeline-test-platform")
    Metrics.connect(stack.clients).count("Repaired", 3, kind="lock released")
    (line,) = written(capsys)
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "KiroPipeline"
    assert [(one["Name"], one["Unit"]) for one in directive["Metrics"]] == [("Repaired", "Count")]
    assert sorted(directive["Dimensions"][0]) == ["kind", "service"]
    assert (line["Repaired"], line["kind"]) == ([3.0], "lock released")
    assert line["service"] == "kiro-pipeline-test-platform"


def test_counts_do_not_share_their_dimensions(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    """Each metric is written at once, with its own dimensions only."""
    metrics = Metrics.connect(stack.clients)
    metrics.count("Repaired", 1, kind="build stopped")
    metrics.count("PushNotStarted", 2, environment="all")
    first, second = written(capsys)
    assert (first["Repaired"], "environment" in first) == ([1.0], False)
    assert (second["PushNotStarted"], "kind" in second) == ([2.0], False)


def test_a_count_needs_no_call(stack: Stack) -> None:
    """A metric needs no call to AWS, and so no permission."""
    stack.recording = True
    Metrics.connect(stack.clients).count("Repaired", 1, kind="approval void")
    stack.recording = False
    assert stack.calls == []
