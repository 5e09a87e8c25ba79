"""Deploy roles: what may be changed where."""

import json

from tests.components.recorder import Outcome, run_main, stack_config


def test_a_deploy_role_changes_the_functions_of_its_environment_only(whole: Outcome) -> None:
    """Named functions with their versions and aliases; alarms are read."""
    policy = whole.recorder.one("iam/rolePolicy:RolePolicy", "deploy-staging").inputs["policy"]
    alarms, change = json.loads(policy)["Statement"]
    assert alarms["Action"] == ["cloudwatch:DescribeAlarms"]
    function = "arn:aws:lambda:eu-central-1:123456789012:function:hello-staging"
    assert change["Resource"] == [function, f"{function}:*"]


def test_another_account_brings_its_own_role() -> None:
    """No role is made for it, and the definition carries the one that was given."""
    role = "arn:aws:iam::999999999999:role/deploy"
    environments = json.dumps([{"name": "test", "account": "999999999999", "deployRoleArn": role}])
    outcome = run_main("test", {**stack_config("test"), "kiro-worker:environments": environments})
    assert not [one for one in outcome.recorder.of("iam/role:Role") if one.name == "deploy-test"]
    machine = outcome.recorder.one("sfn/stateMachine:StateMachine", "deployment")
    (carried,) = json.loads(machine.inputs["definition"])["States"]["Begin"]["Assign"]["environments"]
    assert carried["deployRoleArn"] == role
    taker = outcome.recorder.one("iam/rolePolicy:RolePolicy", "stage-apply-service").inputs["policy"]
    assert role in taker
