"""Alarms of the platform, dashboard and budget."""

import json
import re
from pathlib import Path
from typing import get_args

import pytest

from components.functions.handlers import discover
from components.stack.settings import Settings
from functions.domain.work_items import Result
from functions.events.publish_metrics import measurements
from tests.components.recorder import PROJECT_KEY, REPOSITORY, Outcome
from tests.functions.samples import event

PROJECT = Path(__file__).parents[3]


def test_the_alarms_of_the_requirements_are_there(whole: Outcome) -> None:
    """O3, where a metric exists: deployments, rollbacks, builds, tables, dead letters."""
    alarms = {one.name: one.inputs for one in whole.recorder.of("cloudwatch/metricAlarm:MetricAlarm")}
    hour = {"deployments-failed": 3, "rollbacks-started": 2}
    assert {name: (alarms[name]["threshold"], alarms[name]["period"]) for name in hour} == {
        name: (limit, 3600) for name, limit in hour.items()
    }
    assert {f"build-failures-{PROJECT_KEY}", "locks-write-throttled", "rollback-failed-production"} <= set(alarms)
    assert {one.name for one in whole.recorder.of("sqs/queue:Queue")} <= {
        name.removesuffix("-dead-letters") for name in alarms
    }


COMPARED = {"above": "GreaterThanOrEqualToThreshold", "below": "LessThanThreshold"}
OURS = {"environment": "all", "service": "kiro-pipeline-test-platform"}
MINUTE, HOUR, DAY = 60, 3600, 86_400


@pytest.mark.parametrize(
    ("name", "metric", "stat", "seconds", "side", "limit", "topic"),
    [
        (f"build-slow-{PROJECT_KEY}", "AWS/CodeBuild Duration", "Average", HOUR, "above", 30 * MINUTE, "deployments"),
        ("coverage-low", "KiroPipeline LineCoverage", "Minimum", 300, "below", 85, "deployments"),
        ("secret-denied", "KiroPipeline SecretDenied", "Sum", MINUTE, "above", 1, "rollbacks"),
        ("drift-production", "KiroPipeline DriftedParts", "Maximum", 30 * MINUTE, "above", 1, "deployments"),
        ("secret-webhook-old", "KiroPipeline SecretAgeDays", "Maximum", DAY, "above", 90, "deployments"),
        ("deployment-slow", "AWS/States ExecutionTime", "Maximum", 300, "above", 3_600_000, "deployments"),
    ],
)
def test_an_alarm_has_the_limit_of_the_requirements(
    switched_on: Outcome, name: str, metric: str, stat: str, seconds: int, side: str, limit: float, topic: str
) -> None:
    """O3: its metric, its threshold and period, and its topic."""
    alarm = switched_on.recorder.one("cloudwatch/metricAlarm:MetricAlarm", name).inputs
    assert alarm["name"] == f"kiro-pipeline-test-{name}"
    assert f"{alarm['namespace']} {alarm['metricName']}" == metric
    assert (alarm["statistic"], alarm["period"]) == (stat, seconds)
    assert (alarm["comparisonOperator"], alarm["threshold"]) == (COMPARED[side], limit)
    assert alarm["alarmActions"] == [switched_on.outputs[f"{topic}Topic"]]


def test_alarms_use_metrics_that_are_published(switched_on: Outcome) -> None:
    """Metric and dimensions are those that functions write and that the project `build` has."""
    alarms = {one.name: one.inputs for one in switched_on.recorder.of("cloudwatch/metricAlarm:MetricAlarm")}
    ((name, _, _, environment),) = measurements(event("GatesJudged", figures={"lineCoverage": 84.0}))
    assert (alarms["coverage-low"]["metricName"], environment) == (name, "all")
    assert alarms["coverage-low"]["dimensions"] == alarms["secret-denied"]["dimensions"] == OURS
    assert alarms[f"build-slow-{PROJECT_KEY}"]["dimensions"] == {
        "ProjectName": switched_on.outputs["projects"][f"{REPOSITORY}/build"]
    }


def test_every_secret_has_an_alarm_on_its_age(switched_on: Outcome) -> None:
    """O3: under the name that the measuring function publishes."""
    secrets = {one.inputs["name"] for one in switched_on.recorder.of("secretsmanager/secret:Secret")}
    alarms = switched_on.recorder.of("cloudwatch/metricAlarm:MetricAlarm")
    aged = {one.inputs["dimensions"]["secret"] for one in alarms if one.inputs.get("metricName") == "SecretAgeDays"}
    function = switched_on.recorder.one("lambda/function:Function", "events-measure-secrets").inputs
    assert aged == set(function["environment"]["variables"]["SECRETS"].split(",")) == secrets


def test_no_function_can_run_for_more_than_ten_minutes() -> None:
    """O3's alarm on that could never be in ALARM; a handler with a longer timeout needs one (docs/operations.md)."""
    assert max(handler.declared.timeout_seconds for handler in discover().values()) <= 600


def test_every_alarm_has_a_runbook(switched_on: Outcome) -> None:
    """The mail of an alarm contains its description, which ends with a page; that page names the alarm."""
    for alarm in switched_on.recorder.of("cloudwatch/metricAlarm:MetricAlarm"):
        said, _, path = alarm.inputs["alarmDescription"].rpartition(". Runbook: ")
        assert len(said) > 40, alarm.name
        page = (PROJECT / path).read_text("utf-8").partition("\n## ")[0]
        ends = [name.rpartition("<stack>")[2].lstrip("…") for name in re.findall(r"`(\S+)`", page)]
        patterns = [re.sub(r"<\w+>", ".+", re.escape(end)) + "$" for end in ends if end.startswith("-")]
        assert any(re.search(pattern, alarm.inputs["name"]) for pattern in patterns), (alarm.name, path)


def test_every_runbook_says_what_to_do() -> None:
    """A page has symptom, cause, commands and remedy."""
    for page in (PROJECT / "docs/runbooks").glob("*.md"):
        parts = re.findall(r"^## (.+)$", page.read_text("utf-8"), re.MULTILINE)
        assert parts[:4] == ["Symptom", "What it means", "Check", "Mend"], page.name


def test_runbooks_are_where_the_setting_says() -> None:
    """A link where people can read the pages, else the path."""
    settings = Settings.model_construct(runbook_url="https://docs.example.com/runbooks/")
    assert settings.runbook("held-lock") == "https://docs.example.com/runbooks/held-lock.md"
    assert settings.runbook() == "https://docs.example.com/runbooks"


def test_a_basic_stack_has_no_warnings(whole: Outcome, switched_on: Outcome) -> None:
    """I2: the stack `test` has the critical alarms alone."""
    basic, strict = (
        {
            topic
            for one in outcome.recorder.of("cloudwatch/metricAlarm:MetricAlarm")
            for topic in one.inputs["alarmActions"]
        }
        for outcome in (whole, switched_on)
    )
    assert basic == {whole.outputs["rollbacksTopic"]}
    assert strict == {switched_on.outputs["rollbacksTopic"], switched_on.outputs["deploymentsTopic"]}


def test_every_alarm_notifies_a_topic(switched_on: Outcome) -> None:
    """Critical ones `rollbacks`, warnings `deployments`; missing data is no alarm."""
    topics = {switched_on.outputs["rollbacksTopic"], switched_on.outputs["deploymentsTopic"]}
    for alarm in switched_on.recorder.of("cloudwatch/metricAlarm:MetricAlarm"):
        assert set(alarm.inputs["alarmActions"]) <= topics, alarm.name
        assert len(alarm.inputs["alarmActions"]) == 1, alarm.name
        assert alarm.inputs["treatMissingData"] == "notBreaching"


def test_the_dashboard_shows_every_function(whole: Outcome) -> None:
    """It has the name that O4 requires."""
    dashboard = whole.recorder.one("cloudwatch/dashboard:Dashboard", "dashboard").inputs
    assert dashboard["dashboardName"] == "kiro-pipeline-test-dashboard"
    assert all(name in dashboard["dashboardBody"] for name in whole.outputs["functions"].values())
    assert json.loads(dashboard["dashboardBody"])["widgets"]


def test_the_dashboard_shows_every_metric(whole: Outcome) -> None:
    """O2: it shows all published metrics, only published ones, and no two graphs overlap."""
    widgets = json.loads(whole.recorder.one("cloudwatch/dashboard:Dashboard", "dashboard").inputs["dashboardBody"])[
        "widgets"
    ]
    lines = [line for widget in widgets for line in widget["properties"]["metrics"]]
    ours = {line[1] for line in lines if line[0] == "KiroPipeline"}
    assert {
        "DeploymentDuration",
        "DeploymentSuccessRate",
        "RollbackSuccessRate",
        "QueueTime",
        "ApprovalWait",
        "ChangeSucceeded",
        "LeadTime",
        "TimeToRestore",
        "TestsRun",
        "LineCoverage",
        "SecretAgeDays",
        "PullRequestSuccessRate",
        "WorkItemDuration",
    } <= ours
    assert ours <= published()
    assert ["AWS/CodeBuild", "Duration", "ProjectName", whole.outputs["projects"][f"{REPOSITORY}/build"]] in [
        line[:4] for line in lines
    ]
    assert len({(widget["x"], widget["y"]) for widget in widgets}) == len(widgets)


def published() -> set[str]:
    """The metrics that events and the measuring of secrets publish."""
    times = dict.fromkeys(("breachedAt", "startedAt", "finishedAt", "verifiedAt"), "2026-01-31T08:00:00.000Z")
    figures = dict.fromkeys(("testsRun", "testsFailed", "testsSkipped", "lineCoverage", "branchCoverage"), 1.0)
    waits = {"queueSeconds": 1.0, "approvalSeconds": 1.0}
    events = (
        event("DeploymentFinished"),
        event("StageFinished", **waits, **times),
        event("RollbackStarted", **times),
        event("RollbackFinished", **times),
        event("GatesJudged", figures=figures),
        *(event("WorkItemFinished", result=result, **times) for result in get_args(Result)),
    )
    return {"SecretAgeDays", *(metric for one in events for metric, *_ in measurements(one))}


def test_the_budget_notifies_a_topic_or_an_address(whole: Outcome, switched_on: Outcome) -> None:
    """O4: 500 USD a month. Budgets may publish to the encrypted topic only as policy and key policy say."""
    (budget,) = whole.recorder.of("budgets/budget:Budget")
    assert (budget.inputs["limitAmount"], budget.inputs["timeUnit"]) == ("500", "MONTHLY")
    told = [(one["notificationType"], one["threshold"]) for one in budget.inputs["notifications"]]
    assert told == [("ACTUAL", 80), ("FORECASTED", 100)]
    assert {one["thresholdType"] for one in budget.inputs["notifications"]} == {"PERCENTAGE"}
    (chosen,) = budget.inputs["costFilters"]
    assert chosen == {"name": "TagKeyValue", "values": ["user:Environment$test"]}
    topic = whole.outputs["deploymentsTopic"]
    assert {tuple(one["subscriberSnsTopicArns"]) for one in budget.inputs["notifications"]} == {(topic,)}
    policies = {
        name: json.loads(whole.recorder.one("sns/topicPolicy:TopicPolicy", name).inputs["policy"])["Statement"]
        for name in ("deployments", "rollbacks")
    }
    assert [one["Sid"] for one in policies["deployments"]] == ["Alarms", "Budget", "OnlyOverTls"]
    assert [one["Sid"] for one in policies["rollbacks"]] == ["Alarms", "OnlyOverTls"]
    key = json.loads(whole.recorder.one("kms/key:Key", "key").inputs["policy"])["Statement"]
    assert any("budgets.amazonaws.com" in one["Principal"].get("Service", ()) for one in key)
    (other,) = switched_on.recorder.of("budgets/budget:Budget")
    assert {tuple(one["subscriberEmailAddresses"]) for one in other.inputs["notifications"]} == {("ops@example.com",)}
    assert not any(one["subscriberSnsTopicArns"] for one in other.inputs["notifications"])
