"""Lets moto write its answers in a third of the time: a quarter of the time of the tests that use it.

moto's serializer makes a list of the names that a member may have in the object behind an answer, for every member of
every structure of every answer; an attribute of DynamoDB has ten members. In a plain `dict` the names follow from the
member alone, so here they are kept beside it. It also looks for the methods of a service with every call, and for the
kinds of nodes that each of ten validators of an update minds at every node; and it parses an update's expression, which
a validator copies before it changes it, with every call. botocore cleans the twelve names in `User-Agent` letter by
letter, twice for each request.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import pytest
from botocore import useragent
from moto.core import responses
from moto.core.serialize import (
    DEFAULT_ALIAS_PROVIDERS,
    AttributePicker,
    AttributePickerContext,
    ResponseSerializer,
    XFormedAttributePicker,
)
from moto.dynamodb.parsing.ast_nodes import DepthFirstTraverser  # type: ignore[attr-defined]
from moto.dynamodb.parsing.expressions import UpdateExpressionParser  # type: ignore[attr-defined]

_original = ResponseSerializer.get_value
_kinds_of_nodes = DepthFirstTraverser.nodes_to_be_processed


def _get_value(self: ResponseSerializer, value: Any, key: str, shape: Any) -> Any:
    picker: AttributePicker = self._value_picker
    if (
        type(value) is not dict
        or type(picker) is not XFormedAttributePicker
        or picker.response_transformers
        or picker.alias_providers is not DEFAULT_ALIAS_PROVIDERS
    ):
        return _original(self, value, key, shape)
    names: tuple[str, ...] | None = shape.__dict__.get("names_in_a_dict")
    if names is None:
        context = AttributePickerContext(obj=value, key=key, shape=shape)
        names = tuple(dict.fromkeys(picker.get_possible_keys(context)))
        shape.names_in_a_dict = names
    for name in names:
        if name in value:
            return value[name]
    return None


def _nodes_to_be_processed(self: DepthFirstTraverser) -> Any:
    kinds = self.__dict__.get("kinds_of_nodes")
    if kinds is None:
        kinds = self.kinds_of_nodes = _kinds_of_nodes(self)
    return kinds


@contextmanager
def kept_names() -> Iterator[None]:
    """Use the kept names in this context."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ResponseSerializer, "get_value", _get_value)
        patch.setattr(responses, "method_names_from_class", cache(responses.method_names_from_class))  # type: ignore[attr-defined]
        patch.setattr(DepthFirstTraverser, "nodes_to_be_processed", _nodes_to_be_processed)
        patch.setattr(UpdateExpressionParser, "make", cache(UpdateExpressionParser.make))
        clean = "sanitize_user_agent_string_component"
        patch.setattr(useragent, clean, cache(getattr(useragent, clean)))
        yield
