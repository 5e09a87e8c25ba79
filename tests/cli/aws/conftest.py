"""The stack `staging` as its operator reaches it."""

import json

import pytest

from cli.aws.operator import Operator
from functions.handler import encode
from tests.functions.conftest import _moto, _session_stack, copy, hub, plain_hub, stack
from tests.functions.samples import ENVIRONMENT, environment
from tests.functions.stack import ACCOUNT, REGION, Stack
from tests.functions.tables import create_tables

__all__ = ["_moto", "_session_stack", "copy", "hub", "operator", "plain_hub", "stack"]

NAME = "kiro-pipeline-staging"
WORKFLOWS = {
    workflow: f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{name}"
    for workflow, name in {
        "deployment": f"{NAME}-deployment",
        "stage": f"{NAME}-stage",
        "rollback": f"{NAME}-rollback",
        "enhanced_watch": f"{NAME}-enhanced-watch",
        "work_item": "kiro-worker-staging-work-item",
    }.items()
}


@pytest.fixture
def operator(stack: Stack) -> Operator:
    """The stack `staging`, named by the rule, beside the one of the fixture."""
    create_tables(stack.client("dynamodb"), prefix=f"{NAME}-")
    stack.client("events").create_event_bus(Name=f"{NAME}-events")
    carried = encode([environment(name="test"), ENVIRONMENT])
    definition = json.dumps({"States": {"Begin": {"Assign": {"environments": carried}}}})
    role = f"arn:aws:iam::{ACCOUNT}:role/workflow"
    for workflow in ("deployment", "stage", "rollback"):
        name = WORKFLOWS[workflow].rpartition(":")[2]
        stack.client("stepfunctions").create_state_machine(name=name, definition=definition, roleArn=role)
    return Operator.connect("staging")
