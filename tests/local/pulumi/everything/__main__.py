import json

import pulumi
import pulumi_aws as aws
from pulumi_aws import (
    apigatewayv2,
    budgets,
    cloudwatch,
    codebuild,
    dynamodb,
    iam,
    kms,
    lambda_,
    s3,
    scheduler,
    secretsmanager,
    sfn,
    sns,
    sqs,
    ssm,
)

doc = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
        ],
    }
)
idoc = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})
key = kms.Key("key", deletion_window_in_days=7, enable_key_rotation=True)
kms.Alias("alias", name="alias/all", target_key_id=key.key_id)
b = s3.Bucket("bucket", force_destroy=True)
s3.BucketVersioning(
    "v", bucket=b.id, versioning_configuration=s3.BucketVersioningVersioningConfigurationArgs(status="Enabled")
)
s3.BucketServerSideEncryptionConfiguration(
    "e",
    bucket=b.id,
    rules=[
        {
            "apply_server_side_encryption_by_default": {"sse_algorithm": "aws:kms", "kms_master_key_id": key.arn},
            "bucket_key_enabled": True,
        }
    ],
)
s3.BucketPublicAccessBlock(
    "p",
    bucket=b.id,
    block_public_acls=True,
    block_public_policy=True,
    ignore_public_acls=True,
    restrict_public_buckets=True,
)
s3.BucketLifecycleConfiguration(
    "l",
    bucket=b.id,
    rules=[
        {
            "id": "x",
            "status": "Enabled",
            "filter": {"prefix": "a/"},
            "expiration": {"days": 30},
            "noncurrent_version_expiration": {"noncurrent_days": 7},
            "abort_incomplete_multipart_upload": {"days_after_initiation": 1},
        }
    ],
)
s3.BucketPolicy(
    "bp",
    bucket=b.id,
    policy=b.arn.apply(
        lambda a: json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [{"Sid": "x", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": a}],
            }
        )
    ),
)
s3.BucketOwnershipControls("oc", bucket=b.id, rule={"object_ownership": "BucketOwnerEnforced"})
s3.BucketObjectv2("o", bucket=b.id, key="a/b.txt", content="hello")
dynamodb.Table(
    "t",
    hash_key="id",
    range_key="r",
    billing_mode="PAY_PER_REQUEST",
    stream_enabled=True,
    stream_view_type="NEW_IMAGE",
    attributes=[{"name": "id", "type": "S"}, {"name": "r", "type": "N"}, {"name": "g", "type": "S"}],
    global_secondary_indexes=[{"name": "gindex", "hash_key": "g", "projection_type": "ALL"}],
    point_in_time_recovery={"enabled": True},
    ttl={"enabled": True, "attribute_name": "ttl"},
)
role = iam.Role("role", assume_role_policy=doc)
iam.RolePolicy("rp", role=role.id, policy=idoc)
iam.RolePolicyAttachment(
    "ra", role=role.name, policy_arn="arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
)
layer = lambda_.LayerVersion(
    "layer",
    layer_name="wheels",
    code=pulumi.AssetArchive({"python/x.py": pulumi.StringAsset("x=1")}),
    compatible_runtimes=["python3.13"],
)
dlq = sqs.Queue("dlq")
q = sqs.Queue(
    "q",
    visibility_timeout_seconds=60,
    redrive_policy=dlq.arn.apply(lambda a: json.dumps({"deadLetterTargetArn": a, "maxReceiveCount": 3})),
)
sqs.QueuePolicy("qp", queue_url=q.id, policy=idoc)
lg = cloudwatch.LogGroup("lg", name="/aws/lambda/allfn", retention_in_days=14)
f = lambda_.Function(
    "f",
    name="allfn",
    role=role.arn,
    runtime="python3.13",
    handler="h.main",
    layers=[layer.arn],
    timeout=30,
    memory_size=256,
    publish=True,
    environment={"variables": {"A": "b"}},
    tracing_config={"mode": "Active"},
    dead_letter_config={"target_arn": dlq.arn},
    logging_config={"log_format": "JSON", "log_group": lg.name},
    code=pulumi.AssetArchive(
        {
            "h.py": pulumi.StringAsset(
                "import os\ndef main(e,c): return dict(A=os.environ.get('A'),X=os.environ.get('X'))\n"
            )
        }
    ),
)
al = lambda_.Alias("live", name="live", function_name=f.name, function_version=f.version)
lambda_.Permission("perm", action="lambda:InvokeFunction", function=f.name, principal="events.amazonaws.com")
lambda_.FunctionEventInvokeConfig(
    "eic", function_name=f.name, maximum_retry_attempts=0, destination_config={"on_failure": {"destination": dlq.arn}}
)
url = lambda_.FunctionUrl("url", function_name=f.name, authorization_type="NONE")
lambda_.EventSourceMapping(
    "esm",
    event_source_arn=q.arn,
    function_name=f.arn,
    batch_size=5,
    function_response_types=["ReportBatchItemFailures"],
)
topic = sns.Topic("topic", kms_master_key_id=key.id, display_name="x")
sns.TopicPolicy("tp", arn=topic.arn, policy=doc)
sns.TopicSubscription(
    "ts",
    topic=topic.arn,
    protocol="sqs",
    endpoint=q.arn,
    filter_policy=json.dumps({"a": ["b"]}),
    raw_message_delivery=True,
)
cloudwatch.LogResourcePolicy("lrp", policy_name="lrp", policy_document=doc)
alarm = cloudwatch.MetricAlarm(
    "alarm",
    comparison_operator="GreaterThanThreshold",
    evaluation_periods=1,
    metric_name="Errors",
    namespace="AWS/Lambda",
    period=60,
    statistic="Sum",
    threshold=1,
    dimensions={"FunctionName": f.name},
    alarm_actions=[topic.arn],
    treat_missing_data="notBreaching",
)
cloudwatch.MetricAlarm(
    "alarm2",
    comparison_operator="GreaterThanThreshold",
    evaluation_periods=1,
    threshold=0.5,
    metric_queries=[
        {"id": "e", "expression": "m/2", "return_data": True, "label": "x"},
        {
            "id": "m",
            "metric": {
                "metric_name": "Errors",
                "namespace": "AWS/Lambda",
                "period": 60,
                "stat": "Sum",
                "dimensions": {"FunctionName": f.name},
            },
        },
    ],
)
cloudwatch.CompositeAlarm(
    "ca", alarm_name="ca", alarm_rule=alarm.name.apply(lambda n: f"ALARM({n})"), alarm_actions=[topic.arn]
)
cloudwatch.Dashboard("db", dashboard_name="db", dashboard_body=json.dumps({"widgets": []}))
bus = cloudwatch.EventBus("bus", name="kiro")
cloudwatch.EventBusPolicy(
    "busp",
    event_bus_name=bus.name,
    policy=pulumi.Output.json_dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": "arn:aws:iam::222233334444:root"},
                    "Action": "events:PutEvents",
                    "Resource": bus.arn,
                }
            ],
        }
    ),
)
rule = cloudwatch.EventRule("rule", event_bus_name=bus.name, event_pattern=json.dumps({"source": ["kiro"]}))
cloudwatch.EventTarget(
    "target",
    rule=rule.name,
    event_bus_name=bus.name,
    arn=f.arn,
    input_transformer={"input_paths": {"a": "$.detail.a"}, "input_template": '{"a": <a>}'},
    dead_letter_config={"arn": dlq.arn},
    retry_policy={"maximum_event_age_in_seconds": 60, "maximum_retry_attempts": 1},
)
cloudwatch.EventArchive("arch", event_source_arn=bus.arn, retention_days=7)
scheduler.Schedule(
    "sch",
    schedule_expression="rate(1 hour)",
    flexible_time_window={"mode": "OFF"},
    target={
        "arn": f.arn,
        "role_arn": role.arn,
        "input": json.dumps({"x": 1}),
        "retry_policy": {"maximum_retry_attempts": 0},
    },
)
slg = cloudwatch.LogGroup("slg", kms_key_id=key.arn)
sm = sfn.StateMachine(
    "sm",
    role_arn=role.arn,
    definition=json.dumps({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}),
    logging_configuration={
        "level": "ALL",
        "include_execution_data": True,
        "log_destination": slg.arn.apply(lambda a: a + ":*"),
    },
    tracing_configuration={"enabled": True},
)
sec = secretsmanager.Secret("sec", recovery_window_in_days=0, kms_key_id=key.id)
secretsmanager.SecretVersion("sv", secret_id=sec.id, secret_string=pulumi.Output.secret("s3cret-value"))
par = ssm.Parameter(
    "par", name="/kiro/x", type="SecureString", value=pulumi.Config().get_secret("token") or "plainvalue", key_id=key.id
)
api = apigatewayv2.Api("api", protocol_type="HTTP", cors_configuration={"allow_origins": ["*"]})
integ = apigatewayv2.Integration(
    "integ", api_id=api.id, integration_type="AWS_PROXY", integration_uri=f.invoke_arn, payload_format_version="2.0"
)
apigatewayv2.Route("route", api_id=api.id, route_key="ANY /x", target=integ.id.apply(lambda i: f"integrations/{i}"))
stage = apigatewayv2.Stage(
    "stage",
    api_id=api.id,
    name="$default",
    auto_deploy=True,
    default_route_settings={"throttling_burst_limit": 5, "throttling_rate_limit": 10},
    access_log_settings={"destination_arn": lg.arn, "format": "$context.requestId"},
)
proj = codebuild.Project(
    "proj",
    service_role=role.arn,
    artifacts={"type": "NO_ARTIFACTS"},
    source={"type": "NO_SOURCE", "buildspec": "version: 0.2"},
    environment={
        "type": "LINUX_CONTAINER",
        "image": "x",
        "compute_type": "BUILD_GENERAL1_SMALL",
        "environment_variables": [{"name": "A", "value": "b"}],
    },
    build_timeout=20,
    logs_config={"cloudwatch_logs": {"group_name": lg.name}},
)
budgets.Budget(
    "budget",
    budget_type="COST",
    limit_amount="500",
    limit_unit="USD",
    time_unit="MONTHLY",
    notifications=[
        {
            "comparison_operator": "GREATER_THAN",
            "notification_type": "ACTUAL",
            "threshold": 80,
            "threshold_type": "PERCENTAGE",
            "subscriber_sns_topic_arns": [topic.arn],
        }
    ],
)
pd = iam.get_policy_document_output(
    statements=[
        iam.GetPolicyDocumentStatementArgs(
            actions=["s3:GetObject"],
            resources=["arn:aws:s3:::bucket/*"],
            principals=[iam.GetPolicyDocumentStatementPrincipalArgs(type="AWS", identifiers=["*"])],
        )
    ]
)
pulumi.export("policy", pd.json)
pulumi.export("region", aws.get_region().region)
pulumi.export("part", aws.get_partition().partition)
pulumi.export("url", url.function_url)
pulumi.export("invoke", stage.invoke_url)
pulumi.export("api", api.api_endpoint)
pulumi.export("sm", sm.arn)
east = aws.Provider("east", region="us-east-1", default_tags={"tags": {"Where": "east"}})
eq = sqs.Queue("eq", opts=pulumi.ResourceOptions(provider=east))
got = sqs.Queue.get("got", q.id)
pulumi.export("east", eq.arn)
pulumi.export("eqtags", eq.tags_all)
pulumi.export("got", got.arn)
