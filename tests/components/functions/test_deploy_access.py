"""The deploy roles and read roles: their trust and permissions."""

import json

import pytest

from components.functions.deploy_access import deploy_grants, read_grants
from components.stack.environment_settings import EnvironmentSettings
from components.stack.naming import Naming
from functions.targets.base import Packages
from tests.components.recorder import FOREIGN_READER, FOREIGN_ROLE, Outcome
from tests.functions.targets.parameter import parameter

__all__ = ["parameter"]

PACKAGES = Packages("arn:aws:s3:::packages/*", "key")
NAMING = Naming("test", "123456789012", "eu-central-1", "aws")


def test_a_deploy_role_changes_the_functions_of_its_environment_only(whole: Outcome) -> None:
    """The functions of the settings with their versions and aliases, and the packages of releases."""
    policy = whole.recorder.one("iam/rolePolicy:RolePolicy", "deploy-staging").inputs["policy"]
    change, prune, read, decrypt = json.loads(policy)["Statement"]
    function = "arn:aws:lambda:eu-central-1:123456789012:function:hello-staging"
    assert change["Resource"] == [function, f"{function}:*"]
    # A version, never the function itself: an ARN without a qualifier does not match.
    assert (prune["Action"], prune["Resource"]) == (["lambda:DeleteFunction"], [f"{function}:*"])
    assert (read["Action"], decrypt["Action"]) == (["s3:GetObject"], ["kms:Decrypt"])
    assert read["Resource"] == ["arn:aws:s3:::kiro-pipeline-test-artifacts-123456789012/packages/*"]


def test_a_read_role_reads_the_alarms_and_functions_of_its_environment_only(whole: Outcome) -> None:
    """I7: no action changes anything, and none reads code or configuration of a function beyond its versions."""
    policy = whole.recorder.one("iam/rolePolicy:RolePolicy", "read-staging").inputs["policy"]
    alarms, metrics, trails, functions = json.loads(policy)["Statement"]
    assert (alarms["Action"], alarms["Resource"]) == (["cloudwatch:DescribeAlarms"], ["*"])
    assert (metrics["Action"], metrics["Resource"]) == (["cloudwatch:GetMetricData"], ["*"])
    assert (trails["Action"], trails["Resource"]) == (["cloudtrail:LookupEvents"], ["*"])
    assert functions["Action"] == ["lambda:GetAlias", "lambda:GetFunctionConfiguration"]
    function = "arn:aws:lambda:eu-central-1:123456789012:function:hello-staging"
    assert functions["Resource"] == [function, f"{function}:*"]


def test_another_account_brings_its_own_roles(switched_on: Outcome) -> None:
    """The stack creates no roles for it, and the definition carries the given ones."""
    assert not [
        one for one in switched_on.recorder.of("iam/role:Role") if one.name in ("deploy-production", "read-production")
    ]
    machine = switched_on.recorder.one("sfn/stateMachine:StateMachine", "deployment")
    *_, carried = json.loads(machine.inputs["definition"])["States"]["Begin"]["Assign"]["environments"]
    assert (carried["deployRoleArn"], carried["readRoleArn"]) == (FOREIGN_ROLE, FOREIGN_READER)
    changing, reading = (
        switched_on.recorder.one("iam/rolePolicy:RolePolicy", name).inputs["policy"]
        for name in ("stage-apply-service", "shared-watch")
    )
    assert [role in changing for role in (FOREIGN_ROLE, FOREIGN_READER)] == [True, True]
    assert [role in reading for role in (FOREIGN_ROLE, FOREIGN_READER)] == [False, True]


def test_functions_are_those_of_the_environments_own_region() -> None:
    """An environment may live in another region than the stack: its roles reach the functions there.

    A function's ARN names its region:
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html#awslambda-resources-for-iam-policies
    """
    far = EnvironmentSettings(name="far", region="us-east-1", functions=("hello",))
    change, *_packages = deploy_grants(far, NAMING, PACKAGES)
    *_any, read = read_grants(far, NAMING)
    function = "arn:aws:lambda:us-east-1:123456789012:function:hello"
    assert change.resources == read.resources == (function, f"{function}:*")


@pytest.mark.usefixtures("parameter")
def test_both_roles_have_the_permissions_of_every_kind() -> None:
    """A new kind of target brings its own permissions, those to read apart from those to change."""
    environment = EnvironmentSettings(name="test")
    (change,), (*_own, read) = deploy_grants(environment, NAMING, PACKAGES), read_grants(environment, NAMING)
    assert (change.actions, change.why) == (("ssm:PutParameter",), "")
    assert read.actions == ("ssm:GetParameter", "ssm:GetParameterHistory", "ssm:GetParameters")
    assert change.resources == read.resources == ("arn:aws:ssm:eu-central-1:123456789012:parameter/news/test",)
