"""Every alarm of the stack in one table (O3): a changed metric, window, limit, topic or dimension is a difference.

Names of metrics are those of AWS's documentation:
https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
https://docs.aws.amazon.com/codebuild/latest/userguide/monitoring-metrics.html
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
"""

from pathlib import Path
from typing import Any

import functions
from functions.adapters.secrets import SECRETS
from tests.components.recorder import PROJECT_KEY, Outcome

MINUTE, HOUR, DAY = 60, 3600, 86_400
ABOVE, MORE, BELOW = "GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "LessThanThreshold"
ON_CALL, TEAM = "rollbacksTopic", "deploymentsTopic"
# Metric, statistic, seconds of the one period, comparison, limit, topic.
Row = tuple[str, str, int, str, float, str]
ONE: dict[str, Row] = {
    "deployments-failed": ("AWS/States ExecutionsFailed", "Sum", HOUR, ABOVE, 3, ON_CALL),
    "deployment-slow": ("AWS/States ExecutionTime", "Maximum", 5 * MINUTE, ABOVE, HOUR * 1000, TEAM),
    "rollbacks-started": ("AWS/States ExecutionsStarted", "Sum", HOUR, ABOVE, 2, ON_CALL),
    "push-not-started": ("KiroPipeline PushNotStarted", "Sum", MINUTE, ABOVE, 1, ON_CALL),
    "work-items-failed": ("AWS/States ExecutionsFailed", "Sum", 5 * MINUTE, ABOVE, 1, TEAM),
    "work-items-timedout": ("AWS/States ExecutionsTimedOut", "Sum", 5 * MINUTE, ABOVE, 1, TEAM),
    "work-items-aborted": ("AWS/States ExecutionsAborted", "Sum", 5 * MINUTE, ABOVE, 1, TEAM),
    "worker-polls-expensive": ("KiroWorker BoardPollCost", "Sum", HOUR, ABOVE, 2500, TEAM),
    f"build-slow-{PROJECT_KEY}": ("AWS/CodeBuild Duration", "Average", HOUR, ABOVE, 30 * MINUTE, TEAM),
    "coverage-low": ("KiroPipeline LineCoverage", "Minimum", 5 * MINUTE, BELOW, 85, TEAM),
    "secret-denied": ("KiroPipeline SecretDenied", "Sum", MINUTE, ABOVE, 1, ON_CALL),
    **{
        f"secret-{short}-old": ("KiroPipeline SecretAgeDays", "Maximum", DAY, ABOVE, 90, TEAM)
        for short in ("github", "git", "webhook", "monitors", "slack", "slack-signing", "agent")
    },
    **{
        f"{table}-{what.lower()}-throttled": (f"AWS/DynamoDB {what}ThrottleEvents", "Sum", 300, ABOVE, 1, ON_CALL)
        for table in ("deployments", "environments", "locks", "waits", "work-items")
        for what in ("Read", "Write")
    },
}
# Percent of failed and all, seconds, limit, topic.
SHARES: dict[str, tuple[str, str, int, float, str]] = {
    f"build-failures-{PROJECT_KEY}": ("AWS/CodeBuild FailedBuilds", "AWS/CodeBuild Builds", 300, 50, ON_CALL),
    f"build-failures-warning-{PROJECT_KEY}": ("AWS/CodeBuild FailedBuilds", "AWS/CodeBuild Builds", 600, 25, TEAM),
}
DRIFT: Row = ("KiroPipeline DriftedParts", "Maximum", 30 * MINUTE, ABOVE, 1, TEAM)
ROLLBACK_FAILED: Row = ("KiroPipeline RollbackFailed", "Sum", MINUTE, ABOVE, 1, ON_CALL)
DEAD_LETTERS: Row = ("AWS/SQS ApproximateNumberOfMessagesVisible", "Maximum", 5 * MINUTE, ABOVE, 1, ON_CALL)
ERRORS = ("AWS/Lambda Errors", "AWS/Lambda Invocations", 300, 10, ON_CALL)


def rows(outcome: Outcome) -> dict[str, dict[str, Any]]:
    """The alarms of the stack by name."""
    return {one.name: one.inputs for one in outcome.recorder.of("cloudwatch/metricAlarm:MetricAlarm")}


def plain(alarm: dict[str, Any], outcome: Outcome) -> Row:
    """The row of an alarm on one metric."""
    (topic,) = [name for name in (ON_CALL, TEAM) if [outcome.outputs[name]] == alarm["alarmActions"]]
    metric = f"{alarm['namespace']} {alarm['metricName']}"
    return metric, alarm["statistic"], alarm["period"], alarm["comparisonOperator"], alarm["threshold"], topic


def share(alarm: dict[str, Any], outcome: Outcome) -> tuple[str, str, int, float, str]:
    """The row of an alarm on the share of two metrics of the same resource."""
    part, whole, result = alarm["metricQueries"]
    assert result["expression"] == f"100 * {part['id']} / {whole['id']}"
    assert (result["returnData"], part["returnData"], whole["returnData"]) == (True, False, False)
    assert part["metric"]["dimensions"] == whole["metric"]["dimensions"]
    assert {part["metric"]["stat"], whole["metric"]["stat"]} == {"Sum"}
    assert part["metric"]["period"] == whole["metric"]["period"]
    assert alarm["comparisonOperator"] == MORE
    (topic,) = [name for name in (ON_CALL, TEAM) if [outcome.outputs[name]] == alarm["alarmActions"]]
    names = [f"{one['metric']['namespace']} {one['metric']['metricName']}" for one in (part, whole)]
    return names[0], names[1], part["metric"]["period"], alarm["threshold"], topic


def test_the_stack_has_these_alarms_and_no_others(switched_on: Outcome) -> None:
    """O3: critical ones notify the topic `rollbacks`, warnings `deployments`."""
    alarms, functions_ = rows(switched_on), switched_on.recorder.of("lambda/function:Function")
    assert {f"secret-{short}-old" for short in SECRETS} <= set(ONE)
    letters = {one.name: DEAD_LETTERS for one in functions_ if one.inputs.get("deadLetterConfig")}
    expected = ONE | {f"{name}-dead-letters": row for name, row in letters.items()}
    expected |= {f"rollback-failed-{name}": ROLLBACK_FAILED for name in switched_on.outputs["environments"]}
    expected |= {f"drift-{name}": DRIFT for name in switched_on.outputs["environments"]}
    assert {name: plain(alarm, switched_on) for name, alarm in alarms.items() if "metricName" in alarm} == expected
    shares = SHARES | {f"{one.name}-errors": ERRORS for one in functions_}
    assert {name: share(alarm, switched_on) for name, alarm in alarms.items() if "metricName" not in alarm} == shares
    assert {alarm["evaluationPeriods"] for alarm in alarms.values()} == {1}


def test_an_alarm_is_on_the_resource_of_its_name(switched_on: Outcome) -> None:
    """The dimensions that AWS or the functions give their metrics: with others, an alarm never has data."""
    alarms, outputs = rows(switched_on), switched_on.outputs
    service = "kiro-pipeline-test-platform"
    expected: dict[str, dict[str, str]] = {
        name: {"environment": "all", "service": service}
        for name in ("push-not-started", "worker-polls-expensive", "coverage-low", "secret-denied")
    }
    for name in ("deployments-failed", "deployment-slow"):
        expected[name] = {"StateMachineArn": outputs["deploymentWorkflow"]}
    expected["rollbacks-started"] = {"StateMachineArn": outputs["rollbackWorkflow"]}
    for end in ("failed", "timedout", "aborted"):
        expected[f"work-items-{end}"] = {"StateMachineArn": outputs["workItemWorkflow"]}
    for name in outputs["environments"]:
        expected[f"rollback-failed-{name}"] = {"environment": name, "service": service}
        expected[f"drift-{name}"] = {"environment": name, "service": service}
    for short, name in outputs["secrets"].items():
        expected[f"secret-{short}-old"] = {"secret": name, "service": service}
    for table in ("deployments", "environments", "locks", "waits", "workItems"):
        short = table.replace("I", "-i")
        for what in ("read", "write"):
            expected[f"{short}-{what}-throttled"] = {"TableName": outputs[f"{table}Table"]}
    expected[f"build-slow-{PROJECT_KEY}"] = {"ProjectName": f"kiro-pipeline-test-build-{PROJECT_KEY}"}
    for one in switched_on.recorder.of("sqs/queue:Queue"):
        expected[f"{one.name}-dead-letters"] = {"QueueName": one.inputs["name"]}
    assert {name: alarm["dimensions"] for name, alarm in alarms.items() if "metricName" in alarm} == expected
    for one in switched_on.recorder.of("lambda/function:Function"):
        measured = alarms[f"{one.name}-errors"]["metricQueries"][0]["metric"]["dimensions"]
        assert measured == {"FunctionName": one.inputs["name"]}
    for name in SHARES:
        measured = alarms[name]["metricQueries"][0]["metric"]["dimensions"]
        assert measured == {"ProjectName": f"kiro-pipeline-test-build-{PROJECT_KEY}"}


def test_a_metric_of_the_platform_is_published_under_its_name() -> None:
    """Each name is a text in the code of a function: an alarm on a misspelt one would never have data."""
    code = "\n".join(file.read_text("utf-8") for file in Path(functions.__file__).parent.rglob("*.py"))
    rows_ = (*ONE.values(), ROLLBACK_FAILED)
    names = {row[0].split()[1] for row in rows_ if row[0].startswith("Kiro")}
    figures = {"LineCoverage": "lineCoverage"}
    assert [name for name in sorted(names) if f'"{figures.get(name, name)}"' not in code] == []
