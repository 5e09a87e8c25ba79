"""The stack `test`: it can be destroyed completely."""

import json
import re

import pytest
from msgspec.structs import asdict

from components.functions import package
from components.functions.handlers import discover
from components.functions.package import PackageError
from components.functions.workflow import _stage_seconds
from components.stack.settings_file import SettingsError
from functions.domain.environments import Environment
from functions.domain.windows import LOOK_AHEAD_DAYS
from functions.handler import decode
from tests.components.recorder import (
    FREEZES,
    PROJECT_KEY,
    REPOSITORY,
    WINDOWS,
    Outcome,
    Recorder,
    run_main,
    stack_config,
    switched_on,
)
from tests.program.policies import statements

OUTPUTS = {
    *("region", "account", "endpoint", "webhookUrl", "alarmsUrl", "approvalsUrl", "artifactsBucket", "eventBus"),
    *("deploymentWorkflow", "stageWorkflow", "rollbackWorkflow", "enhancedWatchWorkflow", "workItemWorkflow"),
    *("deploymentsTable", "environmentsTable", "locksTable", "waitsTable", "workItemsTable"),
    *("deploymentsTopic", "approvalsTopic", "rollbacksTopic"),
    *("approverPolicy", "consoleUrl"),
    *("projects", "secrets", "secretArns", "functions", "environments", "forwarding", "dashboard"),
    *("keyArn", "provenanceKeyArn", "provenancePublicKey", "operatorPolicy", "readerPolicy"),
}


@pytest.fixture
def test_stack(outcomes: dict[str, Outcome]) -> Outcome:
    """The stack `test`."""
    return outcomes["test"]


def test_nothing_is_kept(test_stack: Outcome) -> None:
    """Bucket, tables and secrets are deleted with the stack, at once."""
    recorder = test_stack.recorder
    assert all(bucket.inputs["forceDestroy"] for bucket in recorder.of("s3/bucket:Bucket"))
    assert not any(table.inputs["deletionProtectionEnabled"] for table in recorder.of("dynamodb/table:Table"))
    assert {s.inputs["recoveryWindowInDays"] for s in recorder.of("secretsmanager/secret:Secret")} == {0}


def test_the_outputs_hold_what_an_operator_needs(test_stack: Outcome) -> None:
    """Addresses, workflows, tables, topics, projects and secrets are exported."""
    outputs = test_stack.outputs
    assert outputs["webhookUrl"] == f"{outputs['endpoint']}/github"
    assert outputs["approvalsUrl"] == f"{outputs['endpoint']}/approvals"
    assert set(outputs) == OUTPUTS
    assert all(outputs[name] for name in OUTPUTS - {"forwarding", "consoleUrl"})
    assert outputs["alarmsUrl"] == f"{outputs['endpoint']}/alarms"
    assert outputs["dashboard"] == "kiro-pipeline-test-dashboard"
    begins = {"Topic": "kiro-pipeline-test-", "Workflow": "kiro-", "Table": "kiro-"}
    for end, begin in begins.items():
        for name in (name for name in OUTPUTS if name.endswith(end)):
            words = re.sub("([A-Z])", r"-\1", name.removesuffix(end)).lower()
            assert outputs[name].rpartition(":")[2].startswith(begin), name
            assert outputs[name].endswith(f"-test-{words}"), name
    assert outputs["projects"][f"{REPOSITORY}/build"] == f"kiro-pipeline-test-build-{PROJECT_KEY}"


def test_a_function_and_the_workflow_it_starts_agree_on_names(test_stack: Outcome) -> None:
    """ARNs that are computed in advance, to avoid a cycle, are those of the workflows."""
    webhook = test_stack.recorder.one("lambda/function:Function", "events-github-webhook")
    arn = webhook.inputs["environment"]["variables"]["DEPLOYMENT_WORKFLOW"]
    assert arn == test_stack.outputs["deploymentWorkflow"]


def takers(outcome: Outcome, role: str) -> set[str]:
    """The handlers whose roles the trust policy of a role admits."""
    policy = json.loads(outcome.recorder.one("iam/role:Role", role).inputs["assumeRolePolicy"])
    (trust,) = policy["Statement"]
    return {arn.rpartition("/kiro-pipeline-test-")[2] for arn in trust["Principal"]["AWS"]}


@pytest.mark.parametrize("which", ["deploy", "read"])
def test_only_declared_functions_may_assume_the_roles_of_environments(test_stack: Outcome, which: str) -> None:
    """The trust policy of a role lists exactly the roles of handlers that declare `deploy-roles` or `read-roles`."""
    declared = {
        one.thing for one in discover().values() for allow in one.declared.allow if allow.on == f"{which}-roles"
    }
    for environment in ("test", "staging", "production"):
        assert takers(test_stack, f"{which}-{environment}") == declared
    assert {"deploy": "stage-apply-service", "read": "shared-watch"}[which] in declared


def test_only_what_changes_an_environment_holds_a_deploy_role(test_stack: Outcome) -> None:
    """I7: ApplyService and ContinueRollout deploy a version, RestoreService an earlier one; nothing else does."""
    assert takers(test_stack, "deploy-production") == {
        "stage-apply-service",
        "stage-continue-rollout",
        "rollback-restore-service",
    }


def test_no_function_of_the_internet_may_assume_a_deploy_role(test_stack: Outcome) -> None:
    """I7: neither by its policy nor by a trust; these are all functions that the endpoint or a URL may invoke."""
    recorder = test_stack.recorder
    begin = "kiro-pipeline-test-"
    invoked = {
        one.inputs["function"].removeprefix(begin)
        for one in recorder.of("lambda/permission:Permission")
        if not one.inputs["principal"].startswith("events.")
    }
    pages = {"events-approval-page", "events-console"}
    assert invoked == {"events-github-webhook", "events-outside-alarm", "events-slack-interaction", *pages}
    assert recorder.of("lambda/functionUrl:FunctionUrl") == []
    assumed = {
        arn.rpartition(f"role/{begin}")[2]
        for one in statements(recorder)
        for arn in one.resources
        if "sts:AssumeRole" in one.actions and one.owner.inputs.get("role", "").removeprefix(begin) in invoked
    }
    assert assumed == {"read-test", "read-staging", "read-production"}
    for environment in ("test", "staging", "production"):
        assert takers(test_stack, f"deploy-{environment}").isdisjoint(invoked)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("kiro-worker:colour", '"blue"', "kiro-worker:colour"),
        ("kiro-worker:logRetentionDays", "ninety", "kiro-worker:logRetentionDays"),
        ("kiro-worker:environments", '[{"name": "production", "approval": false}]', "approval"),
        ("kiro-worker:retainStateful", '"maybe"', "kiro-worker:retainStateful"),
        ("aws:defaultTags", '{"tags": {"Project": "x"}}', "ManagedBy"),
    ],
)
def test_a_wrong_setting_fails_before_the_first_resource(key: str, value: str, said: str) -> None:
    """The error names the setting, and nothing was registered."""
    recorder = Recorder()
    with pytest.raises(SettingsError, match=said):
        run_main("test", {**stack_config("test"), key: value}, recorder)
    assert recorder.resources == []


def test_a_missing_layer_fails_before_the_first_resource(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without third-party code no function could run; the error names the command that builds it."""
    recorder = Recorder()
    monkeypatch.setattr(package, "LAYER", package.LAYER / "nowhere")
    with pytest.raises(PackageError, match="make package"):
        run_main("test", None, recorder)
    assert recorder.resources == []


def test_workflows_may_start_only_their_nested_ones(test_stack: Outcome) -> None:
    """Deployments start stages and rollbacks, stages start rollbacks and enhanced watches, these start rollbacks."""
    recorder = test_stack.recorder
    below = {
        "deployment": {"stage", "rollback"},
        "stage": {"rollback", "enhanced-watch"},
        "rollback": set(),
        "enhanced-watch": {"rollback"},
        "work-item": set(),
    }
    assert {machine.name for machine in recorder.of("sfn/stateMachine:StateMachine")} == set(below)
    for workflow, started in below.items():
        role = recorder.one("sfn/stateMachine:StateMachine", workflow).inputs["roleArn"].rpartition("/")[2]
        found = {
            arn.rpartition("kiro-pipeline-test-")[2]
            for one in statements(recorder)
            if one.owner.inputs.get("role") == role and "states:StartExecution" in one.actions
            for arn in one.resources
        }
        assert found == started, workflow


def carried(outcome: Outcome) -> tuple[list[Environment], int]:
    """The environments of a stack, in the form of its deployments, and the timeout of its stages in seconds."""
    machine = outcome.recorder.one("sfn/stateMachine:StateMachine", "deployment")
    states = json.loads(machine.inputs["definition"])["States"]
    environments = [decode(Environment, one) for one in states["Begin"]["Assign"]["environments"]]
    return environments, states["RunStage"]["TimeoutSeconds"]


def test_stages_last_as_long_as_windows_and_freezes(test_stack: Outcome) -> None:
    """P8: the workflow has both settings, and a stage that waits for its window does not time out."""
    (plain, *_), shortest = carried(test_stack)
    assert (plain.windows, plain.freezes, plain.freeze_wait_days) == ([], [], 14)
    assert (plain.on_active_alarm, plain.on_missing_alarm_data) == ("block", "ignore")
    assert shortest >= 14 * 86_400
    (hasty, strict, frozen), longest = carried(switched_on())
    assert hasty.freeze_wait_days == 2
    assert [asdict(one) for one in strict.windows] == WINDOWS
    assert (strict.on_active_alarm, strict.on_missing_alarm_data) == ("ask", "block")
    assert strict.enhanced_watch_seconds == 86_400
    assert [asdict(one) for one in frozen.freezes] == FREEZES
    least, with_windows, with_freezes = _stage_seconds(switched_on().globals["stack"])
    assert longest == with_windows == with_freezes >= shortest + LOOK_AHEAD_DAYS * 86_400
    assert 2 * 86_400 <= least < 14 * 86_400
