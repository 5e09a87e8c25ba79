"""`up --refresh` makes again what was changed or deleted by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.clients import Clients
    from tests.local.pulumi.conftest import Sandbox

PROGRAM = """
import json
from pulumi_aws import cloudwatch, kms, lambda_, iam
import pulumi
key = kms.Key("key", enable_key_rotation=True)
logs = cloudwatch.LogGroup("logs", name="/refreshed", retention_in_days=7)
rule = cloudwatch.EventRule("rule", name="refreshed", schedule_expression="rate(1 day)")
trust = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]})
role = iam.Role("role", name="refreshed", assume_role_policy=trust)
function = lambda_.Function(
    "function", name="refreshed", role=role.arn, runtime="python3.13", handler="main.handle", publish=True,
    code=pulumi.AssetArchive({"main.py": pulumi.StringAsset("def handle(event, context): return 1")}))
lambda_.Permission("permission", statement_id="rule", function=function.name, action="lambda:InvokeFunction",
    principal="events.amazonaws.com", source_arn=rule.arn)
pulumi.export("key", key.key_id)
"""


@pytest.mark.long
def test_what_was_changed_or_deleted_by_hand_is_made_again(program: Callable[[str], Sandbox], aws: Clients) -> None:
    """Without the option none of it is noticed; a function that is there stays the version that it is."""
    sandbox = program(PROGRAM)
    key = sandbox.run("up").result["outputs"]["key"]
    kms, logs, events, functions = (aws.client(one) for one in ("kms", "logs", "events", "lambda"))
    kms.disable_key_rotation(KeyId=key)
    kms.disable_key(KeyId=key)
    logs.delete_log_group(logGroupName="/refreshed")
    events.disable_rule(Name="refreshed")
    functions.remove_permission(FunctionName="refreshed", StatementId="rule")
    assert sandbox.run("up").changes == {"same": 6}
    done = sandbox.run("up", "--refresh")
    created = {step["name"] for step in done.result["steps"] if step["op"] == "create"}
    assert created == {"logs", "permission"}
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["Enabled"]
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"]
    (group,) = logs.describe_log_groups(logGroupNamePrefix="/refreshed")["logGroups"]
    assert group["retentionInDays"] == 7
    assert events.describe_rule(Name="refreshed")["State"] == "ENABLED"
    assert "rule" in functions.get_policy(FunctionName="refreshed")["Policy"]
    versions = functions.list_versions_by_function(FunctionName="refreshed")["Versions"]
    assert [one["Version"] for one in versions] == ["$LATEST", "1"]
    assert sandbox.run("up").changes == {"same": 6}
    sandbox.run("destroy")
