"""Which permissions of the stack's roles there are, and which of them runs have used.

The emulator notes every use (`emulated.py`). It sees calls of functions, builds and deploy roles; what AWS's services
do in a role's name without a call (Lambda's log, a workflow's tasks) it does not see.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OURS = "kiro-"


@dataclass(frozen=True, slots=True, order=True)
class Permission:
    """One action that a statement of a role's policies allows on its resources."""

    role: str
    action: str
    resources: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.role}: {self.action} on {', '.join(self.resources)}"


def granted(iam: Any) -> frozenset[Permission]:
    """What all roles of the stack may do by their own and their attached policies."""
    roles = [name for name in _every(iam, "list_roles", "Roles", "RoleName") if name.startswith(OURS)]
    return frozenset(
        found for role in roles for document in _documents(iam, role) for found in _allowed(role, document)
    )


def used(files: Iterable[Path]) -> frozenset[Permission]:
    """What emulators have noted."""
    lines = (line for file in files for line in file.read_text("utf-8").splitlines())
    return frozenset(Permission(one["role"], one["action"], tuple(one["resources"])) for one in map(json.loads, lines))


def _documents(iam: Any, role: str) -> Iterator[Any]:
    for name in _every(iam, "list_role_policies", "PolicyNames", RoleName=role):
        yield iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    for arn in _every(iam, "list_attached_role_policies", "AttachedPolicies", "PolicyArn", RoleName=role):
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        yield iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]


def _allowed(role: str, document: Any) -> Iterator[Permission]:
    for statement in _listed(document["Statement"]):
        if statement["Effect"] == "Allow":
            resources = tuple(sorted(_listed(statement["Resource"])))
            yield from (Permission(role, action, resources) for action in _listed(statement["Action"]))


def _every(iam: Any, operation: str, result: str, key: str = "", **asked: str) -> list[Any]:
    pages = iam.get_paginator(operation).paginate(**asked)
    return [entry[key] if key else entry for page in pages for entry in page[result]]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
