"""A stranger who made a function at the endpoint run code of their own: what its role can do to environments.

The policies are those that the program registers; they are evaluated as the emulated AWS of the laptop does. A session
of a role needs both: the permission of its own role to assume another, and a trust policy that admits it.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
"""

import pytest
from ministack.core.iam_evaluator import EvalContext, evaluate, evaluate_trust_policy, parse_policy_document

from components.platform import console
from components.platform.endpoints import ROUTES
from tests.components import recorder
from tests.components.recorder import ACCOUNT, REGION, Outcome, Recorder

REACHABLE = sorted({f"events-{name.replace('_', '-')}" for name in (*ROUTES.values(), console.HANDLER)})
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:hello-production"
CHANGES = ("lambda:UpdateFunctionCode", "lambda:PublishVersion", "lambda:UpdateAlias", "lambda:CreateAlias")


@pytest.fixture
def whole() -> Outcome:
    """The stack `test`."""
    return recorder.stack("test")


def may(registered: Recorder, role: str, action: str, resource: str) -> bool:
    """Whether a session of a role may do this, as its own policy says."""
    policy = registered.one("iam/rolePolicy:RolePolicy", role).inputs["policy"]
    caller = f"arn:aws:sts::{ACCOUNT}:assumed-role/kiro-pipeline-test-{role}/stranger"
    request = EvalContext(caller, "AssumedRole", ACCOUNT, action, resource, REGION)
    return bool(evaluate(request, [parse_policy_document(policy)]).decision == "Allow")


def admitted(registered: Recorder, role: str, target: str) -> bool:
    """Whether the trust policy of `target` admits a session of a role."""
    trust = registered.one("iam/role:Role", target).inputs["assumeRolePolicy"]
    caller = f"arn:aws:sts::{ACCOUNT}:assumed-role/kiro-pipeline-test-{role}/stranger"
    return bool(evaluate_trust_policy(trust, caller))


def assumes(registered: Recorder, role: str, target: str) -> bool:
    """Whether a session of a role can become `target`."""
    arn = f"arn:aws:iam::{ACCOUNT}:role/kiro-pipeline-test-{target}"
    return may(registered, role, "sts:AssumeRole", arn) and admitted(registered, role, target)


@pytest.mark.parametrize("function", REACHABLE)
@pytest.mark.parametrize("environment", ["test", "staging", "production"])
def test_no_function_of_the_endpoint_changes_an_environment(whole: Outcome, function: str, environment: str) -> None:
    """Neither its policy nor the trust of the deploy role lets it in, and its own role changes no function."""
    registered, deploy = whole.recorder, f"deploy-{environment}"
    assert not may(registered, function, "sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/kiro-pipeline-test-{deploy}")
    assert not admitted(registered, function, deploy)
    for action in CHANGES:
        assert not may(registered, function, action, FUNCTION), action


def test_the_report_of_a_monitor_reads_alarms_and_changes_nothing(whole: Outcome) -> None:
    """I7: under the read role of an environment it reads alarms and versions, and no call that changes is allowed."""
    registered = whole.recorder
    assert assumes(registered, "events-outside-alarm", "read-production")
    assert may(registered, "read-production", "cloudwatch:DescribeAlarms", "*")
    assert may(registered, "read-production", "lambda:GetAlias", FUNCTION)
    for action in (*CHANGES, "lambda:InvokeFunction", "cloudwatch:SetAlarmState", "cloudwatch:DisableAlarmActions"):
        assert not may(registered, "read-production", action, f"{FUNCTION}:live"), action


def test_the_evaluation_can_allow(whole: Outcome) -> None:
    """What deploys may do all that: a refusal above comes from the policies."""
    registered = whole.recorder
    assert assumes(registered, "stage-apply-service", "deploy-production")
    assert [one for one in CHANGES if not may(registered, "deploy-production", one, FUNCTION)] == []
