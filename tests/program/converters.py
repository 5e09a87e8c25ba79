"""Converters for resources without policy, definition or code: the same properties, with CloudFormation's names."""

import json
from collections.abc import Callable
from typing import Any

Properties = dict[str, Any]
Converter = Callable[[Properties], tuple[str, Properties]]

# Types that CloudFormation can't create, with the reason, so that cfn-lint can't check them.
WITHOUT = {
    "aws:s3/bucketObjectv2:BucketObjectv2": "CloudFormation has buckets, and no objects",
    "aws:ssm/parameter:Parameter": "CloudFormation makes no parameter of the type SecureString",
}


def pascal(value: Any) -> Any:
    """Nested properties with names that begin with a capital."""
    if isinstance(value, dict):
        return {key[:1].upper() + key[1:]: pascal(item) for key, item in value.items()}
    return [pascal(item) for item in value] if isinstance(value, list) else value


def same(kind: str, rename: dict[str, str] | None = None, leave: tuple[str, ...] = (), **more: Any) -> Converter:
    """A converter that keeps the inputs: `rename` gives other names, `leave` drops inputs that CloudFormation lacks."""

    def converter(inputs: Properties) -> tuple[str, Properties]:
        names = rename or {}
        kept = {name: value for name, value in inputs.items() if name not in leave}
        found = {names.get(name, name[:1].upper() + name[1:]): pascal(value) for name, value in kept.items()}
        return kind, {**found, **more}

    return converter


def _stage(inputs: Properties) -> tuple[str, Properties]:
    return "AWS::ApiGatewayV2::Stage", {
        "ApiId": inputs["apiId"],
        "StageName": inputs["name"],
        "AutoDeploy": inputs["autoDeploy"],
        "AccessLogSettings": pascal(inputs["accessLogSettings"]),
        "DefaultRouteSettings": pascal(inputs["defaultRouteSettings"]),
    }


def _integration(inputs: Properties) -> tuple[str, Properties]:
    return "AWS::ApiGatewayV2::Integration", {
        "ApiId": inputs["apiId"],
        "IntegrationType": inputs["integrationType"],
        "IntegrationUri": inputs["integrationUri"],
        "PayloadFormatVersion": inputs["payloadFormatVersion"],
        "TimeoutInMillis": inputs["timeoutMilliseconds"],
    }


def _target(inputs: Properties) -> tuple[str, Properties]:
    """The target of a rule, which is a property of the rule there."""
    target = {
        "Id": inputs["targetId"],
        "Arn": inputs["arn"],
        "RetryPolicy": pascal(inputs["retryPolicy"]),
        "DeadLetterConfig": pascal(inputs.get("deadLetterConfig")),
        "InputTransformer": _transformer(inputs.get("inputTransformer")),
    }
    return "AWS::Events::Rule", {"ScheduleExpression": "rate(1 minute)", "Targets": [target]}


def _transformer(given: Properties | None) -> Properties | None:
    return given and {"InputPathsMap": given.get("inputPaths"), "InputTemplate": given["inputTemplate"]}


def _layer(inputs: Properties) -> tuple[str, Properties]:
    return "AWS::Lambda::LayerVersion", {
        "LayerName": inputs["layerName"],
        "CompatibleRuntimes": inputs["compatibleRuntimes"],
        "CompatibleArchitectures": inputs["compatibleArchitectures"],
        "Content": {"S3Bucket": "bucket", "S3Key": "layer.zip"},
    }


def _bucket_with(name: str, shape: Callable[[Properties], Properties]) -> Converter:
    """What the provider sets by a resource of its own, and CloudFormation as a property of the bucket."""
    return lambda inputs: ("AWS::S3::Bucket", {name: shape(inputs)})


def _lifecycle(inputs: Properties) -> Properties:
    return {"Rules": [_lifecycle_rule(rule) for rule in inputs["rules"]]}


def _lifecycle_rule(rule: Properties) -> Properties:
    expired, older = rule.get("expiration") or {}, rule.get("noncurrentVersionExpiration") or {}
    aborted = rule.get("abortIncompleteMultipartUpload") or {}
    return {
        "Id": rule["id"],
        "Status": rule["status"],
        "Prefix": (rule.get("filter") or {}).get("prefix"),
        "ExpirationInDays": expired.get("days"),
        "NoncurrentVersionExpiration": {"NoncurrentDays": older["noncurrentDays"]} if older else None,
        "AbortIncompleteMultipartUpload": pascal(aborted) or None,
        "Transitions": [
            {"StorageClass": one["storageClass"], "TransitionInDays": one["days"]}
            for one in rule.get("transitions") or []
        ]
        or None,
    }


def _encryption(inputs: Properties) -> Properties:
    rules = [
        {
            "BucketKeyEnabled": rule["bucketKeyEnabled"],
            "ServerSideEncryptionByDefault": {
                "SSEAlgorithm": rule["applyServerSideEncryptionByDefault"]["sseAlgorithm"],
                "KMSMasterKeyID": rule["applyServerSideEncryptionByDefault"]["kmsMasterKeyId"],
            },
        }
        for rule in inputs["rules"]
    ]
    return {"ServerSideEncryptionConfiguration": rules}


def _subscription(inputs: Properties) -> tuple[str, Properties]:
    policy = inputs.get("filterPolicy")
    return "AWS::SNS::Subscription", {
        "TopicArn": inputs["topic"],
        "Protocol": inputs["protocol"],
        "Endpoint": inputs["endpoint"],
        "FilterPolicy": json.loads(policy) if policy else None,
    }


def _attachment(inputs: Properties) -> tuple[str, Properties]:
    trust = {"Effect": "Allow", "Principal": {"Service": "codebuild.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return "AWS::IAM::Role", {
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
        "ManagedPolicyArns": [inputs["policyArn"]],
    }


def _budget(inputs: Properties) -> tuple[str, Properties]:
    return "AWS::Budgets::Budget", {
        "Budget": {
            "BudgetName": inputs["name"],
            "BudgetType": inputs["budgetType"],
            "TimeUnit": inputs["timeUnit"],
            "BudgetLimit": {"Amount": float(inputs["limitAmount"]), "Unit": inputs["limitUnit"]},
            "CostFilters": {one["name"]: one["values"] for one in inputs["costFilters"]},
        },
        "NotificationsWithSubscribers": [_notification(one) for one in inputs["notifications"]],
    }


def _notification(given: Properties) -> Properties:
    return {
        "Notification": {
            "ComparisonOperator": given["comparisonOperator"],
            "NotificationType": given["notificationType"],
            "Threshold": given["threshold"],
            "ThresholdType": given["thresholdType"],
        },
        "Subscribers": [
            {"SubscriptionType": kind, "Address": address}
            for kind, addresses in (("EMAIL", "subscriberEmailAddresses"), ("SNS", "subscriberSnsTopicArns"))
            for address in given[addresses]
        ],
    }


PLAIN: dict[str, Converter] = {
    "aws:apigatewayv2/api:Api": same("AWS::ApiGatewayV2::Api"),
    "aws:apigatewayv2/integration:Integration": _integration,
    "aws:apigatewayv2/route:Route": same("AWS::ApiGatewayV2::Route"),
    "aws:apigatewayv2/stage:Stage": _stage,
    "aws:budgets/budget:Budget": _budget,
    "aws:cloudwatch/dashboard:Dashboard": same("AWS::CloudWatch::Dashboard"),
    "aws:cloudwatch/eventBus:EventBus": same("AWS::Events::EventBus"),
    "aws:cloudwatch/eventTarget:EventTarget": _target,
    "aws:codebuild/reportGroup:ReportGroup": lambda inputs: (
        "AWS::CodeBuild::ReportGroup",
        {
            "Name": inputs["name"],
            "Type": inputs["type"],
            "DeleteReports": inputs["deleteReports"],
            "ExportConfig": {"ExportConfigType": inputs["exportConfig"]["type"]},
        },
    ),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": _attachment,
    "aws:kms/alias:Alias": same("AWS::KMS::Alias", {"name": "AliasName"}),
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": same(
        "AWS::Lambda::EventInvokeConfig", Qualifier="$LATEST"
    ),
    "aws:lambda/layerVersion:LayerVersion": _layer,
    "aws:lambda/permission:Permission": same("AWS::Lambda::Permission", {"function": "FunctionName"}),
    "aws:s3/bucket:Bucket": same("AWS::S3::Bucket", {"bucket": "BucketName"}, leave=("forceDestroy",)),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _bucket_with(
        "LifecycleConfiguration", _lifecycle
    ),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _bucket_with(
        "PublicAccessBlockConfiguration",
        lambda inputs: pascal({name: value for name, value in inputs.items() if name != "bucket"}),
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": _bucket_with(
        "BucketEncryption", _encryption
    ),
    "aws:s3/bucketVersioning:BucketVersioning": _bucket_with(
        "VersioningConfiguration", lambda inputs: pascal(inputs["versioningConfiguration"])
    ),
    "aws:secretsmanager/secret:Secret": same("AWS::SecretsManager::Secret", leave=("recoveryWindowInDays",)),
    "aws:sns/topic:Topic": same("AWS::SNS::Topic", {"name": "TopicName"}),
    "aws:sns/topicSubscription:TopicSubscription": _subscription,
    "aws:sqs/queue:Queue": same(
        "AWS::SQS::Queue", {"name": "QueueName", "messageRetentionSeconds": "MessageRetentionPeriod"}
    ),
}
