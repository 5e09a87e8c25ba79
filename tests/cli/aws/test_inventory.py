"""Every resource of a stack is looked at, over one that is only partly there."""

import json
from types import SimpleNamespace
from unittest.mock import Mock

import pytest
from botocore.exceptions import ClientError

from cli.aws import inventory
from cli.aws.inventory import Inventory
from cli.aws.operator import Operator
from tests.cli.aws.conftest import NAME, WORKFLOWS
from tests.functions.stack import ACCOUNT, REGION, Stack


def checks(operator: Operator, thing: str, kind: str = "") -> dict[str, tuple[str, str]]:
    """What was looked at of one resource, and what was seen; a table and a topic may share their name."""
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


def test_what_is_not_there_is_named_and_the_rest_still_looked_at(operator: Operator) -> None:
    """Every resource has its line."""
    pieces = {(one.kind, one.name): one.checks[0] for one in Inventory(operator).pieces()}
    assert pieces["key", f"{NAME}-key"].said == "DescribeKey: NotFoundException"
    assert pieces["bucket", f"{NAME}-artifacts-{ACCOUNT}"].said.startswith("GetBucketEncryption: ")
    assert pieces["project", f"{NAME}-deploy-production"].said == "no such project"
    assert pieces["workflow", "kiro-worker-staging-work-item"].outcome == "wrong"
    assert {first.outcome for (kind, _), first in pieces.items() if kind == "secret"} == {"wrong"}


def test_a_key_that_does_not_rotate_is_wrong(operator: Operator, stack: Stack, key: str) -> None:
    """I3: yearly."""
    assert checks(operator, "key")["rotates"] == ("wrong", "the yearly rotation is off")
    stack.client("kms").enable_key_rotation(KeyId=key)
    assert checks(operator, "key") == {"enabled": ("right", ""), "rotates": ("right", "")}


def test_a_bucket_is_private_versioned_and_encrypted(operator: Operator, stack: Stack, key: str) -> None:
    """Each is looked at by itself."""
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


def test_a_table_is_as_promised_or_says_what_is_missing(operator: Operator, stack: Stack, key: str) -> None:
    """With its indexes, recoverable, and with rows that expire by their own date."""
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
    """From its first row on."""
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


def test_a_secret_without_value_is_wrong_where_nothing_works_without(
    operator: Operator, stack: Stack, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others are noted; a value that is too old is to be rotated."""
    store = stack.client("secretsmanager")
    for name in ("webhook", "slack"):
        store.create_secret(Name=f"{NAME}-{name}", KmsKeyId=key)
    assert checks(operator, "webhook")["value"][0] == "wrong"
    assert checks(operator, "slack")["value"][0] == "note"
    store.put_secret_value(SecretId=f"{NAME}-webhook", SecretString="x" * 32)
    assert checks(operator, "webhook") == {"encrypted": ("right", ""), "value": ("right", "")}
    monkeypatch.setattr(inventory, "ROTATION_DAYS", -1)
    assert "kiro setup --secret webhook" in checks(operator, "webhook")["value"][1]


def test_what_is_encrypted_with_another_key_is_wrong(operator: Operator, stack: Stack, key: str) -> None:
    """AWS's own keys can't be kept from anybody in the account."""
    stack.client("secretsmanager").create_secret(Name=f"{NAME}-webhook", KmsKeyId="alias/of-somebody")
    assert checks(operator, "webhook")["encrypted"] == ("wrong", "with alias/of-somebody, not with the stack's key")


def test_a_subscription_that_waits_for_its_mail_is_wrong(
    operator: Operator, stack: Stack, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is told until somebody has opened the link."""
    sns = stack.client("sns")
    topic = sns.create_topic(Name=f"{NAME}-approvals")["TopicArn"]
    assert checks(operator, "approvals")["subscribed"] == ("note", "nobody reads it")
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ada@example.com")
    # moto confirms at once; so does AWS say it until the link was opened
    pending = {"SubscriptionArn": "PendingConfirmation", "Endpoint": "ada@example.com"}
    page = SimpleNamespace(paginate=lambda **_: [{"Subscriptions": [pending]}])
    monkeypatch.setattr(operator.aws.client("sns"), "get_paginator", lambda _: page)
    assert checks(operator, "approvals")["subscriptions confirmed"] == (
        "wrong",
        "not by ada@example.com: open the mail's link",
    )


def test_a_workflow_that_calls_a_function_that_is_gone_is_wrong(operator: Operator, stack: Stack) -> None:
    """Else it would be known when a release gets there."""
    gone = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{NAME}-shared-watch"
    states = {"Watch": {"Type": "Task", "Resource": gone, "End": True}}
    stack.client("stepfunctions").update_state_machine(
        stateMachineArn=WORKFLOWS["stage"], definition=json.dumps({"StartAt": "Watch", "States": states})
    )
    assert checks(operator, "stage")["calls what exists"] == ("wrong", f"missing: {gone}")
    assert checks(operator, "rollback")["calls what exists"] == ("right", "")


def test_a_list_that_is_refused_is_one_line_among_the_others(
    operator: Operator, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who may not list functions still sees everything else, and that."""
    refused = {"Error": {"Code": "AccessDeniedException", "Message": "no"}}
    fault = ClientError(refused, "ListFunctions")  # type: ignore[arg-type] # the rest of an answer is not read
    monkeypatch.setattr(operator.aws.client("lambda"), "get_paginator", Mock(side_effect=fault))
    pieces = {one.kind: one for one in Inventory(operator).pieces()}
    (check,) = pieces["function"].checks
    assert (check.outcome, check.said) == ("wrong", "ListFunctions: AccessDeniedException")
    assert "alarms" in pieces


def test_active_alarms_are_noted(operator: Operator, stack: Stack) -> None:
    """They say what is wrong with the releases, not with the stack."""
    cloudwatch = stack.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName=f"{NAME}-build-failures", EvaluationPeriods=1, ComparisonOperator="GreaterThanThreshold"
    )
    cloudwatch.set_alarm_state(AlarmName=f"{NAME}-build-failures", StateValue="ALARM", StateReason="drill")
    assert checks(operator, "*") == {"exist": ("right", ""), "quiet": ("note", f"{NAME}-build-failures")}
