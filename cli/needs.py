"""IAM actions that `pulumi up`, `preview` and `destroy` need, for each type of resource of the program.

They are the provider's calls to create, read, update, tag and delete. `{pipeline}` is the prefix of the stack's names.
"""

from collections.abc import Mapping

Need = tuple[str, tuple[str, ...]]
_TAGS = ("ListTagsForResource", "TagResource", "UntagResource")


def _of(service: str, resource: str, *actions: str) -> Need:
    return resource, tuple(f"{service}:{action}" for action in actions)


_API = _of("apigateway", "arn:{partition}:apigateway:{region}::/apis", "DELETE", "GET", "PATCH", "POST", "PUT")
_RULE = "arn:{partition}:events:{region}:{account}:rule/{pipeline}-events-notify"
_BUS = "arn:{partition}:events:{region}:{account}:event-bus/{pipeline}-events"
_FUNCTION = "arn:{partition}:lambda:{region}:{account}:function:{pipeline}-shared-watch"
_LAYER = "arn:{partition}:lambda:{region}:{account}:layer:{pipeline}-libraries"
_LOGS = "arn:{partition}:logs:{region}:{account}:log-group:/aws/lambda/{pipeline}-shared-watch"
_QUEUE = "arn:{partition}:sqs:{region}:{account}:{pipeline}-events-notify"
_TOPIC = "arn:{partition}:sns:{region}:{account}:{pipeline}-deployments"
_BUCKET = "arn:{partition}:s3:::{pipeline}-artifacts-{account}"
_ROLE = "arn:{partition}:iam::{account}:role/{pipeline}-shared-watch"
_KEY = "arn:{partition}:kms:{region}:{account}:key/00000000-0000-0000-0000-000000000000"

NEEDS: Mapping[str, tuple[Need, ...]] = {
    "aws:apigatewayv2/api:Api": (_API, _of("apigateway", _API[0].replace("/apis", "/tags/*"), "DELETE", "GET", "POST")),
    "aws:apigatewayv2/integration:Integration": (_API,),
    "aws:apigatewayv2/route:Route": (_API,),
    "aws:apigatewayv2/stage:Stage": (_API, _of("logs", "*", "CreateLogDelivery", "DeleteLogDelivery")),
    "aws:budgets/budget:Budget": (
        _of("budgets", "arn:{partition}:budgets::{account}:budget/{pipeline}-budget", "ModifyBudget", "ViewBudget"),
    ),
    "aws:cloudwatch/dashboard:Dashboard": (
        _of(
            "cloudwatch",
            "arn:{partition}:cloudwatch::{account}:dashboard/{pipeline}-dashboard",
            *("DeleteDashboards", "GetDashboard", "PutDashboard"),
        ),
    ),
    "aws:cloudwatch/eventBus:EventBus": (
        _of(
            "events",
            _BUS,
            *("CreateEventBus", "DeleteEventBus", "DescribeEventBus", "UpdateEventBus", *_TAGS),
        ),
    ),
    "aws:cloudwatch/eventBusPolicy:EventBusPolicy": (
        _of("events", _BUS, "DescribeEventBus", "PutPermission", "RemovePermission"),
    ),
    "aws:cloudwatch/eventRule:EventRule": (_of("events", _RULE, "DeleteRule", "DescribeRule", "PutRule", *_TAGS),),
    "aws:cloudwatch/eventTarget:EventTarget": (
        _of("events", _RULE, "ListTargetsByRule", "PutTargets", "RemoveTargets"),
    ),
    "aws:cloudwatch/logGroup:LogGroup": (
        _of(
            "logs",
            _LOGS,
            *("AssociateKmsKey", "CreateLogGroup", "DeleteLogGroup", "PutRetentionPolicy", *_TAGS),
        ),
        _of("logs", "*", "DescribeLogGroups"),
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": (
        _of(
            "cloudwatch",
            "arn:{partition}:cloudwatch:{region}:{account}:alarm:{pipeline}-build-failures",
            *("DeleteAlarms", "DescribeAlarms", "PutMetricAlarm", *_TAGS),
        ),
    ),
    "aws:codebuild/project:Project": (
        _of(
            "codebuild",
            "arn:{partition}:codebuild:{region}:{account}:project/{pipeline}-build",
            *("BatchGetProjects", "CreateProject", "DeleteProject", "UpdateProject"),
        ),
    ),
    "aws:codebuild/reportGroup:ReportGroup": (
        _of(
            "codebuild",
            "arn:{partition}:codebuild:{region}:{account}:report-group/{pipeline}-build-tests",
            *("BatchGetReportGroups", "CreateReportGroup", "DeleteReportGroup", "UpdateReportGroup"),
        ),
    ),
    "aws:dynamodb/table:Table": (
        _of(
            "dynamodb",
            "arn:{partition}:dynamodb:{region}:{account}:table/{pipeline}-locks",
            *("CreateTable", "DeleteTable", "DescribeContinuousBackups", "DescribeTable", "DescribeTimeToLive"),
            *("ListTagsOfResource", "TagResource", "UntagResource"),
            *("UpdateContinuousBackups", "UpdateTable", "UpdateTimeToLive"),
        ),
    ),
    "aws:iam/role:Role": (
        _of(
            "iam",
            _ROLE,
            *("CreateRole", "DeleteRole", "GetRole", "PassRole", "UpdateAssumeRolePolicy", "UpdateRole"),
            *("ListAttachedRolePolicies", "ListInstanceProfilesForRole", "ListRolePolicies", "TagRole", "UntagRole"),
        ),
    ),
    "aws:iam/rolePolicy:RolePolicy": (_of("iam", _ROLE, "DeleteRolePolicy", "GetRolePolicy", "PutRolePolicy"),),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": (
        _of("iam", _ROLE, "AttachRolePolicy", "DetachRolePolicy", "ListAttachedRolePolicies"),
    ),
    "aws:kms/alias:Alias": (
        _of(
            "kms",
            "arn:{partition}:kms:{region}:{account}:alias/{pipeline}-key",
            *("CreateAlias", "DeleteAlias", "UpdateAlias"),
        ),
        _of("kms", "*", "ListAliases"),
    ),
    "aws:kms/key:Key": (
        _of("kms", "*", "CreateKey"),
        _of(
            "kms",
            _KEY,
            *("CreateGrant", "Decrypt", "DescribeKey", "EnableKeyRotation", "Encrypt", "GenerateDataKey"),
            *("GetKeyPolicy", "GetKeyRotationStatus", "GetPublicKey", "ListResourceTags", "PutKeyPolicy"),
            "ScheduleKeyDeletion",
            *("TagResource", "UntagResource", "UpdateKeyDescription"),
        ),
    ),
    "aws:lambda/function:Function": (
        _of(
            "lambda",
            _FUNCTION,
            *("CreateFunction", "DeleteFunction", "GetFunction", "GetFunctionCodeSigningConfig", "ListTags"),
            *("ListVersionsByFunction", "PublishVersion", "PutFunctionConcurrency", "TagResource", "UntagResource"),
            *("UpdateFunctionCode", "UpdateFunctionConfiguration"),
        ),
        _of("lambda", _LAYER + ":1", "GetLayerVersion"),
    ),
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": (
        _of(
            "lambda",
            _FUNCTION,
            *("DeleteFunctionEventInvokeConfig", "GetFunctionEventInvokeConfig", "PutFunctionEventInvokeConfig"),
        ),
    ),
    "aws:lambda/layerVersion:LayerVersion": (
        _of("lambda", _LAYER, "PublishLayerVersion"),
        _of("lambda", _LAYER + ":1", "DeleteLayerVersion", "GetLayerVersion"),
    ),
    "aws:lambda/permission:Permission": (_of("lambda", _FUNCTION, "AddPermission", "GetPolicy", "RemovePermission"),),
    "aws:s3/bucket:Bucket": (
        _of(
            "s3",
            _BUCKET,
            *("CreateBucket", "DeleteBucket", "GetAccelerateConfiguration", "GetBucketAcl", "GetBucketCORS"),
            *("GetBucketLogging", "GetBucketObjectLockConfiguration", "GetBucketRequestPayment", "GetBucketTagging"),
            *("GetBucketWebsite", "GetReplicationConfiguration", "ListBucket", "ListBucketVersions"),
            "PutBucketTagging",
        ),
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": (
        _of("s3", _BUCKET, "GetLifecycleConfiguration", "PutLifecycleConfiguration"),
    ),
    "aws:s3/bucketObjectv2:BucketObjectv2": (
        _of(
            "s3",
            _BUCKET + "/programs/program.zip",
            *("DeleteObject", "DeleteObjectVersion", "GetObject", "GetObjectTagging", "PutObject", "PutObjectTagging"),
        ),
    ),
    "aws:s3/bucketPolicy:BucketPolicy": (
        _of("s3", _BUCKET, "DeleteBucketPolicy", "GetBucketPolicy", "PutBucketPolicy"),
    ),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": (
        _of("s3", _BUCKET, "GetBucketPublicAccessBlock", "PutBucketPublicAccessBlock"),
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        _of("s3", _BUCKET, "GetEncryptionConfiguration", "PutEncryptionConfiguration"),
    ),
    "aws:s3/bucketVersioning:BucketVersioning": (_of("s3", _BUCKET, "GetBucketVersioning", "PutBucketVersioning"),),
    "aws:secretsmanager/secret:Secret": (
        _of(
            "secretsmanager",
            "arn:{partition}:secretsmanager:{region}:{account}:secret:{pipeline}-webhook-AbCdEf",
            *("CreateSecret", "DeleteSecret", "DescribeSecret", "GetResourcePolicy", "TagResource", "UntagResource"),
            "UpdateSecret",
        ),
    ),
    "aws:sfn/stateMachine:StateMachine": (
        _of(
            "states",
            "arn:{partition}:states:{region}:{account}:stateMachine:{pipeline}-deployment",
            *("CreateStateMachine", "DeleteStateMachine", "DescribeStateMachine", "ListStateMachineVersions"),
            *("PublishStateMachineVersion", "UpdateStateMachine", *_TAGS),
        ),
        _of("states", "*", "ValidateStateMachineDefinition"),
        _of(
            "logs",
            "*",
            *("CreateLogDelivery", "DeleteLogDelivery", "DescribeLogGroups", "DescribeResourcePolicies"),
            *("GetLogDelivery", "ListLogDeliveries", "PutResourcePolicy", "UpdateLogDelivery"),
        ),
    ),
    "aws:sns/topic:Topic": (
        _of("sns", _TOPIC, "CreateTopic", "DeleteTopic", "GetTopicAttributes", "SetTopicAttributes", *_TAGS),
    ),
    "aws:sns/topicPolicy:TopicPolicy": (_of("sns", _TOPIC, "GetTopicAttributes", "SetTopicAttributes"),),
    "aws:sns/topicSubscription:TopicSubscription": (
        _of("sns", _TOPIC, "GetSubscriptionAttributes", "ListSubscriptionsByTopic", "Subscribe", "Unsubscribe"),
    ),
    "aws:sqs/queue:Queue": (
        _of(
            "sqs",
            _QUEUE,
            *("CreateQueue", "DeleteQueue", "GetQueueAttributes", "ListQueueTags", "SetQueueAttributes"),
            *("TagQueue", "UntagQueue"),
        ),
    ),
    "aws:sqs/queuePolicy:QueuePolicy": (_of("sqs", _QUEUE, "GetQueueAttributes", "SetQueueAttributes"),),
    "aws:ssm/parameter:Parameter": (
        _of(
            "ssm",
            "arn:{partition}:ssm:{region}:{account}:parameter/kiro-pipeline/{stack}/github-owner",
            *("AddTagsToResource", "DeleteParameter", "GetParameter", "GetParameters", "ListTagsForResource"),
            *("PutParameter", "RemoveTagsFromResource"),
        ),
        _of("ssm", "*", "DescribeParameters"),
    ),
}


def by_resource(**names: str) -> dict[str, set[str]]:
    """Resource ARN → all actions on it, with the names of one stack filled in."""
    found: dict[str, set[str]] = {}
    for needs in NEEDS.values():
        for resource, actions in needs:
            found.setdefault(resource.format(**names), set()).update(actions)
    return found
