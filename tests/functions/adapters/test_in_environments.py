"""Which role and region the clients of an environment have (I7)."""

import pytest
from msgspec.structs import replace

from functions.adapters.delivered_functions import DeliveredFunctions
from functions.adapters.ecs_services import EcsServices
from functions.adapters.in_environments import InEnvironments
from functions.adapters.pulumi_states import PulumiStates
from tests.functions.samples import ENVIRONMENT
from tests.functions.stack import Stack

READER, CHANGER = (f"arn:aws:iam::123456789012:role/{name}" for name in ("read", "deploy"))


@pytest.mark.parametrize("kind", [DeliveredFunctions, EcsServices, PulumiStates])
def test_reading_and_changing_have_different_roles(stack: Stack, kind: type[InEnvironments]) -> None:
    """Each client is of the adapter's own service, in the environment's region, under the role for what it does."""
    there = replace(ENVIRONMENT, region="us-east-1", read_role_arn=READER, deploy_role_arn=CHANGER)
    adapter, entered = kind.connect(stack.clients), stack.clients.entered
    entered.clear()
    reader = adapter._reader(there)
    assert entered == [READER]
    changer = adapter._changer(there)
    assert entered == [READER, CHANGER]
    for client in (reader, changer):
        assert (client.meta.service_model.service_name, client.meta.region_name) == (kind.SERVICE, "us-east-1")
