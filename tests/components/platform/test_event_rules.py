"""The rules: which event or schedule invokes which handler."""

import json
from typing import Any

import pytest
from ministack.services import eventbridge

from components.platform.triggers import BESIDE, TRIGGERS
from tests.components.recorder import ACCOUNT, FOREIGN, Outcome


def _pattern(whole: Outcome, handler: str) -> dict[str, Any]:
    rule = whole.recorder.one("cloudwatch/eventRule:EventRule", f"events-{handler.replace('_', '-')}")
    found: dict[str, Any] = json.loads(rule.inputs["eventPattern"])
    return found


def test_every_end_of_a_build_of_the_stack_invokes_its_handler(whole: Outcome) -> None:
    """All five final statuses of CodeBuild, for the stack's projects only."""
    detail = _pattern(whole, "build_finished")["detail"]
    assert set(detail["build-status"]) == {"SUCCEEDED", "FAILED", "FAULT", "TIMED_OUT", "STOPPED"}
    begins = [one["prefix"] for one in detail["project-name"]]
    projects = whole.outputs["projects"].values()
    assert all(sum(name.startswith(begin) for begin in begins) == 1 for name in projects)
    assert all(any(name.startswith(begin) for name in projects) for begin in begins)


def test_every_change_of_an_alarm_invokes_its_handler(whole: Outcome) -> None:
    """A change to ALARM ends watches, a change to OK or INSUFFICIENT_DATA the wait of a rollback.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
    """
    assert _pattern(whole, "alarm_changed") == {
        "source": ["aws.cloudwatch"],
        "detail-type": ["CloudWatch Alarm State Change"],
    }


@pytest.mark.parametrize(
    ("kind", "detail", "expected"),
    [
        ("ECS Hook State Change", {"eventName": "HOOK_AWAITING_ACTION"}, True),
        ("ECS Deployment State Change", {"eventName": "SERVICE_DEPLOYMENT_COMPLETED"}, True),
        ("ECS Task State Change", {"lastStatus": "STOPPED", "startedBy": "kiro-worker"}, True),
        ("ECS Task State Change", {"lastStatus": "RUNNING", "startedBy": "kiro-worker"}, False),
        ("ECS Task State Change", {"lastStatus": "STOPPED", "startedBy": "ecs-svc/123"}, False),
    ],
)
def test_rollouts_and_the_ends_of_migrations_invoke_their_handler(
    whole: Outcome, kind: str, detail: dict[str, str], expected: bool
) -> None:
    """The end of a migration, but no other change of a task: those of the services are many.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html
    """
    event = {"source": "aws.ecs", "detail-type": kind, "detail": detail}
    asked = {"EventPattern": json.dumps(_pattern(whole, "rollout_changed")), "Event": json.dumps(event)}
    _, _, answer = eventbridge._test_event_pattern(asked)
    assert json.loads(answer)["Result"] is expected


def test_an_execution_that_fails_invokes_its_handler(whole: Outcome) -> None:
    """Failed, timed out or aborted executions of the five workflows."""
    detail = _pattern(whole, "execution_ended")["detail"]
    assert set(detail["status"]) == {"FAILED", "TIMED_OUT", "ABORTED"}
    ours = {
        whole.outputs[f"{name}Workflow"] for name in ("deployment", "stage", "rollback", "enhancedWatch", "workItem")
    }
    assert set(detail["stateMachineArn"]) == ours


def test_whatever_ends_a_freeze_invokes_its_handler(whole: Outcome) -> None:
    """A person's unfreeze, and the end of a rollback, which may unfreeze what an earlier one froze."""
    assert set(_pattern(whole, "unfrozen")["detail-type"]) == {"EnvironmentUnfrozen", "RollbackFinished"}


def test_the_board_is_polled_by_schedule_and_after_each_work_item(whole: Outcome) -> None:
    """One rule has the schedule of the settings and the pattern for every end of a work item."""
    rule = whole.recorder.one("cloudwatch/eventRule:EventRule", "events-poll-board").inputs
    assert rule["scheduleExpression"] == "rate(5 minutes)"
    detail = _pattern(whole, "poll_board")["detail"]
    assert detail["stateMachineArn"] == [whole.outputs["workItemWorkflow"]]


def test_jobs_are_reviewed_every_minute_and_after_what_they_may_wait_for(whole: Outcome) -> None:
    """P13: verdicts, the end of a stage, and the end of a freeze; windows, soaks and alarms come with the schedule."""
    rule = whole.recorder.one("cloudwatch/eventRule:EventRule", "events-review-jobs").inputs
    assert rule["scheduleExpression"] == "rate(1 minute)"
    beside = whole.recorder.one("cloudwatch/eventRule:EventRule", "events-review-jobs-freed").inputs
    assert set(json.loads(beside["eventPattern"])["detail-type"]) == {
        "GatesJudged",
        "StageFinished",
        "DeploymentFinished",
        "EnvironmentUnfrozen",
        "RollbackFinished",
    }


@pytest.mark.parametrize("handler", TRIGGERS)
def test_a_lost_event_is_kept(whole: Outcome, handler: str) -> None:
    """Every target retries, has a dead-letter queue, and only its rule may invoke and send."""
    thing = f"events-{handler.replace('_', '-')}"
    target = whole.recorder.one("cloudwatch/eventTarget:EventTarget", thing).inputs
    assert target["retryPolicy"]["maximumRetryAttempts"] > 0
    assert target["deadLetterConfig"]["arn"].endswith(f"-{thing}")
    rules = {f"{thing}-rule"} | ({f"{thing}-{BESIDE[handler][0]}-rule"} if handler in BESIDE else set())
    permissions = [one for one in whole.recorder.of("lambda/permission:Permission") if one.name in rules]
    (policy,) = [one for one in whole.recorder.of("sqs/queuePolicy:QueuePolicy") if one.name == thing]
    (writer,) = [s for s in json.loads(policy.inputs["policy"])["Statement"] if s["Effect"] == "Allow"]
    assert writer["Condition"] == {"ArnEquals": {"aws:SourceArn": [one.inputs["sourceArn"] for one in permissions]}}


def test_alarms_of_each_other_account_and_region_have_a_rule_of_their_own(switched_on: Outcome) -> None:
    """I7: on the stack's bus, for that account and region only; a lost event is kept with those of the other rules."""
    recorder = switched_on.recorder
    thing = "events-alarm-changed"
    own = recorder.one("cloudwatch/eventRule:EventRule", thing).inputs
    function = recorder.one("cloudwatch/eventTarget:EventTarget", thing).inputs["arn"]
    letters = recorder.one("sqs/queue:Queue", thing).physical_name
    arns = []
    for account in (ACCOUNT, FOREIGN):
        name = f"alarms-{account}-us-east-1"
        rule = recorder.one("cloudwatch/eventRule:EventRule", name).inputs
        assert rule["eventBusName"] == switched_on.outputs["eventBus"]
        places = {"account": [account], "region": ["us-east-1"]}
        assert json.loads(rule["eventPattern"]) == {**json.loads(own["eventPattern"]), **places}
        target = recorder.one("cloudwatch/eventTarget:EventTarget", name).inputs
        assert (target["arn"], target["eventBusName"]) == (function, rule["eventBusName"])
        assert target["deadLetterConfig"]["arn"].endswith(f":{letters}")
        arns.append(recorder.one("lambda/permission:Permission", f"{name}-rule").inputs["sourceArn"])
    (policy,) = [one for one in recorder.of("sqs/queuePolicy:QueuePolicy") if one.name == thing]
    (writer,) = [s for s in json.loads(policy.inputs["policy"])["Statement"] if s["Effect"] == "Allow"]
    assert writer["Condition"]["ArnEquals"]["aws:SourceArn"][1:] == arns
    assert len([r for r in recorder.of("cloudwatch/eventRule:EventRule") if r.name.startswith("alarms-")]) == 2


def test_a_stack_in_one_place_has_one_rule_for_alarms(whole: Outcome) -> None:
    """Nothing is to be forwarded, so no rule waits for it and no account is admitted."""
    assert not [r for r in whole.recorder.of("cloudwatch/eventRule:EventRule") if r.name.startswith("alarms-")]
    assert not whole.recorder.of("cloudwatch/eventBusPolicy:EventBusPolicy")
    assert whole.outputs["forwarding"] == []


def test_the_reconciliation_runs_every_minute_and_never_twice(whole: Outcome) -> None:
    """Its timeout is shorter than a minute, and a failed run is not retried."""
    rule = whole.recorder.one("cloudwatch/eventRule:EventRule", "events-reconcile").inputs
    assert rule["scheduleExpression"] == "rate(1 minute)"
    assert "eventPattern" not in rule
    assert whole.recorder.one("lambda/function:Function", "events-reconcile").inputs["timeout"] < 60


def test_drift_is_looked_for_as_often_as_the_settings_say(whole: Outcome, switched_on: Outcome) -> None:
    """R15: `driftMinutes`, 15 by default."""
    for outcome in (whole, switched_on):
        rule = outcome.recorder.one("cloudwatch/eventRule:EventRule", "events-check-drift").inputs
        assert rule["scheduleExpression"] == "rate(15 minutes)"


def test_an_event_of_a_schedule_is_handled_within_a_minute_or_not_at_all(whole: Outcome) -> None:
    """Throttled, Lambda would keep and repeat it for six hours, its default.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-lambda-eventinvokeconfig.html; the
    shortest age is 60 s (`MaximumEventAgeInSeconds` of botocore's model of Lambda).
    """
    rules = whole.recorder.of("cloudwatch/eventRule:EventRule")
    scheduled = {one.name for one in rules if one.inputs.get("scheduleExpression")}
    kept = whole.recorder.of("lambda/functionEventInvokeConfig:FunctionEventInvokeConfig")
    limits = {
        one.name: (one.inputs.get("maximumRetryAttempts"), one.inputs.get("maximumEventAgeInSeconds")) for one in kept
    }
    assert limits == dict.fromkeys(scheduled, (0, 60))


def test_secrets_are_measured_twice_a_day(whole: Outcome) -> None:
    """The alarm needs one measurement a day, and one of two may be lost; T2: on these secrets only."""
    rule = whole.recorder.one("cloudwatch/eventRule:EventRule", "events-measure-secrets").inputs
    assert rule["scheduleExpression"] == "rate(12 hours)"
    policy = json.loads(whole.recorder.one("iam/rolePolicy:RolePolicy", "events-measure-secrets").inputs["policy"])
    (asked,) = [s for s in policy["Statement"] if any(a.startswith("secretsmanager:") for a in s["Action"])]
    assert asked["Action"] == ["secretsmanager:ListSecretVersionIds", "secretsmanager:UpdateSecretVersionStage"]
    assert sorted(asked["Resource"]) == sorted(whole.outputs["secretArns"].values())
    assert len(asked["Resource"]) == 7


def test_a_push_that_started_nothing_is_an_alarm(whole: Outcome) -> None:
    """P2: the reconciliation starts it, and people are notified."""
    alarm = whole.recorder.one("cloudwatch/metricAlarm:MetricAlarm", "push-not-started").inputs
    assert (alarm["metricName"], alarm["threshold"], alarm["period"]) == ("PushNotStarted", 1, 60)
    assert alarm["dimensions"]["environment"] == "all"
