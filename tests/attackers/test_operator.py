"""A hostile operator, and who may only read: they hold the stack's policies for people and nothing else."""

import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

import pytest
from msgspec.structs import replace

from functions.adapters.deployments_table import DeploymentsTable
from functions.domain.errors import NotRecordedError
from functions.domain.records import PlannedChange
from tests.components.conftest import whole
from tests.components.recorder import Outcome
from tests.functions.samples import DEPLOYMENT, ENVIRONMENT, LEASE, RELEASE, SERVICE
from tests.functions.stack import Stack

__all__ = ["whole"]

AT = "123456789012"
TABLE = f"arn:aws:dynamodb:eu-central-1:{AT}:table/kiro-pipeline-test-"
WORKFLOW = f"arn:aws:states:eu-central-1:{AT}:stateMachine:kiro-pipeline-test-"
EXECUTION = f"arn:aws:states:eu-central-1:{AT}:execution:kiro-pipeline-test-"
BUCKET = f"arn:aws:s3:::kiro-pipeline-test-artifacts-{AT}"
BUS = f"arn:aws:events:eu-central-1:{AT}:event-bus/kiro-pipeline-test-events"
API = f"arn:aws:execute-api:eu-central-1:{AT}:api123"
FROZEN = {"dynamodb:Attributes": ["environment", "part", "frozen"]}
ANNOUNCED = {"events:source": ["kiro.pipeline"], "events:detail-type": ["EnvironmentFrozen"]}
Request = tuple[str, str, dict[str, list[str]]]
READS: list[Request] = [
    ("dynamodb:Scan", f"{TABLE}locks", {}),
    ("dynamodb:GetItem", f"{TABLE}deployments", {}),
    ("states:DescribeExecution", f"{EXECUTION}stage:main-1", {}),
    ("cloudwatch:DescribeAlarms", "*", {}),
    ("dynamodb:UpdateItem", f"{TABLE}waits", {"dynamodb:LeadingKeys": ["console/0a1b"]}),
]
CHANGES: list[Request] = [
    ("states:StartExecution", f"{WORKFLOW}deployment", {}),
    ("states:StartExecution", f"{WORKFLOW}rollback", {}),
    ("states:StopExecution", f"{EXECUTION}stage:main-1", {}),
    ("dynamodb:UpdateItem", f"{TABLE}environments", FROZEN),
    ("dynamodb:UpdateItem", f"{TABLE}environments", {"dynamodb:Attributes": ["environment", "part", "pin", "ended"]}),
    ("dynamodb:UpdateItem", f"{TABLE}deployments", {"dynamodb:LeadingKeys": ["rollback-production-1"]}),
    ("events:PutEvents", BUS, ANNOUNCED),
    ("events:PutEvents", BUS, {**ANNOUNCED, "events:detail-type": ["PartsPinned"]}),
    ("dynamodb:GetItem", f"{TABLE}waits", {}),
    ("dynamodb:Query", f"{TABLE}waits/index/ExecutionIndex", {}),
    ("dynamodb:Query", f"{TABLE}waits/index/OpenIndex", {}),
    ("s3:GetObject", f"{BUCKET}/provenance/{DEPLOYMENT}/x.json", {}),
    ("s3:GetObject", f"{BUCKET}/builds/acme/hello/build/{DEPLOYMENT}/build.zip", {}),
]
NEVER: list[Request] = [
    ("states:StartExecution", f"{WORKFLOW}stage", {}),
    ("states:StartExecution", f"{WORKFLOW}enhanced-watch", {}),
    ("states:SendTaskSuccess", f"{WORKFLOW}stage", {}),
    ("states:UpdateStateMachine", f"{WORKFLOW}stage", {}),
    ("dynamodb:UpdateItem", f"{TABLE}environments", {"dynamodb:Attributes": ["environment", "part", "running"]}),
    ("dynamodb:UpdateItem", f"{TABLE}environments", {"dynamodb:Attributes": ["environment", "part", "drift"]}),
    ("dynamodb:DeleteItem", f"{TABLE}environments", {}),
    ("dynamodb:UpdateItem", f"{TABLE}deployments", {"dynamodb:LeadingKeys": [DEPLOYMENT]}),
    ("dynamodb:PutItem", f"{TABLE}locks", {}),
    ("dynamodb:UpdateItem", f"{TABLE}waits", {}),
    ("dynamodb:UpdateItem", f"{TABLE}waits", {"dynamodb:LeadingKeys": ["approval/a1"]}),
    ("events:PutEvents", BUS, {**ANNOUNCED, "events:detail-type": ["DeploymentFinished"]}),
    ("s3:GetObject", f"{BUCKET}/sources/acme/hello/x.zip", {}),
    ("s3:PutObject", f"{BUCKET}/provenance/{DEPLOYMENT}/x.json", {}),
    ("kms:Sign", f"arn:aws:kms:eu-central-1:{AT}:key/signing-key", {}),
    # Calls whose context lacks the key, for which ForAllValues alone holds.
    ("dynamodb:UpdateItem", f"{TABLE}environments", {}),
    ("dynamodb:UpdateItem", f"{TABLE}deployments", {}),
    ("events:PutEvents", BUS, {}),
    ("events:PutEvents", BUS, {"events:source": ["kiro.pipeline"]}),
    ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:eu-central-1:{AT}:secret:kiro-pipeline-test-github", {}),
    ("sts:AssumeRole", f"arn:aws:iam::{AT}:role/kiro-pipeline-test-deploy-production", {}),
    ("lambda:InvokeFunction", f"arn:aws:lambda:eu-central-1:{AT}:function:kiro-pipeline-test-stage-apply-service", {}),
]


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _fits(statement: Mapping[str, Any], action: str, resource: str, context: Mapping[str, list[str]]) -> bool:
    """Whether a statement concerns a request; `ForAllValues` holds when every value of the request fits one of its own.

    It holds for a key that the request lacks, too; `Null` with false holds for one that is there.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
    """
    named = any(fnmatchcase(action, one) for one in _listed(statement["Action"]))
    meant = any(fnmatchcase(resource, one) for one in _listed(statement["Resource"]))

    def held() -> Iterator[bool]:
        for operator, keys in statement.get("Condition", {}).items():
            if operator == "Null":
                yield all((key not in context) == (wanted == "true") for key, wanted in keys.items())
                continue
            assert operator in ("ForAllValues:StringEquals", "ForAllValues:StringLike"), operator
            for key, allowed in keys.items():
                yield all(any(fnmatchcase(value, one) for one in allowed) for value in context.get(key, []))

    return named and meant and all(held())


def allowed(policy: str, action: str, resource: str, context: Mapping[str, list[str]]) -> bool:
    """IAM's decision: an explicit denial, else an allowance, else a refusal."""
    effects = {one["Effect"] for one in json.loads(policy)["Statement"] if _fits(one, action, resource, context)}
    return effects == {"Allow"}


def test_an_operator_does_what_the_commands_do(whole: Outcome) -> None:
    """An operator reads, deploys, rolls back, stops, freezes, and nothing beyond: no stage, no record, no secret."""
    policy = whole.outputs["operatorPolicy"]
    assert [one for one in READS + CHANGES if not allowed(policy, *one)] == []
    assert [one for one in NEVER if allowed(policy, *one)] == []


def test_a_reader_changes_nothing(whole: Outcome) -> None:
    """Who may only read wants to start, stop, freeze or complete something, or to read task tokens in a history."""
    policy = whole.outputs["readerPolicy"]
    history: Request = ("states:GetExecutionHistory", f"{EXECUTION}stage:main-1", {})
    assert [one for one in READS if not allowed(policy, *one)] == []
    assert [one for one in [*CHANGES, *NEVER, history] if allowed(policy, *one)] == []


def test_an_operator_does_not_approve_and_an_approver_starts_nothing(whole: Outcome) -> None:
    """A5: whoever deploys wants to let the release in, too; whoever approves wants to deploy."""
    decision: Request = ("execute-api:Invoke", f"{API}/$default/POST/approvals/a1/decision", {})
    webhook: Request = ("execute-api:Invoke", f"{API}/$default/POST/github", {})
    requests: Request = ("dynamodb:Query", f"{TABLE}waits/index/OpenIndex", {})
    everything: Request = ("dynamodb:Scan", f"{TABLE}waits", {})
    approver = whole.outputs["approverPolicy"]
    assert [one for one in [*READS, decision, requests] if not allowed(approver, *one)] == []
    assert [one for one in [*NEVER, *CHANGES[:6], webhook, everything] if allowed(approver, *one)] == []
    assert not allowed(whole.outputs["operatorPolicy"], *decision)


@pytest.mark.parametrize("name", ["approverPolicy", "operatorPolicy", "readerPolicy"])
def test_no_task_token_is_used(whole: Outcome, name: str) -> None:
    """A person who read a task token, and whom another policy allows everything, wants to end a wait with it."""
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    both = json.dumps({"Statement": [*json.loads(whole.outputs[name])["Statement"], everything]})
    for action in ("states:SendTaskSuccess", "states:SendTaskFailure"):
        assert not allowed(both, action, f"{WORKFLOW}stage", {})
    assert allowed(both, "states:StartExecution", f"{WORKFLOW}deployment", {})


@pytest.mark.parametrize("attempt", ["without a record", "with other parts", "without an approval", "without a digest"])
def test_a_stage_started_by_hand_changes_nothing(stack: Stack, attempt: str) -> None:
    """An administrator's StartExecution of a stage wants parts, an artifact or a lax environment of its own choice."""
    planned = PlannedChange((SERVICE,), source="sources/s.zip", artifact=f"deployments/{DEPLOYMENT}/build.zip")
    deployments = DeploymentsTable.connect(stack.clients)
    if attempt != "without a record":
        deployments.begin(DEPLOYMENT, RELEASE, "arn:deployment", "push")
        digest = "" if attempt == "without a digest" else "d" * 64
        deployments.note(DEPLOYMENT, planned_production=planned, artifactDigest=digest)
    given: dict[str, Any] = {
        "deploymentId": DEPLOYMENT,
        "release": RELEASE,
        "environment": ENVIRONMENT,
        "environments": [ENVIRONMENT],
        "planned": planned,
    }
    if attempt == "without an approval":
        given["environment"] = replace(ENVIRONMENT, approval=False)
        assert stack.run("shared.read_record", given)["environment"]["approval"] is True
        return
    if attempt == "with other parts":
        given["planned"] = replace(planned, parts=(replace(SERVICE, settings={"function": "shop-production"}),))
    with pytest.raises(NotRecordedError):
        stack.run("shared.read_record", given)


def test_what_no_gate_has_judged_is_not_applied(stack: Stack) -> None:
    """A change without the digest that the gates recorded wants to put any artifact into service."""
    given = {"deploymentId": DEPLOYMENT, "release": RELEASE, "environment": ENVIRONMENT, "part": SERVICE}
    with pytest.raises(NotRecordedError, match="no gate has judged it"):
        stack.run("stage.apply_service", {**given, "artifact": "deployments/x/build.zip", "lease": LEASE})
