"""The role of a project: CodeBuild takes it for every build, and does what it does for the build in its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from local.codebuild.errors import PhaseFailedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from local.clients import Clients


class ServiceRole:
    """The role of one build; raises PhaseFailedError when CodeBuild may not take it.

    `clients` call AWS in its name, `variables` let the build's commands do so.
    """

    def __init__(self, clients: Clients, arn: str, session: str) -> None:
        self._iam = clients.client("iam")
        self._arn = arn
        try:
            taken = clients.client("sts").assume_role(RoleArn=arn, RoleSessionName=session)
        except ClientError as error:
            message = f"CodeBuild is not authorized to perform: sts:AssumeRole on {arn}"
            raise PhaseFailedError("CLIENT_ERROR", message) from error
        self._caller = taken["AssumedRoleUser"]["Arn"]
        self.clients = clients.acting_as(taken["Credentials"])
        self.variables = {
            "AWS_ACCESS_KEY_ID": taken["Credentials"]["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": taken["Credentials"]["SecretAccessKey"],
            "AWS_SESSION_TOKEN": taken["Credentials"]["SessionToken"],
        }

    def refusal(self, actions: Sequence[str], resource: str) -> str:
        """The first of these actions that the role does not allow on a resource, in AWS's words; empty if all are."""
        answer = self._iam.simulate_principal_policy(
            PolicySourceArn=self._arn, ActionNames=list(actions), ResourceArns=[resource]
        )
        for result in answer["EvaluationResults"]:
            if result["EvalDecision"] != "allowed":
                refused = f"{result['EvalActionName']} on resource: {resource}"
                return f"AccessDeniedException: User: {self._caller} is not authorized to perform: {refused}"
        return ""
