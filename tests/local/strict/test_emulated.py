"""Where ministack is kinder than AWS, the emulated AWS is not; what the delivered example shows is in test_example."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.packages import packed
from tests.roles import new_role

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.clients import Clients

TOO_LARGE = "States.DataLimitExceeded"
HOLDING = {"StartAt": "Hold", "States": {"Hold": {"Type": "Wait", "Seconds": 10_000_000, "End": True}}}


def refusal(call: Callable[..., Any], **request: Any) -> str:
    """The error code of a call that is refused."""
    with pytest.raises(ClientError) as caught:
        call(**request)
    return str(caught.value.response["Error"]["Code"])


def test_a_state_machine_is_deleting_until_its_executions_have_ended(aws: Clients) -> None:
    """It is still there, starts nothing any more, and is gone when the last execution has been stopped.

    https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteStateMachine.html
    """
    sfn = aws.client("stepfunctions")
    machine = sfn.create_state_machine(
        name=f"machine-{uuid.uuid4().hex[:8]}", definition=json.dumps(HOLDING), roleArn=new_role(aws)
    )["stateMachineArn"]
    execution = sfn.start_execution(stateMachineArn=machine)["executionArn"]
    sfn.delete_state_machine(stateMachineArn=machine)
    assert sfn.describe_state_machine(stateMachineArn=machine)["status"] == "DELETING"
    assert refusal(sfn.start_execution, stateMachineArn=machine) == "StateMachineDeleting"
    sfn.stop_execution(executionArn=execution)
    deadline = time.monotonic() + 20
    while machine in {one["stateMachineArn"] for one in sfn.list_state_machines()["stateMachines"]}:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert refusal(sfn.describe_state_machine, stateMachineArn=machine) == "StateMachineDoesNotExist"


def test_a_role_may_what_its_policies_allow(aws: Clients) -> None:
    """Action and resource count; Lambda's actions are called as its operations."""
    allowed = {"Effect": "Allow", "Action": "lambda:GetAlias", "Resource": "arn:aws:lambda:*:*:function:mine"}
    taken = aws.client("sts").assume_role(RoleArn=new_role(aws, allowed), RoleSessionName="test")["Credentials"]
    functions = aws.acting_as(taken).client("lambda")
    assert refusal(functions.get_alias, FunctionName="mine", Name="live") == "ResourceNotFoundException"
    assert refusal(functions.get_alias, FunctionName="other", Name="live") == "AccessDeniedException"
    assert refusal(functions.list_aliases, FunctionName="mine") == "AccessDeniedException"


@pytest.mark.parametrize("service", ["s3", "secretsmanager", "sns"])
def test_what_is_encrypted_needs_its_key_too(aws: Clients, service: str) -> None:
    """The service uses the key in the caller's name; a large object is written in parts, which are also decrypted.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
    https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    name, call, action, actions = {
        "s3": (_bucket, _write_object, "s3:PutObject", ["kms:GenerateDataKey"]),
        "secretsmanager": (_secret, _read_secret, "secretsmanager:GetSecretValue", ["kms:Decrypt"]),
        "sns": (_topic, _publish, "sns:Publish", ["kms:GenerateDataKey", "kms:Decrypt"]),
    }[service]
    resource = name(aws, key)
    allowed = {"Effect": "Allow", "Action": action, "Resource": "*"}
    with pytest.raises(ClientError, match="not authorized"):
        call(_acting(aws, allowed), resource)
    call(_acting(aws, allowed, {"Effect": "Allow", "Action": actions, "Resource": key}), resource)


def test_a_large_object_is_written_in_parts_and_decrypted(aws: Clients) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html: both permissions of the key."""
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    bucket = _bucket(aws, key)
    write = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}
    encrypt = {"Effect": "Allow", "Action": "kms:GenerateDataKey", "Resource": key}
    decrypt = {**encrypt, "Action": "kms:Decrypt"}
    with pytest.raises(ClientError, match="not authorized"):
        _acting(aws, write, encrypt).client("s3").create_multipart_upload(Bucket=bucket, Key="large")
    _acting(aws, write, encrypt, decrypt).client("s3").create_multipart_upload(Bucket=bucket, Key="large")


def _acting(aws: Clients, *statements: dict[str, Any]) -> Clients:
    taken = aws.client("sts").assume_role(RoleArn=new_role(aws, *statements), RoleSessionName="test")["Credentials"]
    return aws.acting_as(taken)


def _bucket(aws: Clients, key: str) -> str:
    name = f"bucket-{uuid.uuid4().hex[:8]}"
    aws.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": aws.region})
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    aws.client("s3").put_bucket_encryption(
        Bucket=name, ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
    )
    return name


def _write_object(acting: Clients, bucket: str) -> None:
    acting.client("s3").put_object(Bucket=bucket, Key="small", Body=b"x")


def _secret(aws: Clients, key: str) -> str:
    name = f"secret-{uuid.uuid4().hex[:8]}"
    return str(aws.client("secretsmanager").create_secret(Name=name, SecretString="x", KmsKeyId=key)["ARN"])


def _read_secret(acting: Clients, secret: str) -> None:
    acting.client("secretsmanager").get_secret_value(SecretId=secret)


def _topic(aws: Clients, key: str) -> str:
    attributes = {"KmsMasterKeyId": key}
    return str(aws.client("sns").create_topic(Name=f"topic-{uuid.uuid4().hex[:8]}", Attributes=attributes)["TopicArn"])


def _publish(acting: Clients, topic: str) -> None:
    acting.client("sns").publish(TopicArn=topic, Message="x")


@pytest.mark.parametrize(("letters", "status"), [(65_000, "SUCCEEDED"), (66_000, "FAILED")])
def test_a_state_that_hands_on_too_much_ends_the_execution(aws: Clients, letters: int, status: str) -> None:
    """256 KiB in UTF-8 are the limit of what a state hands on.

    https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
    """
    grow = {"Type": "Pass", "Output": "{% $states.input & $states.input %}", "End": True}
    ended = _executed(aws, grow, json.dumps("ä" * letters, ensure_ascii=False))
    assert (ended["status"], ended.get("error")) == (status, TOO_LARGE if status == "FAILED" else None)


def test_what_is_too_large_is_caught_by_its_name_only(aws: Clients) -> None:
    """`States.ALL` does not match it: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html."""
    function = aws.client("lambda").create_function(
        FunctionName=f"function-{uuid.uuid4().hex[:8]}",
        Runtime="provided.al2023",
        Handler="main.handler",
        Timeout=60,
        Role=new_role(aws),
        Code={"ZipFile": packed("def handler(event, context):\n    return 'x' * 300_000\n")},
    )["FunctionArn"]
    task = {"Type": "Task", "Resource": function, "End": True}
    for names, status in ((["States.ALL"], "FAILED"), ([TOO_LARGE], "SUCCEEDED")):
        assert _executed(aws, {**task, "Catch": [{"ErrorEquals": names, "Next": "Caught"}]})["status"] == status


def _executed(aws: Clients, state: dict[str, Any], given: str = "{}") -> dict[str, Any]:
    """How an execution of one state ends, where another catches."""
    sfn = aws.client("stepfunctions")
    states = {"Only": state, "Caught": {"Type": "Pass", "Output": "caught", "End": True}}
    machine = sfn.create_state_machine(
        name=f"machine-{uuid.uuid4().hex[:8]}",
        definition=json.dumps({"QueryLanguage": "JSONata", "StartAt": "Only", "States": states}),
        roleArn=new_role(aws),
    )["stateMachineArn"]
    return _end(aws, sfn.start_execution(stateMachineArn=machine, input=given)["executionArn"])


def _end(aws: Clients, execution: str) -> dict[str, Any]:
    """What describes an execution once it has ended."""
    sfn, deadline = aws.client("stepfunctions"), time.monotonic() + 20
    while (ended := sfn.describe_execution(executionArn=execution))["status"] == "RUNNING":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return dict(ended)


def test_no_function_is_changed_while_an_update_is_in_progress(aws: Clients) -> None:
    """Neither its code nor its configuration; nor is there a version, whose state would be unknown.

    https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
    """
    functions, name = aws.client("lambda"), f"function-{uuid.uuid4().hex[:8]}"
    code = packed("def handler(event, context):\n    return 1\n")
    functions.create_function(
        FunctionName=name, Runtime="provided.al2023", Handler="main.handler", Role=new_role(aws), Code={"ZipFile": code}
    )
    functions.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
    functions.update_function_configuration(FunctionName=name, Timeout=9)
    for refused, request in (
        (functions.update_function_configuration, {"Timeout": 8}),
        (functions.update_function_code, {"ZipFile": code}),
        (functions.publish_version, {}),
    ):
        assert refusal(refused, FunctionName=name, **request) == "ResourceConflictException"
    functions.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
    assert functions.publish_version(FunctionName=name)["Timeout"] == 9


def test_an_execution_keeps_the_definition_with_which_it_began(aws: Clients) -> None:
    """The newest one or, where it was started by the ARN of a version, that of the version.

    https://docs.aws.amazon.com/step-functions/latest/dg/execution-alias-version-associate.html
    """
    sfn = aws.client("stepfunctions")

    def saying(word: str) -> str:
        waits = {"Type": "Wait", "Seconds": 1, "Next": "Say"}
        return json.dumps(
            {"QueryLanguage": "JSONata", "StartAt": "Hold", "States": {"Hold": waits, "Say": _pass(word)}}
        )

    made = sfn.create_state_machine(
        name=f"machine-{uuid.uuid4().hex[:8]}", definition=saying("old"), roleArn=new_role(aws), publish=True
    )
    machine, first = made["stateMachineArn"], made["stateMachineVersionArn"]
    running = sfn.start_execution(stateMachineArn=machine)["executionArn"]
    sfn.update_state_machine(stateMachineArn=machine, definition=saying("new"), publish=True)
    of_version = sfn.start_execution(stateMachineArn=first)["executionArn"]
    newest = sfn.start_execution(stateMachineArn=machine)["executionArn"]
    described = sfn.describe_state_machine_for_execution(executionArn=of_version)["definition"]
    assert json.loads(described)["States"]["Say"] == _pass("old")
    for execution, said in ((running, "old"), (of_version, "old"), (newest, "new")):
        assert json.loads(_end(aws, execution)["output"]) == said


def _pass(word: str) -> dict[str, Any]:
    return {"Type": "Pass", "Output": word, "End": True}


def test_a_hook_that_is_gone_ends_the_start() -> None:
    """A new version of ministack can't take away strictness unnoticed."""
    script = (
        "import ministack.services.stepfunctions as sfn; del sfn._delete_state_machine; import local.strict.executions"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "ministack.services.stepfunctions has no _delete_state_machine" in done.stderr
