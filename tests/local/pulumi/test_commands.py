"""up, preview and destroy against a real emulator."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from local.folders import HOME
from local.pulumi.state import BUCKET
from tests.local.pulumi.conftest import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.clients import Clients
    from local.emulator import Emulator

    Program = Callable[[str], Sandbox]

QUEUES = """
import json, pulumi
from pulumi_aws import sqs
dead = sqs.Queue("dead")
work = sqs.Queue(
    "work",
    visibility_timeout_seconds={timeout},
    redrive_policy=dead.arn.apply(lambda arn: json.dumps({{"deadLetterTargetArn": arn, "maxReceiveCount": 3}})),
    tags={{"Team": "core"}},
)
pulumi.export("url", work.url)
"""


def test_up_creates_then_finds_everything_the_same(program: Program, aws: Clients) -> None:
    """The first up creates the resources, and a second one changes nothing."""
    sandbox = program(QUEUES.format(timeout=30))
    first = sandbox.run("up")
    assert first.changes == {"create": 2}
    tags = aws.client("sqs").list_queue_tags(QueueUrl=first.result["outputs"]["url"])["Tags"]
    assert tags == {"Project": "demo", "Team": "core"}
    again = sandbox.run("up")
    assert again.changes == {"same": 2}
    assert again.result["steps"] == []
    assert again.result["outputs"] == first.result["outputs"]


def test_preview_changes_nothing(program: Program, aws: Clients) -> None:
    """A preview reports the changes of an up and makes none of them."""
    sandbox = program(QUEUES.format(timeout=30))
    assert sandbox.run("preview").changes == {"create": 2}
    url = sandbox.run("up").result["outputs"]["url"]
    sandbox.write(QUEUES.format(timeout=45))
    preview = sandbox.run("preview")
    assert preview.changes == {"update": 1, "same": 1}
    assert preview.result["steps"][0]["changed"] == ["visibilityTimeoutSeconds"]
    found = aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])
    assert found["Attributes"]["VisibilityTimeout"] == "30"


def test_up_updates_what_aws_can_change(program: Program, aws: Clients) -> None:
    """A changed property and a changed tag are updates of the same resource."""
    sandbox = program(QUEUES.format(timeout=30))
    url = sandbox.run("up").result["outputs"]["url"]
    sandbox.write(QUEUES.format(timeout=45).replace('"Team": "core"', '"Owner": "ops"'))
    assert sandbox.run("up").changes == {"update": 1, "same": 1}
    found = aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])
    assert found["Attributes"]["VisibilityTimeout"] == "45"
    assert aws.client("sqs").list_queue_tags(QueueUrl=url)["Tags"] == {"Project": "demo", "Owner": "ops"}


def test_up_replaces_what_aws_cannot_change_and_deletes_the_rest(program: Program, aws: Clients) -> None:
    """A new key needs a new table; a queue that is no longer declared is deleted."""
    table = """
import pulumi
from pulumi_aws import dynamodb, sqs
table = dynamodb.Table("table", name="replaced", hash_key="{key}", billing_mode="PAY_PER_REQUEST",
                       attributes=[{{"name": "{key}", "type": "S"}}])
"""
    sandbox = program(table.format(key="old") + 'sqs.Queue("gone")\n')
    sandbox.run("up")
    sandbox.write(table.format(key="new"))
    assert sandbox.run("preview").changes == {"replace": 1, "delete": 1}
    assert sandbox.run("up").changes == {"replace": 1, "delete": 1}
    keys = aws.client("dynamodb").describe_table(TableName="replaced")["Table"]["KeySchema"]
    assert keys == [{"AttributeName": "new", "KeyType": "HASH"}]


def test_destroy_keeps_protected_resources_and_their_needs(program: Program, aws: Clients) -> None:
    """The protected table and its key stay and are named, all else is deleted; real Pulumi would refuse."""
    sandbox = program("""
import pulumi
from pulumi_aws import dynamodb, kms, sqs
key = kms.Key("key", deletion_window_in_days=7)
dynamodb.Table("ledger", name="protected-ledger", hash_key="id", billing_mode="PAY_PER_REQUEST",
               attributes=[{"name": "id", "type": "S"}],
               server_side_encryption={"enabled": True, "kms_key_arn": key.arn},
               opts=pulumi.ResourceOptions(protect=True))
sqs.Queue("free")
sqs.Queue("kept", name="retained-queue", opts=pulumi.ResourceOptions(retain_on_delete=True))
""")
    sandbox.run("up")
    outcome = sandbox.run("destroy")
    assert {item["name"]: item["reason"] for item in outcome.result["retained"]} == {
        "ledger": "protected", "key": "needed by a protected resource", "kept": "retain_on_delete",
    }  # fmt: skip
    assert [step["name"] for step in outcome.result["steps"]] == ["free"]
    assert aws.client("dynamodb").describe_table(TableName="protected-ledger")
    assert aws.client("sqs").get_queue_url(QueueName="retained-queue")


def test_up_refuses_to_delete_a_protected_resource(program: Program, aws: Clients) -> None:
    """A protected resource that is no longer declared is an error and stays."""
    sandbox = program("""
import pulumi
from pulumi_aws import sqs
sqs.Queue("held", name="held-queue", opts=pulumi.ResourceOptions(protect=True))
""")
    sandbox.run("up")
    sandbox.write("")
    assert "protected" in sandbox.run("up", ok=False).errors
    assert aws.client("sqs").get_queue_url(QueueName="held-queue")


def test_a_failed_run_is_continued_by_the_next(program: Program) -> None:
    """Resources that were created before a failure are in the state, so a rerun does not create them again."""
    text = """
import pulumi
from pulumi_aws import sqs, sns
first = sqs.Queue("first")
sns.TopicSubscription("second", topic={topic}, protocol="sqs", endpoint=first.arn)
"""
    sandbox = program(text.format(topic='"arn:aws:sns:eu-central-1:123456789012:missing"'))
    failed = sandbox.run("up", ok=False)
    assert failed.changes == {"create": 1}
    assert "aws:sns/topicSubscription:TopicSubscription 'second'" in failed.errors
    assert "__main__.py:5" in failed.errors
    sandbox.write(text.format(topic='sns.Topic("topic").arn'))
    assert sandbox.run("up").changes == {"create": 2, "same": 1}


def test_a_run_that_is_killed_is_continued_by_the_next(program: Program, aws: Clients) -> None:
    """What it created is in its journal, so a rerun does not create it again; after that, no journal is left."""
    text = """
import os
from pulumi_aws import sns, sqs
first = sqs.Queue("first")
second = sns.Topic("second")
{then}
"""
    kill = "first.arn.apply(lambda _: second.arn.apply(lambda _: os.kill(os.getpid(), 9)))"
    sandbox = program(text.format(then=kill))
    with pytest.raises(AssertionError):  # it prints nothing
        sandbox.run("up")
    listed = aws.client("s3").list_objects_v2(Bucket=BUCKET)["Contents"]
    (key,) = (one["Key"] for one in listed if "run-that-is-killed" in one["Key"])
    journal = HOME / json.loads(aws.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read())["journal"]
    assert journal.is_file()
    sandbox.write(text.format(then=""))
    assert sandbox.run("up").changes == {"same": 2}
    assert not journal.exists()
    assert sandbox.run("up").changes == {"same": 2}


def test_an_unknown_type_is_named(program: Program) -> None:
    """A type without a handler is an error that names the type."""
    sandbox = program('from pulumi_aws import ec2\nec2.Vpc("net", cidr_block="10.0.0.0/16")\n')
    assert "aws:ec2/vpc:Vpc" in sandbox.run("up", ok=False).errors


def test_an_error_of_the_program_names_its_line(program: Program) -> None:
    """An exception in the program is reported with file and line."""
    errors = program("x = 1\nraise ValueError('bad number')\n").run("up", ok=False).errors
    assert "ValueError: bad number" in errors
    assert "__main__.py:2" in errors


@pytest.mark.long
def test_every_handled_type_is_created_and_destroyed(tmp_path: Path, emulator: Emulator) -> None:
    """Every type is created, unchanged in a second run, and destroyed, and no input is ignored."""
    shutil.copytree(Path(__file__).parent / "everything", tmp_path, dirs_exist_ok=True)
    sandbox = Sandbox(tmp_path, emulator)
    created = sandbox.run("up")
    assert created.result["warnings"] == []
    total = created.changes["create"]
    assert created.changes == {"create": total}
    assert sandbox.run("up").changes == {"same": total}
    assert sandbox.run("preview").changes == {"same": total}
    destroyed = sandbox.run("destroy")
    assert destroyed.changes == {"delete": total}
    assert sandbox.run("destroy").changes == {}
