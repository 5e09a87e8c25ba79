"""Alarms over the platform, dashboard and budget."""

import json

from tests.components.recorder import Outcome


def test_the_alarms_of_the_requirements_are_there(whole: Outcome) -> None:
    """O3, as far as a metric exists: deployments, rollbacks, builds, tables, dead letters."""
    alarms = {one.name: one.inputs for one in whole.recorder.of("cloudwatch/metricAlarm:MetricAlarm")}
    hour = {"deployments-failed": 3, "rollbacks-started": 2}
    assert {name: (alarms[name]["threshold"], alarms[name]["period"]) for name in hour} == {
        name: (limit, 3600) for name, limit in hour.items()
    }
    assert {"build-failures", "locks-write-throttled", "rollback-failed-production"} <= set(alarms)
    assert {one.name for one in whole.recorder.of("sqs/queue:Queue")} <= {
        name.removesuffix("-dead-letters") for name in alarms
    }


def test_every_alarm_speaks_to_somebody(whole: Outcome) -> None:
    """Critical ones to the topic `rollbacks`, warnings to `deployments`; quiet metrics are well."""
    topics = {whole.outputs["rollbacksTopic"], whole.outputs["deploymentsTopic"]}
    for alarm in whole.recorder.of("cloudwatch/metricAlarm:MetricAlarm"):
        assert set(alarm.inputs["alarmActions"]) <= topics, alarm.name
        assert len(alarm.inputs["alarmActions"]) == 1, alarm.name
        assert alarm.inputs["treatMissingData"] == "notBreaching"


def test_the_dashboard_shows_every_function(whole: Outcome) -> None:
    """Its name is the one of O4."""
    dashboard = whole.recorder.one("cloudwatch/dashboard:Dashboard", "dashboard").inputs
    assert dashboard["dashboardName"] == "kiro-pipeline-test-dashboard"
    assert all(name in dashboard["dashboardBody"] for name in whole.outputs["functions"].values())
    assert json.loads(dashboard["dashboardBody"])["widgets"]


def test_a_budget_is_made_for_somebody_to_be_told(whole: Outcome, switched_on: Outcome) -> None:
    """Without an address there is none; with one, 500 USD a month."""
    assert not whole.recorder.of("budgets/budget:Budget")
    (budget,) = switched_on.recorder.of("budgets/budget:Budget")
    assert (budget.inputs["limitAmount"], budget.inputs["timeUnit"]) == ("500", "MONTHLY")
    assert {tuple(one["subscriberEmailAddresses"]) for one in budget.inputs["notifications"]} == {("ops@example.com",)}
