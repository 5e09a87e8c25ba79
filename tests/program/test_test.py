"""What is special about the stack `test`: it can be taken down without a trace."""

import json

import pytest

from components import package
from components.package import PackageError
from components.settings import SettingsError
from tests.components.recorder import Outcome, Recorder, run_main, stack_config


@pytest.fixture
def test_stack(outcomes: dict[str, Outcome]) -> Outcome:
    """The stack `test`."""
    return outcomes["test"]


def test_nothing_is_kept(test_stack: Outcome) -> None:
    """Bucket, tables and secrets go with the stack, at once."""
    recorder = test_stack.recorder
    assert all(bucket.inputs["forceDestroy"] for bucket in recorder.of("s3/bucket:Bucket"))
    assert not any(table.inputs["deletionProtectionEnabled"] for table in recorder.of("dynamodb/table:Table"))
    assert {s.inputs["recoveryWindowInDays"] for s in recorder.of("secretsmanager/secret:Secret")} == {0}


def test_the_outputs_tell_what_an_operator_needs(test_stack: Outcome) -> None:
    """Addresses, workflows, tables, topics, projects and secrets are exported."""
    outputs = test_stack.outputs
    assert outputs["webhookUrl"] == f"{outputs['endpoint']}/github"
    assert outputs["approvalsUrl"] == f"{outputs['endpoint']}/approvals"
    names = ("deploymentWorkflow", "stageWorkflow", "rollbackWorkflow", "waitsTable", "rollbacksTopic", "eventBus")
    assert all(outputs[name] for name in names)
    assert outputs["projects"]["build"] == "kiro-pipeline-test-build"


def test_a_function_and_the_workflow_it_starts_agree_on_names(test_stack: Outcome) -> None:
    """ARNs computed ahead, to break a circle, are those that the workflows get."""
    webhook = test_stack.recorder.one("lambda/function:Function", "events-github-webhook")
    told = webhook.inputs["environment"]["variables"]["DEPLOYMENT_WORKFLOW"]
    assert told == test_stack.outputs["deploymentWorkflow"]


def test_deploy_roles_are_taken_by_functions_that_declare_it_only(test_stack: Outcome) -> None:
    """The trust of a deploy role lists the roles of rooms with `deploy-roles`, nobody else's."""
    role = test_stack.recorder.one("iam/role:Role", "deploy-production")
    (trust,) = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
    takers = {arn.rpartition("/")[2] for arn in trust["Principal"]["AWS"]}
    assert "kiro-pipeline-test-stage-apply-service" in takers
    assert "kiro-pipeline-test-events-github-webhook" not in takers


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
    """The error names the key, and nothing was registered."""
    recorder = Recorder()
    with pytest.raises(SettingsError, match=said):
        run_main("test", {**stack_config("test"), key: value}, recorder)
    assert recorder.resources == []


def test_a_missing_layer_fails_before_the_first_resource(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without third-party code no function could run; the error says what to run."""
    recorder = Recorder()
    monkeypatch.setattr(package, "LAYER", package.LAYER / "nowhere")
    with pytest.raises(PackageError, match="make package"):
        run_main("test", None, recorder)
    assert recorder.resources == []
