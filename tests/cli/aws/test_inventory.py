"""The checks of every resource of a stack, of which only some exist."""

import dataclasses
import json
from types import SimpleNamespace
from unittest.mock import Mock

import pytest
from botocore.exceptions import ClientError
from msgspec.structs import replace

from cli.aws import inventory
from cli.aws.checks import repairs
from cli.aws.expected import PARAMETERS, ROUTES, alarm_names
from cli.aws.inventory import Inventory
from cli.aws.operator import Operator
from tests.cli.aws.conftest import NAME, WORKFLOWS
from tests.functions.delivered import alarm
from tests.functions.samples import ENVIRONMENT, LEASE, SERVICE, state
from tests.functions.stack import ACCOUNT, REGION, Stack

RULE = "kiro-pipeline-staging-events-alarm-changed"


def checks(operator: Operator, thing: str, kind: str = "") -> dict[str, tuple[str, str]]:
    """The results of one resource by check; `kind` tells a table from a topic of the same name."""
    named = (one for one in Inventory(operator).pieces() if one.name == f"{NAME}-{thing}")
    (piece,) = (one for one in named if kind in ("", one.kind))
    return {check.what: (check.outcome, check.said) for check in piece.checks}


@pytest.fixture
def key(stack: Stack) -> str:
    """The stack's key."""
    kms = stack.client("kms")
    made: str = kms.create_key()["KeyMetadata"]["Arn"]
    kms.create_alias(AliasName=f"alias/{NAME}-key", TargetKeyId=made)
    return made


def test_a_missing_resource_is_wrong_and_the_others_are_still_checked(operator: Operator) -> None:
    """Every resource has an entry with the error of its read."""
    pieces = {(one.kind, one.name): one.checks[0] for one in Inventory(operator).pieces()}
    assert pieces["key", f"{NAME}-key"].said == "DescribeKey: NotFoundException"
    assert pieces["bucket", f"{NAME}-artifacts-{ACCOUNT}"].said.startswith("GetBucketEncryption: ")
    assert pieces["project", "*"].said == "GetFunctionConfiguration: ResourceNotFoundException"
    assert pieces["workflow", "kiro-worker-staging-work-item"].outcome == "wrong"
    assert {first.outcome for (kind, _), first in pieces.items() if kind == "secret"} == {"wrong"}


def test_a_key_that_does_not_rotate_is_wrong(operator: Operator, stack: Stack, key: str) -> None:
    """I3: the key must rotate every year."""
    assert checks(operator, "key")["rotates"] == ("wrong", "the yearly rotation is off")
    stack.client("kms").enable_key_rotation(KeyId=key)
    assert checks(operator, "key") == {"enabled": ("right", ""), "rotates": ("right", "")}


def test_the_key_that_signs_is_enabled(operator: Operator, stack: Stack) -> None:
    """G7: without it no release passes its gates."""
    kms = stack.client("kms")
    made = kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256")["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=f"alias/{NAME}-signing-key", TargetKeyId=made)
    assert checks(operator, "signing-key") == {"enabled": ("right", ""), "signs": ("right", "")}
    kms.disable_key(KeyId=made)
    assert checks(operator, "signing-key")["enabled"] == ("wrong", "Disabled")


def test_a_bucket_is_private_versioned_and_encrypted(operator: Operator, stack: Stack, key: str) -> None:
    """Each property is one check."""
    s3, name = stack.client("s3"), f"{NAME}-artifacts-{ACCOUNT}"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    s3.put_bucket_encryption(
        Bucket=name,
        ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": default}]},
    )
    blocked = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
    s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=blocked | {"BlockPublicPolicy": False})
    policy = {"Statement": [{"Effect": "Deny", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps(policy))
    seen = checks(operator, f"artifacts-{ACCOUNT}")
    assert (seen["encrypted"][0], seen["TLS only"][0]) == ("right", "right")
    assert (seen["versioned"], seen["private"][0]) == (("wrong", "off"), "wrong")
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=blocked)
    assert {outcome for outcome, _ in checks(operator, f"artifacts-{ACCOUNT}").values()} == {"right"}


def test_what_is_wrong_names_the_command_that_repairs_it(operator: Operator, stack: Stack) -> None:
    """T1: in the order in which they have to run; a key or a secret that is about to be deleted is kept first.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_CancelKeyDeletion.html: the key is disabled afterwards.
    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html: `DeletedDate`.
    """
    kms, secrets = stack.client("kms"), stack.client("secretsmanager")
    made: str = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=f"alias/{NAME}-key", TargetKeyId=made)
    kms.schedule_key_deletion(KeyId=made)
    for name in ("webhook", "github-credential"):
        secrets.create_secret(Name=f"{NAME}-{name}")
    secrets.delete_secret(SecretId=f"{NAME}-webhook", RecoveryWindowInDays=30)
    found = repairs(check.repair for one in Inventory(operator).pieces() for check in one.checks)
    assert found == [
        f"aws kms cancel-key-deletion --key-id {made}",
        f"aws secretsmanager restore-secret --secret-id {NAME}-webhook",
        "pulumi up --refresh",
        "kiro-worker setup --secret github",
    ]
    kms.cancel_key_deletion(KeyId=made)
    (enabled, _) = next(one.checks for one in Inventory(operator).pieces() if one.kind == "key")
    assert (enabled.outcome, enabled.said, enabled.repair) == ("wrong", "Disabled", "pulumi up --refresh")


def test_a_table_has_indexes_recovery_and_expiry(operator: Operator, stack: Stack, key: str) -> None:
    """A property that is missing is wrong until it is set."""
    dynamodb, name = stack.client("dynamodb"), f"{NAME}-deployments"
    seen = checks(operator, "deployments", "table")
    assert (seen["active"], seen["indexes"]) == (("right", ""), ("right", ""))
    assert {seen[what][0] for what in ("encrypted", "point-in-time recovery", "expiry")} == {"wrong"}
    recovery = {"PointInTimeRecoveryEnabled": True}
    dynamodb.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=recovery)
    dynamodb.update_time_to_live(
        TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expiresAt"}
    )
    better = checks(operator, "deployments", "table")
    assert (better["point-in-time recovery"], better["expiry"]) == (("right", ""), ("right", ""))


def test_a_table_is_encrypted_with_the_key_of_the_stack(operator: Operator, stack: Stack, key: str) -> None:
    """The check compares the key's ARN with that of the stack's key."""
    dynamodb, name = stack.client("dynamodb"), f"{NAME}-locks"
    dynamodb.delete_table(TableName=name)
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "lockKey", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "lockKey", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key},
    )
    assert checks(operator, "locks")["encrypted"] == ("right", "")


def test_a_needed_secret_without_a_value_is_wrong(
    operator: Operator, stack: Stack, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An optional one is a note; a value that is too old must be rotated."""
    store = stack.client("secretsmanager")
    for name in ("webhook", "slack"):
        store.create_secret(Name=f"{NAME}-{name}", KmsKeyId=key)
    assert checks(operator, "webhook")["value"][0] == "wrong"
    assert checks(operator, "slack")["value"][0] == "note"
    store.put_secret_value(SecretId=f"{NAME}-webhook", SecretString="x" * 32)
    assert checks(operator, "webhook") == {"encrypted": ("right", ""), "value": ("right", "")}
    monkeypatch.setattr(inventory, "ROTATION_DAYS", -1)
    assert "kiro-worker setup --secret webhook" in checks(operator, "webhook")["value"][1]


def test_what_is_encrypted_with_another_key_is_wrong(operator: Operator, stack: Stack, key: str) -> None:
    """Also if it is encrypted with another key of the account."""
    stack.client("secretsmanager").create_secret(Name=f"{NAME}-webhook", KmsKeyId="alias/of-somebody")
    assert checks(operator, "webhook")["encrypted"] == ("wrong", "with alias/of-somebody, not with the stack's key")


def test_an_unconfirmed_subscription_is_wrong(
    operator: Operator, stack: Stack, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It receives nothing until somebody opens the link in the mail."""
    sns = stack.client("sns")
    topic = sns.create_topic(Name=f"{NAME}-approvals")["TopicArn"]
    assert checks(operator, "approvals")["subscribed"] == ("note", "no subscription")
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ada@example.com")
    # moto confirms at once; AWS reports PendingConfirmation until the link is opened
    pending = {"SubscriptionArn": "PendingConfirmation", "Endpoint": "ada@example.com"}
    page = SimpleNamespace(paginate=lambda **_: [{"Subscriptions": [pending]}])
    monkeypatch.setattr(operator.aws.client("sns"), "get_paginator", lambda _: page)
    assert checks(operator, "approvals")["subscriptions confirmed"] == (
        "wrong",
        "not confirmed by ada@example.com: open the link in the mail",
    )


def test_a_workflow_that_calls_a_function_that_is_gone_is_wrong(operator: Operator, stack: Stack) -> None:
    """Otherwise the first release to reach that state would fail."""
    gone = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{NAME}-shared-watch"
    states = {"Watch": {"Type": "Task", "Resource": gone, "End": True}}
    stack.client("stepfunctions").update_state_machine(
        stateMachineArn=WORKFLOWS["stage"], definition=json.dumps({"StartAt": "Watch", "States": states})
    )
    assert checks(operator, "stage")["its functions exist"] == ("wrong", f"missing: {gone}")
    assert checks(operator, "rollback")["its functions exist"] == ("right", "")


def test_a_list_that_is_refused_is_one_line_among_the_others(
    operator: Operator, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without permission to list functions, all other checks are still made."""
    refused = {"Error": {"Code": "AccessDeniedException", "Message": "no"}}
    fault = ClientError(refused, "ListFunctions")  # type: ignore[arg-type] # the rest of an answer is not read
    monkeypatch.setattr(operator.aws.client("lambda"), "get_paginator", Mock(side_effect=fault))
    pieces = {one.kind: one for one in Inventory(operator).pieces()}
    (check,) = pieces["function"].checks
    assert (check.outcome, check.said) == ("wrong", "ListFunctions: AccessDeniedException")
    assert "alarms" in pieces


def test_a_watch_that_is_too_short_for_an_alarm_is_noted(operator: Operator, stack: Stack) -> None:
    """R1: of the alarms that the environment's parts name; it is a warning, which refuses nothing."""
    part = replace(SERVICE, critical_alarms=["{environment}-errors"])
    operator.running.save(state(part), LEASE)

    def watched() -> tuple[str, str]:
        (piece,) = (one for one in Inventory(operator).pieces() if (one.kind, one.name) == ("watch", "production"))
        return piece.checks[0].outcome, piece.checks[0].said

    alarm(stack, "production-errors")
    assert watched() == ("right", "")
    rule = {"EvaluationPeriods": 1, "Threshold": 5.0, "ComparisonOperator": "GreaterThanThreshold"}
    metric = {"Namespace": "Hello", "MetricName": "Errors", "Statistic": "Sum", "Period": 600}
    stack.client("cloudwatch").put_metric_alarm(AlarmName="production-errors", **metric, **rule)
    words = "alarm production-errors needs 600 s of bad data, and the watch ends after 600 s"
    assert watched() == ("note", words)


def test_the_alarms_of_another_account_are_not_read(operator: Operator) -> None:
    """Its read role need not trust operators; the check says so."""
    role = "arn:aws:iam::999999999999:role/deploy"
    elsewhere = dataclasses.replace(operator, environments=(replace(ENVIRONMENT, deploy_role_arn=role),))
    (piece,) = (one for one in Inventory(elsewhere).pieces() if one.kind == "watch")
    assert (piece.checks[0].outcome, piece.checks[0].said) == (
        "note",
        "the alarms of account 999999999999 are not read from here",
    )


def test_active_alarms_are_noted(operator: Operator, stack: Stack) -> None:
    """Alarms in ALARM are no fault of the stack's resources, so they are a note."""
    cloudwatch = stack.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName=f"{NAME}-build-failures", EvaluationPeriods=1, ComparisonOperator="GreaterThanThreshold"
    )
    cloudwatch.set_alarm_state(AlarmName=f"{NAME}-build-failures", StateValue="ALARM", StateReason="drill")
    assert checks(operator, "*")["none in ALARM"] == ("note", f"{NAME}-build-failures")


def wrong(operator: Operator) -> dict[str, str]:
    """What is wrong, by kind and name."""
    return {
        f"{one.kind} {one.name}": check.said
        for one in Inventory(operator).pieces()
        for check in one.checks
        if check.outcome == "wrong"
    }


def test_what_was_deleted_is_wrong_although_it_is_in_no_list(operator: Operator, stack: Stack) -> None:
    """F1: the dashboard, a rule, a function, an alarm, a parameter or the API: all that is left looked well."""
    cloudwatch, events, gateway = (stack.client(one) for one in ("cloudwatch", "events", "apigatewayv2"))
    found = wrong(operator)
    names = ("function kiro-pipeline-staging-events-reconcile", f"rule {RULE}")
    for name in (*names, f"dashboard {NAME}-dashboard", f"API {NAME}-api", "rule kiro-pipeline-staging-events-notify"):
        assert found[name].startswith("the program registers it"), name
    assert f"{NAME}-rollbacks-started" in found[f"alarms {NAME}-*"]
    assert "/kiro-pipeline/staging/github-owner" in found["parameters /kiro-*/staging"]

    cloudwatch.put_dashboard(DashboardName=f"{NAME}-dashboard", DashboardBody="{}")
    events.put_rule(Name=RULE, ScheduleExpression="rate(1 day)")
    assert wrong(operator)[f"rule {RULE}"] == "it has no target"
    events.put_targets(Rule=RULE, Targets=[{"Id": "1", "Arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"}])
    api = gateway.create_api(Name=f"{NAME}-api", ProtocolType="HTTP")["ApiId"]
    for route in ROUTES[1:]:
        gateway.create_route(ApiId=api, RouteKey=route)
    for name in PARAMETERS:
        stack.client("ssm").put_parameter(Name=name.format("staging"), Value="{}", Type="SecureString")
    demanded = alarm_names(
        "staging", [one.name for one in operator.environments], [one.repository for one in operator.claims]
    )
    for name in demanded:
        cloudwatch.put_metric_alarm(AlarmName=name, EvaluationPeriods=1, ComparisonOperator="GreaterThanThreshold")
    left = wrong(operator)
    gone = {f"dashboard {NAME}-dashboard", f"rule {RULE}", f"alarms {NAME}-*"}
    assert gone | {"parameters /kiro-*/staging"} <= found.keys() - left.keys()
    assert left[f"API {NAME}-api"].startswith(f"missing: {ROUTES[0]}")


def test_a_parameter_that_the_worker_can_not_use_is_wrong(operator: Operator, stack: Stack) -> None:
    """I4: people write it; the next poll of the board would be the first to say so."""
    for name in PARAMETERS:
        stack.client("ssm").put_parameter(Name=name.format("staging"), Value="{", Type="SecureString")
    assert "github-project-config is no JSON" in wrong(operator)["parameters /kiro-*/staging"]
