"""Roles and their grants: a wildcard is refused, or listed with its reason."""

import json

import pulumi
import pytest

from components.stack.naming import BroadGrant, Grant, Naming
from components.stack.role import Role, policy_text
from tests.components.recorder import ACCOUNT, REGION, Recorder, run


def _site() -> Naming:
    return Naming("test", ACCOUNT, REGION, "aws")


def test_a_wildcard_action_is_refused() -> None:
    """Also in roles that belong to no handler."""
    with pytest.raises(ValueError, match=r"somebody: s3:\* is a wildcard"):
        policy_text("somebody", _site(), [Grant(("s3:*",), ("arn:aws:s3:::b",))])


def test_a_wildcard_resource_without_a_reason_is_refused() -> None:
    """Also if the ARN is known only when the program runs."""

    def program() -> None:
        later = pulumi.Output.from_input("arn:aws:s3:::b/*")
        policy_text("somebody", _site(), [Grant(("s3:GetObject",), (later,))])

    with pytest.raises(ValueError, match=r"somebody: s3:GetObject on arn:aws:s3:::b/\* needs a reason"):
        run(program, "test", {}, Recorder())


def test_a_reason_is_kept_with_its_role() -> None:
    """The permissions reference prints the list of broad grants."""
    naming = _site()
    grant = Grant(("s3:GetObject",), ("arn:aws:s3:::b/*",), why="every object")
    run(lambda: policy_text("somebody", naming, [grant]), "test", {}, Recorder())
    assert naming.broad_grants == [BroadGrant("somebody", ("s3:GetObject",), "every object")]


@pytest.mark.parametrize(
    ("service", "condition"),
    [("states.amazonaws.com", {"StringEquals": {"aws:SourceAccount": ACCOUNT}}), ("lambda.amazonaws.com", None)],
)
def test_services_that_send_their_account_are_limited_to_it(service: str, condition: object) -> None:
    """Step Functions may assume the role for this account only; Lambda sends no account."""
    recorder = Recorder()
    run(lambda: Role("r", naming=_site(), trust={"Service": service}, grants=[]), "test", {}, recorder)
    (statement,) = json.loads(recorder.one("iam/role:Role", "r").inputs["assumeRolePolicy"])["Statement"]
    assert statement.get("Condition") == condition


def test_a_role_without_permissions_has_no_policy() -> None:
    """IAM takes no policy without a statement.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
    """
    recorder = Recorder()
    run(lambda: Role("r", naming=_site(), trust={"Service": "lambda.amazonaws.com"}, grants=[]), "test", {}, recorder)
    assert recorder.of("iam/rolePolicy:RolePolicy") == []


def test_a_name_that_aws_would_refuse_is_refused_here() -> None:
    """Roles and functions allow 64 characters."""
    with pytest.raises(ValueError, match="choose a shorter"):
        _site().name("x" * 60)
