"""Who needs which permission: tasks of a workflow, readers of a bucket, callers of CodeBuild."""

import json
import time
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.clients import Clients
from local.codebuild.server import CodeBuildServer
from local.emulator import Emulator
from local.strict.usage import Permission, granted, used
from tests.packages import packed
from tests.roles import new_role

RULE = "arn:aws:events:*:*:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"
EMPTY = {"StartAt": "Only", "States": {"Only": {"Type": "Pass", "End": True}}}


def allow(action: str, resource: str = "*") -> dict[str, Any]:
    """One statement."""
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def executed(aws: Clients, resource: str, arguments: Any, *statements: dict[str, Any]) -> dict[str, Any]:
    """How an execution of one task ends, whose role has these statements."""
    task = {"Type": "Task", "Resource": resource, "Arguments": arguments, "TimeoutSeconds": 20, "End": True}
    sfn = aws.client("stepfunctions")
    machine = sfn.create_state_machine(
        name=f"machine-{uuid.uuid4().hex[:8]}",
        definition=json.dumps({"QueryLanguage": "JSONata", "StartAt": "Only", "States": {"Only": task}}),
        roleArn=new_role(aws, *statements),
    )["stateMachineArn"]
    execution = sfn.start_execution(stateMachineArn=machine)["executionArn"]
    deadline = time.monotonic() + 30
    while (ended := sfn.describe_execution(executionArn=execution))["status"] == "RUNNING":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return dict(ended)


def machine(aws: Clients) -> str:
    """A state machine that does nothing."""
    return str(
        aws.client("stepfunctions").create_state_machine(
            name=f"machine-{uuid.uuid4().hex[:8]}", definition=json.dumps(EMPTY), roleArn=new_role(aws)
        )["stateMachineArn"]
    )


def function(aws: Clients) -> str:
    """A function that does nothing."""
    return str(
        aws.client("lambda").create_function(
            FunctionName=f"function-{uuid.uuid4().hex[:8]}",
            Runtime="provided.al2023",
            Handler="main.handler",
            Timeout=60,
            Role=new_role(aws),
            Code={"ZipFile": packed("def handler(event, context):\n    return 'done'\n")},
        )["FunctionArn"]
    )


NESTED = ["states:StartExecution", "states:DescribeExecution", "events:PutTargets", "events:PutRule"]


@pytest.mark.parametrize("missing", [*NESTED, "events:DescribeRule"])
def test_a_nested_execution_needs_permissions_of_the_role(aws: Clients, missing: str) -> None:
    """To start it, and to learn of its end by a rule.

    https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html
    """
    given = [allow(action) for action in (*NESTED, "events:DescribeRule") if action != missing]
    resource, arguments = "arn:aws:states:::states:startExecution.sync:2", {"StateMachineArn": machine(aws)}
    ended = executed(aws, resource, arguments, *given)
    assert (ended["status"], ended["error"]) == ("FAILED", "States.Permissions")
    assert f"not authorized to perform: {missing} on resource: " in ended["cause"]


@pytest.mark.parametrize("version", [False, True])
def test_a_nested_execution_with_all_of_them_succeeds(aws: Clients, version: bool) -> None:
    """On the resources that the product names: a version is authorized by the ARN of its state machine.

    https://docs.aws.amazon.com/step-functions/latest/dg/auth-version-alias.html
    """
    nested = machine(aws)
    statements = [
        allow("states:StartExecution", nested),
        allow("states:DescribeExecution", nested.replace(":stateMachine:", ":execution:") + ":*"),
        *(allow(f"events:{name}", RULE) for name in ("PutTargets", "PutRule", "DescribeRule")),
    ]
    if version:
        published = aws.client("stepfunctions").publish_state_machine_version(stateMachineArn=nested)
        nested = published["stateMachineVersionArn"]
    resource = "arn:aws:states:::states:startExecution.sync:2"
    ended = executed(aws, resource, {"StateMachineArn": nested}, *statements)
    assert ended["status"] == "SUCCEEDED", ended.get("cause")


def test_a_version_is_described_with_a_permission_on_its_state_machine(aws: Clients) -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/auth-version-alias.html"""
    described = machine(aws)
    published = aws.client("stepfunctions").publish_state_machine_version(stateMachineArn=described)
    role = new_role(aws, allow("states:DescribeStateMachine", described))
    taken = aws.client("sts").assume_role(RoleArn=role, RoleSessionName="reader")["Credentials"]
    acting = aws.acting_as(taken).client("stepfunctions")
    acting.describe_state_machine(stateMachineArn=published["stateMachineVersionArn"])
    with pytest.raises(ClientError, match="not authorized to perform: states:DescribeStateMachine"):
        acting.describe_state_machine(stateMachineArn=machine(aws))


@pytest.mark.parametrize("resource", ["", "arn:aws:states:::lambda:invoke.waitForTaskToken"])
def test_a_function_is_called_in_the_name_of_the_role(aws: Clients, resource: str) -> None:
    """Also where the task waits for its token."""
    called = function(aws)
    arguments = {"FunctionName": called, "Payload": {}} if resource else {}
    ended = executed(aws, resource or called, arguments, allow("lambda:InvokeFunction", f"{called}-other"))
    assert ended["error"] == "States.Permissions"
    assert ended["cause"].endswith(f"is not authorized to perform: lambda:InvokeFunction on resource: {called}")


def test_events_are_put_in_the_name_of_the_role(aws: Clients) -> None:
    """On the bus that the entry names."""
    entry = {"Source": "any", "DetailType": "any", "Detail": {}, "EventBusName": "mine"}
    ended = executed(aws, "arn:aws:states:::events:putEvents", {"Entries": [entry]}, allow("events:PutEvents", "none"))
    assert "events:PutEvents on resource: " in ended["cause"]
    assert ended["cause"].endswith("event-bus/mine")


def test_only_who_may_list_a_bucket_learns_what_is_missing(aws: Clients) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html: 404 with s3:ListBucket, 403 without."""
    bucket = f"bucket-{uuid.uuid4().hex[:8]}"
    aws.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": aws.region})
    read = allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*")
    for statements, code in (([read], "AccessDenied"), ([read, allow("s3:ListBucket")], "NoSuchKey")):
        with pytest.raises(ClientError) as caught:
            acting(aws, *statements).client("s3").get_object(Bucket=bucket, Key="missing")
        error: Any = caught.value.response
        assert error["Error"]["Code"] == code


def test_a_refusal_names_the_action_of_the_key(aws: Clients) -> None:
    """Who may write an object, and may not use the key, reads which permission is missing."""
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    bucket = f"bucket-{uuid.uuid4().hex[:8]}"
    aws.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": aws.region})
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rules: Any = {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
    aws.client("s3").put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=rules)
    with pytest.raises(ClientError, match="not authorized to perform: kms:GenerateDataKey"):
        acting(aws, allow("s3:PutObject")).client("s3").put_object(Bucket=bucket, Key="any", Body=b"x")


def test_a_key_policy_admits_one_role(aws: Clients) -> None:
    """Whatever IAM allows others; the condition compares the role of a session, not the session.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn
    """
    ours, theirs = (new_role(aws, allow("kms:Sign")) for _ in range(2))
    root = {"AWS": f"arn:aws:iam::{ours.split(':')[4]}:root"}
    admin = {"Effect": "Allow", "Principal": root, "Action": ["kms:PutKeyPolicy"], "Resource": "*"}
    one = {**admin, "Action": ["kms:Sign"], "Condition": {"ArnEquals": {"aws:PrincipalArn": ours}}}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [admin, one]})
    made = aws.client("kms").create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256", Policy=policy)
    wanted: Any = {
        "KeyId": made["KeyMetadata"]["Arn"],
        "Message": b"0" * 32,
        "MessageType": "DIGEST",
        "SigningAlgorithm": "ECDSA_SHA_256",
    }
    assert entered(aws, ours).client("kms").sign(**wanted)["Signature"]
    with pytest.raises(ClientError, match="not authorized to perform: kms:Sign"):
        entered(aws, theirs).client("kms").sign(**wanted)


def acting(aws: Clients, *statements: dict[str, Any]) -> Clients:
    """Clients of a role with these statements."""
    return entered(aws, new_role(aws, *statements))


def entered(aws: Clients, role: str) -> Clients:
    """Clients of a role."""
    return aws.acting_as(aws.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"])


@pytest.fixture
def codebuild(emulator: Emulator, tmp_path: Any) -> Any:
    """The local CodeBuild beside the emulator."""
    with CodeBuildServer(emulator.endpoint, emulator.region, emulator.account, tmp_path, print, {}) as running:
        yield running


@pytest.mark.parametrize(
    ("operation", "given", "refused"),
    [
        ("start_build", {"projectName": "mine"}, "codebuild:StartBuild"),
        ("stop_build", {"id": "mine:1"}, "codebuild:StopBuild"),
        ("batch_get_builds", {"ids": ["mine:1"]}, "codebuild:BatchGetBuilds"),
        ("list_builds_for_project", {"projectName": "mine"}, "codebuild:ListBuildsForProject"),
    ],
)
def test_codebuild_is_called_with_the_callers_permissions(
    aws: Clients, emulator: Emulator, codebuild: CodeBuildServer, operation: str, given: dict[str, Any], refused: str
) -> None:
    """On the project of the build: https://docs.aws.amazon.com/codebuild/latest/userguide/auth-and-access-control-permissions-reference.html."""
    project = "arn:aws:codebuild:*:*:project"
    for name in ("other", "mine"):
        clients = acting(aws, allow(refused, f"{project}/{name}"))
        clients.codebuild_endpoint = codebuild.endpoint
        try:
            getattr(clients.client("codebuild"), operation)(**given)
            code = ""
        except ClientError as error:
            code = str(error.response["Error"]["Code"])
        assert (code == "AccessDeniedException") == (name == "other")


def test_a_use_is_recognised_in_every_platform(tmp_path: Any) -> None:
    """What AWS makes up in an ARN does not tell permissions apart."""
    key = "arn:aws:kms:eu-central-1:111122223333:key/"
    secret = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:kiro-webhook-"
    noted = {"role": "kiro-a", "action": "kms:Decrypt", "resources": [f"{key}{uuid.uuid4()}", f"{secret}Ab12Cd"]}
    file = tmp_path / "uses"
    file.write_text(json.dumps(noted), "utf-8")
    assert used([file]) == {Permission("kiro-a", "kms:Decrypt", (f"{key}*", f"{secret}*"))}


def test_what_roles_may_do_is_read_from_their_policies(aws: Clients) -> None:
    """Of roles with the stack's prefix only."""
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow("sns:Publish", "any")]})
    for name in ("kiro-reader", "other-reader"):
        aws.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust)
        aws.client("iam").put_role_policy(RoleName=name, PolicyName="policy", PolicyDocument=document)
    assert granted(aws.client("iam")) == {Permission("kiro-reader", "sns:Publish", ("any",))}
