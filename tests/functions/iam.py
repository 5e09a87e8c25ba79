"""A fake of IAM's policy simulation, which moto lacks, and of the caller's identity."""

from typing import Any

import pytest

from functions.runtime import Clients

ROLE = "arn:aws:sts::123456789012:assumed-role/Deployer/ada"


class Iam:
    """A client of IAM with a policy simulation."""

    def __init__(self, *, allowed: str) -> None:
        self._allowed = allowed
        self.asked: list[dict[str, Any]] = []

    def get_role(self, RoleName: str) -> Any:  # noqa: N803 - boto3's names
        """A role, with the path that is not in the ARN of a session."""
        return {"Role": {"Arn": f"arn:aws:iam::123456789012:role/aws-reserved/{RoleName}"}}

    def get_paginator(self, name: str) -> Any:
        """A paginator of one page: this object itself."""
        assert name == "simulate_principal_policy"
        return self

    def paginate(self, **question: Any) -> Any:
        """Allow the actions of one service; denials come from policies, an SCP or a permissions boundary."""
        self.asked.append(question)
        answers: dict[str, dict[str, Any]] = {
            "sqs": {"EvalDecision": "explicitDeny"},
            "sns": {
                "EvalDecision": "implicitDeny",
                "ResourceSpecificResults": [{"MissingContextValues": ["aws:SourceVpc"]}],
            },
            "kms": {"EvalDecision": "implicitDeny", "OrganizationsDecisionDetail": {"AllowedByOrganizations": False}},
            "iam": {
                "EvalDecision": "implicitDeny",
                "PermissionsBoundaryDecisionDetail": {"AllowedByPermissionsBoundary": False},
            },
        }
        results = [
            {"EvalActionName": action, **answers.get(action.partition(":")[0], {"EvalDecision": "implicitDeny"})}
            for action in question["ActionNames"]
        ]
        for one in results:
            if self._allowed in one["EvalActionName"]:
                one["EvalDecision"] = "allowed"
        return [{"EvaluationResults": results}]


def stand_in(monkeypatch: pytest.MonkeyPatch, arn: str, *, allowed: str) -> Iam:
    """Replace the clients of STS and IAM; actions of the service `allowed` are allowed."""
    iam, given = Iam(allowed=allowed), Clients.client

    def client(self: Clients, service: str, **options: Any) -> Any:
        return iam if service == "iam" else given(self, service, **options)

    sts = type("Sts", (), {"meta": type("Meta", (), {"region_name": "eu-central-1"})})()
    sts.get_caller_identity = lambda: {"Arn": arn, "Account": "123456789012"}
    monkeypatch.setattr(Clients, "client", lambda self, s, **o: sts if s == "sts" else client(self, s, **o))
    return iam
