"""Alarms, and the topic that tells people of them.

Metrics: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html and
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/available-metrics.html
"""

import json
from collections.abc import Sequence

import pulumi
from pulumi_aws import cloudwatch, sns

from storefront_stack.balancer import Balancer, Entry
from storefront_stack.services import SERVICES

Query = cloudwatch.MetricAlarmMetricQueryArgs
_OVER = "GreaterThanThreshold"


def alarms(name: str, balancer: Balancer) -> None:
    """Create all alarms, and the rule about failed deployments."""
    topic = sns.Topic(f"{name}-alarms", name=f"{name}-alarms")
    for service, entry in balancer.entries.items():
        _errors(f"{name}-{service}-errors", balancer, entry, topic.arn)
        _response(f"{name}-{service}-response", balancer, entry, topic.arn)
    for service in SERVICES:
        for metric in ("CPU", "Memory"):
            cloudwatch.MetricAlarm(
                f"{name}-{service}-{metric.lower()}",
                name=f"{name}-{service}-{metric.lower()}",
                alarm_description=f"{service} uses more than 80 % of its {metric} for 15 minutes.",
                namespace="AWS/ECS",
                metric_name=f"{metric}Utilization",
                dimensions={"ClusterName": name, "ServiceName": service},
                statistic="Average",
                period=300,
                evaluation_periods=3,
                threshold=80,
                comparison_operator=_OVER,
                treat_missing_data="notBreaching",
                alarm_actions=[topic.arn],
            )
    _failed_deployments(name, topic)


def _errors(name: str, balancer: Balancer, entry: Entry, topic: pulumi.Output[str]) -> None:
    """More than 5 % of the requests of both target groups fail, in each of five minutes."""
    failed = _metrics("e", "HTTPCode_Target_5XX_Count", "Sum", balancer, entry)
    every = _metrics("r", "RequestCount", "Sum", balancer, entry)
    requests = "(FILL(r0, 0) + FILL(r1, 0))"
    share = f"IF({requests} > 0, 100 * (FILL(e0, 0) + FILL(e1, 0)) / {requests}, 0)"
    _alarm(name, "More than 5 % of the requests fail for 5 minutes.", [*failed, *every], share, 5, 5, topic)


def _response(name: str, balancer: Balancer, entry: Entry, topic: pulumi.Output[str]) -> None:
    """The average response of one of the target groups takes more than two seconds, in each of ten minutes."""
    times = _metrics("t", "TargetResponseTime", "Average", balancer, entry)
    _alarm(name, "Responses take more than 2 s for 10 minutes.", times, "MAX([FILL(t0, 0), FILL(t1, 0)])", 2, 10, topic)


def _metrics(prefix: str, metric: str, statistic: str, balancer: Balancer, entry: Entry) -> list[Query]:
    """A metric of each target group: ECS lets them take turns."""
    return [
        Query(
            id=f"{prefix}{place}",
            metric=cloudwatch.MetricAlarmMetricQueryMetricArgs(
                namespace="AWS/ApplicationELB",
                metric_name=metric,
                dimensions={"LoadBalancer": balancer.dimension, "TargetGroup": group.arn_suffix},
                stat=statistic,
                period=60,
            ),
        )
        for place, group in enumerate(entry.groups)
    ]


def _alarm(
    name: str,
    description: str,
    queries: Sequence[Query],
    expression: str,
    threshold: float,
    minutes: int,
    topic: pulumi.Output[str],
) -> None:
    cloudwatch.MetricAlarm(
        name,
        name=name,
        alarm_description=description,
        metric_queries=[*queries, Query(id="watched", expression=expression, return_data=True)],
        evaluation_periods=minutes,
        threshold=threshold,
        comparison_operator=_OVER,
        treat_missing_data="notBreaching",
        alarm_actions=[topic],
    )


def _failed_deployments(name: str, topic: sns.Topic) -> None:
    """Tell of every failed deployment of ECS, also of those that the platform did not begin.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_deployment_events.html
    """
    pattern = {
        "source": ["aws.ecs"],
        "detail-type": ["ECS Deployment State Change"],
        "detail": {"eventName": ["SERVICE_DEPLOYMENT_FAILED"]},
        "resources": [{"wildcard": f"arn:*:service/{name}/*"}],
    }
    rule = cloudwatch.EventRule(f"{name}-failed", name=f"{name}-failed-deployments", event_pattern=json.dumps(pattern))
    cloudwatch.EventTarget(f"{name}-failed", rule=rule.name, arn=topic.arn)
    publishers = {"Service": ["cloudwatch.amazonaws.com", "events.amazonaws.com"]}
    statement = {"Effect": "Allow", "Principal": publishers, "Action": "sns:Publish", "Resource": topic.arn}
    policy = pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [statement]})
    sns.TopicPolicy(f"{name}-alarms", arn=topic.arn, policy=policy)
