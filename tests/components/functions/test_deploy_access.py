"""The deploy roles: their trust and permissions."""

import json

import pytest

from components.functions.deploy_access import deploy_grants
from components.stack.environment_settings import EnvironmentSettings
from components.stack.naming import Naming
from functions.targets.base import Packages
from tests.components.recorder import FOREIGN_ROLE, Outcome
from tests.functions.targets.parameter import parameter

__all__ = ["parameter"]

PACKAGES = Packages("arn:aws:s3:::packages/*", "key")
NAMING = Naming("test", "123456789012", "eu-central-1", "aws")


def test_a_deploy_role_changes_the_functions_of_its_environment_only(whole: Outcome) -> None:
    """The functions of the settings with their versions and aliases; alarms are read only."""
    policy = whole.recorder.one("iam/rolePolicy:RolePolicy", "deploy-staging").inputs["policy"]
    alarms, change, read, decrypt = json.loads(policy)["Statement"]
    assert alarms["Action"] == ["cloudwatch:DescribeAlarms"]
    function = "arn:aws:lambda:eu-central-1:123456789012:function:hello-staging"
    assert change["Resource"] == [function, f"{function}:*"]
    assert (read["Action"], decrypt["Action"]) == (["s3:GetObject"], ["kms:Decrypt"])
    assert read["Resource"] == ["arn:aws:s3:::kiro-pipeline-test-artifacts-123456789012/packages/*"]


def test_another_account_brings_its_own_role(switched_on: Outcome) -> None:
    """The stack creates no role for it, and the definition carries the given one."""
    assert not [one for one in switched_on.recorder.of("iam/role:Role") if one.name == "deploy-production"]
    machine = switched_on.recorder.one("sfn/stateMachine:StateMachine", "deployment")
    *_, carried = json.loads(machine.inputs["definition"])["States"]["Begin"]["Assign"]["environments"]
    assert carried["deployRoleArn"] == FOREIGN_ROLE
    taker = switched_on.recorder.one("iam/rolePolicy:RolePolicy", "stage-apply-service").inputs["policy"]
    assert FOREIGN_ROLE in taker


def test_functions_are_those_of_the_environments_own_region() -> None:
    """An environment may live in another region than the stack: its deploy role reaches the functions there.

    A function's ARN names its region:
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html#awslambda-resources-for-iam-policies
    """
    far = EnvironmentSettings(name="far", region="us-east-1", functions=("hello",))
    _, grant, *_packages = deploy_grants(far, NAMING, PACKAGES)
    function = "arn:aws:lambda:us-east-1:123456789012:function:hello"
    assert grant.resources == (function, f"{function}:*")


@pytest.mark.usefixtures("parameter")
def test_a_deploy_role_has_the_permissions_of_every_kind() -> None:
    """A new kind of target brings its own permissions."""
    _, grant = deploy_grants(EnvironmentSettings(name="test"), NAMING, PACKAGES)
    assert (grant.actions, grant.why) == (("ssm:PutParameter",), "")
    assert grant.resources == ("arn:aws:ssm:eu-central-1:123456789012:parameter/news/test",)
