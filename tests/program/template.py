"""A CloudFormation template with a stack's policies, definitions, functions and tables, for the tools that read one."""

import json
import re
from collections.abc import Iterable
from typing import Any

from tests.components.recorder import Outcome, Recorder
from tests.program.converters import PLAIN, Converter, Properties, pascal


def template(recorder: Recorder) -> Properties:
    """The template of the resources that a program registered."""
    resources = {}
    for place, one in enumerate(recorder.resources):
        converter = CONVERTERS.get(one.type)
        if converter:
            kind, properties = converter(one.inputs)
            name = "".join(part.title() for part in one.name.replace("_", "-").split("-"))
            resources[f"{name}{place}"] = {"Type": kind, "Properties": _present(properties)}
    return {"AWSTemplateFormatVersion": "2010-09-09", "Description": "A template for cfn-lint", "Resources": resources}


def together(outcomes: Iterable[Outcome]) -> dict[str, Any]:
    """The resources of every stack in one template; resources that differ only in names occur once."""
    found: dict[str, tuple[str, Any]] = {}
    # the longest names first, because the first occurrence stays
    for place, outcome in enumerate(sorted(outcomes, key=lambda one: len(_stack(one)), reverse=True)):
        stack, one_template = _stack(outcome), template(outcome.recorder)
        for name, one in one_template["Resources"].items():
            found.setdefault(re.sub(rf"\b(kiro-\w+)-{stack}\b", r"\1", json.dumps(one)), (f"S{place}{name}", one))
    return {**one_template, "Resources": dict(found.values())}


def _stack(outcome: Outcome) -> str:
    return str(outcome.globals["naming"].stack)


def _present(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _present(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_present(item) for item in value]
    # The SDK has numbers as floats.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _role(inputs: Properties) -> tuple[str, Properties]:
    trust = json.loads(inputs["assumeRolePolicy"])
    return "AWS::IAM::Role", {"RoleName": inputs["name"], "AssumeRolePolicyDocument": trust}


def _role_policy(inputs: Properties) -> tuple[str, Properties]:
    document = json.loads(inputs["policy"])
    return "AWS::IAM::Policy", {"PolicyName": inputs["name"], "PolicyDocument": document, "Roles": [inputs["role"]]}


def _key(inputs: Properties) -> tuple[str, Properties]:
    return "AWS::KMS::Key", {
        "KeyPolicy": json.loads(inputs["policy"]),
        "KeyUsage": inputs.get("keyUsage"),
        "KeySpec": inputs.get("customerMasterKeySpec"),
        "EnableKeyRotation": inputs.get("enableKeyRotation"),
        "PendingWindowInDays": inputs["deletionWindowInDays"],
    }


def _bucket_policy(inputs: Properties) -> tuple[str, Properties]:
    return "AWS::S3::BucketPolicy", {"Bucket": inputs["bucket"], "PolicyDocument": json.loads(inputs["policy"])}


def _topic_policy(inputs: Properties) -> tuple[str, Properties]:
    return "AWS::SNS::TopicPolicy", {"Topics": [inputs["arn"]], "PolicyDocument": json.loads(inputs["policy"])}


def _queue_policy(inputs: Properties) -> tuple[str, Properties]:
    return "AWS::SQS::QueuePolicy", {
        "Queues": [f"https://sqs.eu-central-1.amazonaws.com/123456789012/{inputs['queueUrl']}"],
        "PolicyDocument": json.loads(inputs["policy"]),
    }


def _bus_policy(inputs: Properties) -> tuple[str, Properties]:
    (statement,) = json.loads(inputs["policy"])["Statement"]
    return "AWS::Events::EventBusPolicy", {
        "EventBusName": inputs["eventBusName"],
        "StatementId": statement.pop("Sid"),
        "Statement": statement,
    }


def _machine(inputs: Properties) -> tuple[str, Properties]:
    return "AWS::StepFunctions::StateMachine", {
        "StateMachineName": inputs["name"],
        "RoleArn": inputs["roleArn"],
        "Definition": json.loads(inputs["definition"]),
    }


def _rule(inputs: Properties) -> tuple[str, Properties]:
    return "AWS::Events::Rule", {
        "Name": inputs["name"],
        "EventBusName": inputs.get("eventBusName"),
        "EventPattern": json.loads(inputs["eventPattern"]) if "eventPattern" in inputs else None,
        "ScheduleExpression": inputs.get("scheduleExpression"),
    }


def _function(inputs: Properties) -> tuple[str, Properties]:
    return "AWS::Lambda::Function", {
        "FunctionName": inputs["name"],
        "Role": inputs["role"],
        "Runtime": inputs["runtime"],
        "Handler": inputs["handler"],
        "Architectures": inputs["architectures"],
        "Timeout": inputs["timeout"],
        "MemorySize": inputs["memorySize"],
        "Environment": {"Variables": inputs["environment"]["variables"]},
        "Layers": inputs["layers"],
        "Code": {"ZipFile": "pass"},
    }


def _table(inputs: Properties) -> tuple[str, Properties]:
    def schema(owner: Properties) -> list[Properties]:
        keys = [("hashKey", "HASH"), ("rangeKey", "RANGE")]
        return [{"AttributeName": owner[key], "KeyType": kind} for key, kind in keys if owner.get(key)]

    return "AWS::DynamoDB::Table", {
        "TableName": inputs["name"],
        "BillingMode": inputs["billingMode"],
        "SSESpecification": {
            "SSEEnabled": inputs["serverSideEncryption"]["enabled"],
            "SSEType": "KMS",
            "KMSMasterKeyId": inputs["serverSideEncryption"]["kmsKeyArn"],
        },
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": inputs["pointInTimeRecovery"]["enabled"]},
        "KeySchema": schema(inputs),
        "AttributeDefinitions": [
            {"AttributeName": one["name"], "AttributeType": one["type"]} for one in inputs["attributes"]
        ],
        "GlobalSecondaryIndexes": [
            {
                "IndexName": one["name"],
                "KeySchema": schema({"hashKey": one.get("hash_key"), "rangeKey": one.get("range_key"), **one}),
                "Projection": {"ProjectionType": one.get("projectionType", one.get("projection_type"))},
            }
            for one in inputs.get("globalSecondaryIndexes") or []
        ]
        or None,
    }


def _alarm(inputs: Properties) -> tuple[str, Properties]:
    dimensions = [{"Name": name, "Value": value} for name, value in (inputs.get("dimensions") or {}).items()]
    return "AWS::CloudWatch::Alarm", {
        "AlarmName": inputs["name"],
        "AlarmDescription": inputs["alarmDescription"],
        "Namespace": inputs.get("namespace"),
        "MetricName": inputs.get("metricName"),
        "Dimensions": dimensions or None,
        "Statistic": inputs.get("statistic"),
        "Period": inputs.get("period"),
        "EvaluationPeriods": inputs["evaluationPeriods"],
        "ComparisonOperator": inputs["comparisonOperator"],
        "Threshold": inputs["threshold"],
        "TreatMissingData": inputs["treatMissingData"],
        "AlarmActions": inputs["alarmActions"],
        "Metrics": [_metric(one) for one in inputs.get("metricQueries") or []] or None,
    }


def _metric(query: Properties) -> Properties:
    shaped: Properties = pascal({key: value for key, value in query.items() if key != "metric"})
    metric = query.get("metric")
    if metric:
        dimensions = [{"Name": name, "Value": value} for name, value in metric["dimensions"].items()]
        named = {"Namespace": metric["namespace"], "MetricName": metric["metricName"], "Dimensions": dimensions}
        shaped["MetricStat"] = {"Metric": named, "Period": metric["period"], "Stat": metric["stat"]}
    return shaped


def _log_group(inputs: Properties) -> tuple[str, Properties]:
    return "AWS::Logs::LogGroup", {
        "LogGroupName": inputs["name"],
        "KmsKeyId": inputs["kmsKeyId"],
        "RetentionInDays": inputs["retentionInDays"],
    }


def _project(inputs: Properties) -> tuple[str, Properties]:
    source, environment, cache = inputs["source"], inputs["environment"], inputs.get("cache")
    return "AWS::CodeBuild::Project", {
        "Name": inputs["name"],
        "ServiceRole": inputs["serviceRole"],
        "Source": {"Type": source["type"], "BuildSpec": source["buildspec"]},
        "Artifacts": {"Type": inputs["artifacts"]["type"]},
        "Environment": pascal(environment),
        **({"Cache": pascal(cache)} if cache else {}),
        "TimeoutInMinutes": inputs["buildTimeout"],
        "QueuedTimeoutInMinutes": inputs["queuedTimeout"],
        "EncryptionKey": inputs["encryptionKey"],
    }


CONVERTERS: dict[str, Converter] = {
    **PLAIN,
    "aws:cloudwatch/eventBusPolicy:EventBusPolicy": _bus_policy,
    "aws:cloudwatch/eventRule:EventRule": _rule,
    "aws:cloudwatch/logGroup:LogGroup": _log_group,
    "aws:cloudwatch/metricAlarm:MetricAlarm": _alarm,
    "aws:codebuild/project:Project": _project,
    "aws:dynamodb/table:Table": _table,
    "aws:iam/role:Role": _role,
    "aws:iam/rolePolicy:RolePolicy": _role_policy,
    "aws:kms/key:Key": _key,
    "aws:lambda/function:Function": _function,
    "aws:s3/bucketPolicy:BucketPolicy": _bucket_policy,
    "aws:sfn/stateMachine:StateMachine": _machine,
    "aws:sns/topicPolicy:TopicPolicy": _topic_policy,
    "aws:sqs/queuePolicy:QueuePolicy": _queue_policy,
}
