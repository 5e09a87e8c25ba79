"""Delivered ECS services; `tests/functions/targets/test_ecs.py` has what the target does with them."""

from typing import Any

import botocore.session

from functions.adapters.ecs_services import COPIED, EcsServices
from tests.functions.samples import ENVIRONMENT
from tests.functions.stack import ACCOUNT, REGION, Stack

DIGEST = f"sha256:{'0' * 64}"


def test_everything_of_a_task_definition_is_copied() -> None:
    """All that RegisterTaskDefinition of the pinned SDK takes; tags are copied apart."""
    model = botocore.session.get_session().get_service_model("ecs")
    shape: Any = model.operation_model("RegisterTaskDefinition").input_shape
    assert {*COPIED, "tags"} == set(shape.members)


def test_images_elsewhere_are_not_asked_about(stack: Stack) -> None:
    """The environment's account knows its own registry only; what it can't know counts as existing."""
    services = EcsServices.connect(stack.clients)
    own, other = (f"{account}.dkr.ecr.{REGION}.amazonaws.com/api@{DIGEST}" for account in (ACCOUNT, "999999999999"))
    assert services.has_image(ENVIRONMENT, other)
    assert services.has_image(ENVIRONMENT, "public.ecr.aws/nginx:1")
    assert not services.has_image(ENVIRONMENT, own)
