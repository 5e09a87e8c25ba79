"""moto with less work: resources made in its backends, and the parts of its answers that take longest, made faster.

A call through the SDK costs 5 ms, and many tests need five tables and three workflows before they begin.
"""

import functools
from collections.abc import Callable
from typing import Any

import pytest
from botocore import hooks
from moto.backends import get_backend
from moto.core import responses, serialize, utils

_TYPED_VALUE = "AttributeValue"


def create_table(region: str, account: str, **given: Any) -> None:
    """Make a table in moto from arguments of `CreateTable`."""
    get_backend("dynamodb")[account][region].create_table(
        given["TableName"],
        schema=given["KeySchema"],
        throughput=None,
        attr=given["AttributeDefinitions"],
        global_indexes=given.get("GlobalSecondaryIndexes", []),
        indexes=[],
        streams=None,
        billing_mode=given["BillingMode"],
        sse_specification=None,
        tags=[],
        deletion_protection_enabled=False,
        warm_throughput=None,
    )


def create_state_machine(region: str, account: str, name: str, definition: str = "{}") -> None:
    """Make a workflow in moto."""
    role = f"arn:aws:iam::{account}:role/workflow"
    get_backend("stepfunctions")[account][region].create_state_machine(name, definition, role)


def create_bucket(region: str, account: str, name: str) -> None:
    """Make a bucket in moto."""
    get_backend("s3")[account]["aws"].create_bucket(name, region)


def create_event_bus(region: str, account: str, name: str) -> None:
    """Make an event bus in moto."""
    get_backend("events")[account][region].create_event_bus(name)


def create_topic(region: str, account: str, name: str) -> None:
    """Make a topic in moto."""
    get_backend("sns")[account][region].create_topic(name)


def take_shortcuts(patch: pytest.MonkeyPatch) -> None:
    """Have the SDK and moto compute once what never changes, and moto read plain dictionaries as what they are."""
    patch.setattr(responses, "method_names_from_class", functools.cache(utils.method_names_from_class))
    patch.setattr(hooks, "accepts_kwargs", _once_per_function(hooks.accepts_kwargs))
    # Every session has the same aliases of events; botocore computes them anew for each.
    aliases: dict[str, str] = {}
    initialised = hooks.EventAliaser.__init__

    def begin(aliaser: Any, *given: Any, **named: Any) -> None:
        initialised(aliaser, *given, **named)
        aliaser._alias_name_cache = aliases

    patch.setattr(hooks.EventAliaser, "__init__", begin)
    picked = serialize.AttributePicker.__call__

    def pick(picker: Any, context: Any) -> Any:
        if type(context.obj) is not dict or picker.response_transformers:
            return picked(picker, context)
        if getattr(getattr(context.shape, "parent", None), "name", "") == _TYPED_VALUE:
            return context.obj.get(context.key)  # a typed value of DynamoDB has one key, and no other name
        if context.key in context.obj and context.shape.type_name not in ("list", "structure"):
            return context.obj[context.key]
        return picked(picker, context)

    patch.setattr(serialize.AttributePicker, "__call__", pick)


def _once_per_function(look: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The same inspection, once for a function that is bound to many objects."""
    known = functools.lru_cache(1024)(look)
    return lambda function: known(function.__func__) if hasattr(function, "__func__") else look(function)
