"""The first page of every list has one entry, and all pages together have all.

Page sizes on AWS: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html (50),
https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html (100),
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.Pagination.html (1 MB),
https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetExecutionHistory.html (fewer than asked for).
"""

import json
from collections.abc import Callable
from typing import Any

import pytest

from local.clients import Clients
from tests.local.strict.conftest import Connect

ENTRIES = 3


def alarms(aws: Clients) -> dict[str, Any]:
    """Alarms with a common beginning of their names."""
    for number in range(ENTRIES):
        aws.client("cloudwatch").put_metric_alarm(
            AlarmName=f"paged-{number}",
            Namespace="any",
            MetricName="any",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
        )
    return {"AlarmNamePrefix": "paged-"}


def rows(aws: Clients) -> dict[str, Any]:
    """Rows of a table."""
    aws.client("dynamodb").create_table(
        TableName="paged",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
    )
    for number in range(ENTRIES):
        aws.client("dynamodb").put_item(TableName="paged", Item={"k": {"S": str(number)}})
    return {"TableName": "paged"}


def subscriptions(aws: Clients) -> dict[str, Any]:
    """Subscriptions of a topic: an operation that takes no size."""
    topic = aws.client("sns").create_topic(Name="paged")["TopicArn"]
    for number in range(ENTRIES):
        queue = f"arn:aws:sqs:eu-central-1:123456789012:paged-{number}"
        aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    return {"TopicArn": topic}


def policies(aws: Clients) -> dict[str, Any]:
    """Policies of a role: the protocol says whether there is more."""
    allow = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    aws.client("iam").create_role(RoleName="paged", AssumeRolePolicyDocument=document)
    for number in range(ENTRIES):
        aws.client("iam").put_role_policy(RoleName="paged", PolicyName=f"p{number}", PolicyDocument=document)
    return {"RoleName": "paged"}


def routes(aws: Clients) -> dict[str, Any]:
    """Routes of an API: the size of their pages is a text."""
    gateway = aws.client("apigatewayv2")
    api = gateway.create_api(Name="paged", ProtocolType="HTTP")["ApiId"]
    for number in range(ENTRIES):
        gateway.create_route(ApiId=api, RouteKey=f"GET /{number}")
    return {"ApiId": api}


@pytest.mark.parametrize(
    ("service", "operation", "result", "arrange"),
    [
        ("cloudwatch", "describe_alarms", "MetricAlarms", alarms),
        ("dynamodb", "scan", "Items", rows),
        ("sns", "list_subscriptions_by_topic", "Subscriptions", subscriptions),
        ("iam", "list_role_policies", "PolicyNames", policies),
        ("apigatewayv2", "get_routes", "Items", routes),
    ],
)
def test_pages_begin_with_one_entry_and_end_with_the_last(
    aws: Clients,
    connect: Connect,
    service: str,
    operation: str,
    result: str,
    arrange: Callable[[Clients], dict[str, Any]],
) -> None:
    """Who reads one page has one entry; who reads all has each once."""
    asked, client = arrange(aws), connect(service)
    assert len(getattr(client, operation)(**asked)[result]) == 1
    pages = [page[result] for page in client.get_paginator(operation).paginate(**asked)]
    assert len(pages[0]) == 1
    everything = [json.dumps(entry, default=str, sort_keys=True) for page in pages for entry in page]
    assert len(everything) == len(set(everything)) == ENTRIES


def test_the_size_that_a_caller_names_is_a_maximum(aws: Clients, connect: Connect) -> None:
    """AWS may answer with fewer."""
    assert len(connect("cloudwatch").describe_alarms(**alarms(aws), MaxRecords=50)["MetricAlarms"]) == 1


def test_a_list_of_one_is_whole(aws: Clients, connect: Connect) -> None:
    """It has no token of a next page."""
    topic = aws.client("sns").create_topic(Name="lonely")["TopicArn"]
    aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:eu-central-1:123456789012:q")
    assert "NextToken" not in connect("sns").list_subscriptions_by_topic(TopicArn=topic)
