"""The settings that a deployed definition carries."""

import json

from functions.adapters.definitions import Carried, carried
from functions.domain.owners import Claim
from functions.handler import encode
from tests.functions.samples import ENVIRONMENT
from tests.functions.stack import MACHINES, Stack


def test_environments_and_repositories_are_read_from_the_definition(stack: Stack) -> None:
    """They are those that deployments run with; the definition of an earlier version has no repositories."""
    claims = [Claim("acme/hello-service", environments=["production"])]
    for arguments, expected in (({"repositories": encode(claims)}, claims), ({}, [])):
        begin = {"Arguments": arguments, "Assign": {"environments": [encode(ENVIRONMENT)]}}
        stack.client("stepfunctions").update_state_machine(
            stateMachineArn=MACHINES["deployment"], definition=json.dumps({"States": {"Begin": begin}})
        )
        assert carried(stack.clients, MACHINES["deployment"]) == ((ENVIRONMENT,), tuple(expected))
        assert Carried.connect(stack.clients).settings() == ((ENVIRONMENT,), tuple(expected))
