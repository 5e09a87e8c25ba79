"""The permissions of the stack's roles, and those that runs have used.

The emulator notes every use (`emulated.py`). It sees calls of functions, builds and deploy roles, and the tasks of
workflows; calls of AWS's services with a role (Lambda's log, X-Ray) it does not see.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OURS = "kiro-"
# What AWS makes up in an ARN: the id of a key, the last letters of a secret's name.
_MADE_UP = re.compile(r"(:key/)[0-9a-f-]{36}$|(:secret:.+-)\w{6}$")


@dataclass(frozen=True, slots=True, order=True)
class Permission:
    """One action that a statement of a role's policies allows on its resources."""

    role: str
    action: str
    resources: tuple[str, ...]

    @classmethod
    def of(cls, role: str, action: str, resources: Iterable[str]) -> "Permission":
        """The permission without generated names, so that it is the same in every platform."""
        return cls(role, action, tuple(sorted(_MADE_UP.sub(r"\1\2*", one) for one in resources)))

    def __str__(self) -> str:
        return f"{self.role}: {self.action} on {', '.join(self.resources)}"


def granted(iam: Any) -> frozenset[Permission]:
    """The permissions of all roles of the stack, from their own and their attached policies."""
    roles = [name for name in _every(iam, "list_roles", "Roles", "RoleName") if name.startswith(OURS)]
    return frozenset(
        found for role in roles for document in _documents(iam, role) for found in _allowed(role, document)
    )


def used(files: Iterable[Path]) -> frozenset[Permission]:
    """The permissions that emulators have recorded."""
    lines = (line for file in files for line in file.read_text("utf-8").splitlines())
    return frozenset(Permission.of(one["role"], one["action"], one["resources"]) for one in map(json.loads, lines))


def _documents(iam: Any, role: str) -> Iterator[Any]:
    for name in _every(iam, "list_role_policies", "PolicyNames", RoleName=role):
        yield iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    for arn in _every(iam, "list_attached_role_policies", "AttachedPolicies", "PolicyArn", RoleName=role):
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        yield iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]


def _allowed(role: str, document: Any) -> Iterator[Permission]:
    for statement in _listed(document["Statement"]):
        if statement["Effect"] == "Allow":
            resources = _listed(statement["Resource"])
            yield from (Permission.of(role, action, resources) for action in _listed(statement["Action"]))


def _every(iam: Any, operation: str, result: str, key: str = "", **asked: str) -> list[Any]:
    pages = iam.get_paginator(operation).paginate(**asked)
    return [entry[key] if key else entry for page in pages for entry in page[result]]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
