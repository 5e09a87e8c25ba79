"""A permission that is taken away fails a deployment, and the failure names the action and the role."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from local.strict import USES
from tests.scenarios.driver import PlatformDriver
from tests.scenarios.permissions import GRANTED, explains, record, short, unexplained, unused
from tests.scenarios.unused_permissions import REASONS

PREFIX = "kiro-pipeline-test-"
# A handler's calls, tasks of the workflow, and what the deploy role may change. Not a build's start: another handler
# tries again. Not a secret or a role's session: a warm function keeps them.
TAKEN = [
    ("deployment", "lambda:InvokeFunction"),
    *(
        pytest.param(role, action, marks=pytest.mark.long)
        for role, action in (
            ("deployment-begin", "dynamodb:UpdateItem"),
            ("deployment-plan-release", "dynamodb:UpdateItem"),
            ("deployment-fetch-source", "s3:PutObject"),
            ("deployment-check-gates", "s3:GetObject"),
            ("deployment-check-gates", "kms:Decrypt"),
            ("deployment-check-gates", "kms:Sign"),
            ("deployment", "states:StartExecution"),
            ("shared-acquire-lock", "dynamodb:PutItem"),
            ("stage-write-ledger", "dynamodb:UpdateItem"),
            ("deploy-test", "lambda:UpdateFunctionCode"),
        )
    ),
]


@contextmanager
def without(driver: PlatformDriver, role: str, action: str) -> Iterator[None]:
    """Take an action out of the policies of a role for a while."""
    iam = driver.platform.clients.client("iam")
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    before = {name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names}
    for name, document in before.items():
        kept = [left for one in document["Statement"] if (left := _without(one, action))["Action"]]
        _put(iam, role, name, {**document, "Statement": kept})
    try:
        yield
    finally:
        for name, document in before.items():
            _put(iam, role, name, document)


def _without(statement: dict[str, Any], action: str) -> dict[str, Any]:
    actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
    return {**statement, "Action": [one for one in actions if one != action]}


def _put(iam: Any, role: str, name: str, document: Any) -> None:
    iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))


@pytest.mark.parametrize(("role", "action"), TAKEN)
def test_a_permission_that_is_taken_away_fails_a_deployment(driver: PlatformDriver, role: str, action: str) -> None:
    """Every call is evaluated, and its fault is in the history of the execution."""
    with without(driver, PREFIX + role, action):
        ran = driver.deployed(driver.push(f"feat: without {action}"))
    sfn = driver.platform.clients.client("stepfunctions")
    histories = json.dumps(
        [page for one in ran for page in sfn.get_paginator("get_execution_history").paginate(executionArn=one.arn)],
        default=str,
    )
    assert f"not authorized to perform: {action}" in histories
    assert f"assumed-role/{PREFIX}{role}/" in histories


def test_a_permission_without_use_and_without_reason_is_found(tmp_path: Path) -> None:
    """In the folders of one process or of several; what another platform used counts."""
    action, unknown = "events-notify sns:Publish", "events-notify sns:Unknown"
    for at, name in (("platform0", "sns:Publish"), ("popen-gw1/platform0", "sns:Unknown")):
        folder = tmp_path / at
        folder.mkdir(parents=True)
        granted_there = [(f"{PREFIX}events-notify", one, ["arn"]) for one in ("sns:Publish", "sns:Unknown", "xray:Any")]
        (folder / GRANTED).write_text(json.dumps(granted_there), "utf-8")
        use = {"role": f"{PREFIX}events-notify", "action": "sns:Publish", "resources": ["arn"]}
        (folder / USES).write_text(json.dumps(use) if name == "sns:Publish" else "", "utf-8")
    left = unused(tmp_path)
    assert action not in {short(one) for one in left}
    assert unexplained(left) == [f"{PREFIX}{unknown.replace(' ', ': ')} on arn"]


def test_every_reason_is_about_a_permission(driver: PlatformDriver) -> None:
    """A reason whose permission is gone goes, too; what this platform grants is written down for the end of the run."""
    names = {short(one) for one in record(driver.platform)}
    assert [key for key in REASONS if not any(explains(key, name) for name in names)] == []
