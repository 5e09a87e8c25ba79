"""What the role of a project allows CodeBuild to do in the name of a build."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from local.emulator import Clients


class ServiceRole:
    """The role of one build, whose policies are read anew at every call: they may change while it runs."""

    def __init__(self, clients: Clients, arn: str, session: str) -> None:
        self._clients = clients
        self._arn = arn
        account, self._name = arn.split(":")[4], arn.rpartition("/")[2]
        self._caller = f"arn:aws:sts::{account}:assumed-role/{self._name}/{session}"

    def refusal(self, actions: Sequence[str], resource: str) -> str:
        """The first of these actions that the role does not allow on a resource, in AWS's words; empty if all are."""
        try:
            answer = self._clients.client("iam").simulate_principal_policy(
                PolicySourceArn=self._arn, ActionNames=list(actions), ResourceArns=[resource]
            )
        except ClientError as error:
            return str(error)
        for result in answer["EvaluationResults"]:
            if result["EvalDecision"] != "allowed":
                refused = f"{result['EvalActionName']} on resource: {resource}"
                return f"AccessDeniedException: User: {self._caller} is not authorized to perform: {refused}"
        return ""
