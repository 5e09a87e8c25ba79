"""Roles in an emulated AWS, which evaluates the policies of whoever calls."""

import json
import uuid
from typing import Any

from local.clients import Clients

SERVICES = ["codebuild.amazonaws.com", "events.amazonaws.com", "lambda.amazonaws.com", "states.amazonaws.com"]
ANYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def new_role(aws: Clients, *statements: dict[str, Any], trust: dict[str, Any] | None = None) -> str:
    """Create a role that services may take, with a policy of these statements (default: anything); its ARN.

    `trust` is another statement of its trust policy.
    """
    name, iam = f"role-{uuid.uuid4().hex[:8]}", aws.client("iam")
    services = {"Effect": "Allow", "Principal": {"Service": SERVICES}, "Action": "sts:AssumeRole"}
    trusting = _document(services, *([trust] if trust else []))
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusting)["Role"]
    iam.put_role_policy(RoleName=name, PolicyName="policy", PolicyDocument=_document(*(statements or [ANYTHING])))
    return str(made["Arn"])


def _document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
