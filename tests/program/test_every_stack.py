"""Promises about every stack: encryption, permissions, names, tags, and valid definitions."""

import json
import re
from collections import Counter

import pytest

from components.stack.settings_file import TAGS
from statemachines import definitions
from tests.components.recorder import Outcome, run_main, stack_config
from tests.program.policies import statements

_OWN_NAMES = {
    "aws:cloudwatch/dashboard:Dashboard": "dashboardName",
    "aws:cloudwatch/eventBusPolicy:EventBusPolicy": "eventBusName",
    "aws:cloudwatch/eventBus:EventBus": "name",
    "aws:cloudwatch/eventRule:EventRule": "name",
    "aws:cloudwatch/metricAlarm:MetricAlarm": "name",
    "aws:codebuild/project:Project": "name",
    "aws:codebuild/reportGroup:ReportGroup": "name",
    "aws:dynamodb/table:Table": "name",
    "aws:iam/role:Role": "name",
    "aws:lambda/function:Function": "name",
    "aws:lambda/layerVersion:LayerVersion": "layerName",
    "aws:s3/bucket:Bucket": "bucket",
    "aws:secretsmanager/secret:Secret": "name",
    "aws:sfn/stateMachine:StateMachine": "name",
    "aws:sns/topic:Topic": "name",
    "aws:sqs/queue:Queue": "name",
}
# The property of each type that names its encryption key.
_KEY_PROPERTIES = {
    "aws:cloudwatch/eventBus:EventBus": "kmsKeyIdentifier",
    "aws:cloudwatch/logGroup:LogGroup": "kmsKeyId",
    "aws:codebuild/project:Project": "encryptionKey",
    "aws:secretsmanager/secret:Secret": "kmsKeyId",
    "aws:sns/topic:Topic": "kmsMasterKeyId",
    "aws:sqs/queue:Queue": "kmsMasterKeyId",
    "aws:ssm/parameter:Parameter": "keyId",
}


def test_no_action_is_a_wildcard(outcome: Outcome) -> None:
    """Every allowed action is named; only denials use wildcards."""
    wild = [s for s in statements(outcome.recorder) if s.effect == "Allow" and any("*" in a for a in s.actions)]
    assert not [(s.owner.name, s.actions) for s in wild]


def test_every_wildcard_of_a_role_has_a_listed_reason(outcome: Outcome) -> None:
    """The list of broad grants and the wildcards in the policies of roles are the same."""
    found = {
        (s.owner.physical_name, s.actions)
        for s in statements(outcome.recorder)
        if s.owner.type == "aws:iam/rolePolicy:RolePolicy" and any("*" in resource for resource in s.resources)
    }
    listed = {(grant.role, grant.actions): grant.why for grant in outcome.globals["naming"].broad_grants}
    assert found == set(listed)
    assert all(len(why) > 20 for why in listed.values())


def test_only_the_keys_own_policy_has_a_wildcard_resource(outcome: Outcome) -> None:
    """Policies of buckets, topics and queues name their resources; a key's own policy can't name the key."""
    for statement in statements(outcome.recorder):
        if statement.effect == "Allow" and statement.owner.type not in (
            "aws:iam/rolePolicy:RolePolicy",
            "aws:kms/key:Key",
        ):
            assert not [resource for resource in statement.resources if "*" in resource], statement.owner.name


def test_everything_at_rest_is_encrypted_with_the_key_of_the_stack(outcome: Outcome) -> None:
    """Topics, queues, log groups, secrets, parameters, bus, builds, tables and the bucket name the one key."""
    key = outcome.outputs["keyArn"]
    for one in outcome.recorder.resources:
        if one.type in _KEY_PROPERTIES:
            assert one.inputs.get(_KEY_PROPERTIES[one.type]) == key, f"{one.type} {one.name}"
    for table in outcome.recorder.of("dynamodb/table:Table"):
        assert table.inputs["serverSideEncryption"] == {"enabled": True, "kmsKeyArn": key}
    buckets = {one.inputs["bucket"] for one in outcome.recorder.of("s3/bucket:Bucket")}
    kind = "s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    encrypted = {
        one.inputs["bucket"]
        for one in outcome.recorder.of(kind)
        for rule in one.inputs["rules"]
        if rule["applyServerSideEncryptionByDefault"]["kmsMasterKeyId"] == key
    }
    assert buckets == encrypted


def test_every_log_group_ends(outcome: Outcome) -> None:
    """Logs are kept 90 days."""
    groups = outcome.recorder.of("cloudwatch/logGroup:LogGroup")
    assert {group.inputs["retentionInDays"] for group in groups} == {90}


def test_names_hold_project_and_stack(outcome: Outcome) -> None:
    """Every given name is kiro-pipeline-{stack}-{thing} or kiro-worker-{stack}-{thing}."""
    stack = outcome.globals["naming"].stack
    for one in outcome.recorder.resources:
        if one.type in _OWN_NAMES:
            name = one.inputs[_OWN_NAMES[one.type]]
            assert name.startswith((f"kiro-pipeline-{stack}-", f"kiro-worker-{stack}-")), (
                f"{one.type} {one.name}: {name}"
            )
            assert len(name) <= 64 or one.type == "aws:cloudwatch/metricAlarm:MetricAlarm"


def test_every_stack_tags_for_cost_allocation(outcome: Outcome) -> None:
    """Project, Environment and ManagedBy come from the provider, so that every resource has them."""
    stack = outcome.globals["naming"].stack
    tags = json.loads(stack_config(stack)["aws:defaultTags"])["tags"]
    assert set(TAGS) <= set(tags)
    assert tags["Environment"] == stack


def test_every_function_and_workflow_has_a_role_of_its_own(outcome: Outcome) -> None:
    """No two of them share a role."""
    recorder = outcome.recorder
    roles = Counter(one.inputs["role"] for one in recorder.of("lambda/function:Function"))
    roles += Counter(one.inputs["roleArn"] for one in recorder.of("sfn/stateMachine:StateMachine"))
    roles += Counter(one.inputs["serviceRole"] for one in recorder.of("codebuild/project:Project"))
    assert set(roles.values()) == {1}
    assert len(roles) == len(outcome.outputs["functions"]) + len(definitions.WORKFLOWS) + len(
        outcome.outputs["projects"]
    )


def test_no_secret_value_reaches_the_state(outcome: Outcome) -> None:
    """Secrets are created empty: no resource registers a value."""
    assert not outcome.recorder.of("secretsmanager/secretVersion:SecretVersion")
    assert len(outcome.recorder.of("secretsmanager/secret:Secret")) == 7


def test_rendered_definitions_follow_the_rules(outcome: Outcome) -> None:
    """With this stack's settings every definition passes the checks, history limit included."""
    for machine in outcome.recorder.of("sfn/stateMachine:StateMachine"):
        definition = json.loads(machine.inputs["definition"])
        assert definitions.check(machine.name, definition) == []
        assert "${" not in machine.inputs["definition"]


def test_workflows_log_errors_without_data_and_are_traced(outcome: Outcome) -> None:
    """The data of executions never reaches a log."""
    for machine in outcome.recorder.of("sfn/stateMachine:StateMachine"):
        logging = machine.inputs["loggingConfiguration"]
        assert (logging["level"], logging["includeExecutionData"]) == ("ERROR", False)
        assert machine.inputs["tracingConfiguration"] == {"enabled": True}


def test_a_workflow_may_call_its_own_tasks_and_no_others(outcome: Outcome) -> None:
    """The invoke statement of a workflow's role lists exactly the functions in its definition, and their versions.

    A policy that names a function without a qualifier does not match a call of its version. Executions that began
    before functions had versions call them without.
    https://docs.aws.amazon.com/lambda/latest/dg/lambda-api-permissions-ref.html
    """
    for machine in outcome.recorder.of("sfn/stateMachine:StateMachine"):
        called = {
            outcome.outputs["functions"][module]
            for module in definitions.tasks(machine.name.replace("-", "_")).values()
        }
        (allowed,) = [
            s
            for s in statements(outcome.recorder)
            if s.owner.type == "aws:iam/rolePolicy:RolePolicy"
            and s.owner.name == machine.name
            and s.actions == ("lambda:InvokeFunction",)
        ]
        assert {arn.split(":", 6)[6] for arn in allowed.resources} == called | {f"{name}:*" for name in called}


def test_an_execution_keeps_what_it_calls(outcome: Outcome) -> None:
    """A definition names versions of functions and workflows only, so that an update never changes what runs."""
    for machine in outcome.recorder.of("sfn/stateMachine:StateMachine"):
        assert machine.inputs["publish"] is True
        named = re.findall(
            r"arn:aws:(?:lambda|states):[^\"]*:(?:function|stateMachine):([^\"]+)", machine.inputs["definition"]
        )
        assert named
        assert all(re.fullmatch(r"[\w-]+:\d+", one) for one in named), named


def test_only_tasks_of_workflows_have_versions(outcome: Outcome) -> None:
    """What events and routes call has no version: nobody would call it."""
    published = {one.inputs["name"] for one in outcome.recorder.of("lambda/function:Function") if one.inputs["publish"]}
    tasks = {module for workflow in definitions.WORKFLOWS for module in definitions.tasks(workflow).values()}
    assert published == {outcome.outputs["functions"][module] for module in tasks}


def test_functions_behind_event_rules_have_dead_letter_queues(outcome: Outcome) -> None:
    """Every function behind an event rule has a dead-letter queue, and no other function has one."""
    targets = {
        one.inputs["arn"].rpartition(":")[2] for one in outcome.recorder.of("cloudwatch/eventTarget:EventTarget")
    }
    functions = outcome.recorder.of("lambda/function:Function")
    assert {one.physical_name for one in functions if one.inputs.get("deadLetterConfig")} == targets


@pytest.mark.long
def test_two_runs_register_the_same(outcomes: dict[str, Outcome]) -> None:
    """The program depends on neither time nor chance, so a second `up` changes nothing."""
    first, second = outcomes["test"].recorder, run_main("test").recorder
    assert {(r.type, r.name): _plain(r.inputs) for r in first.resources} == {
        (r.type, r.name): _plain(r.inputs) for r in second.resources
    }


def _plain(inputs: dict[str, object]) -> dict[str, str]:
    return {key: str(value) for key, value in inputs.items() if key not in ("code", "source")}
