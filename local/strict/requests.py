"""Requests against the service's own model: length, range, pattern and enumeration, which the SDK does not check.

Services answer with "1 validation error detected: Value '…' at '…' failed to satisfy constraint: …", which
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/CommonErrors.html and its like call ValidationException
or, where the protocol is query, ValidationError.
"""

import re
from collections.abc import Iterator, Sized
from functools import cache
from typing import Any

from botocore.model import OperationModel

from .refusal import Refusal

_LIMITS = frozenset({"min", "max", "pattern", "enum"})
_LONGEST_VALUE = 100
_constrained: dict[tuple[str, str], bool] = {}


def judge(operation: OperationModel, params: dict[str, Any]) -> Refusal | None:
    """The first violation of a request, as the service would word it; None when there is none."""
    shape = operation.input_shape
    if shape is None:
        return None
    service = operation.service_model
    found = next(_violations(service.service_name, shape, params, ""), None)
    if found is None:
        return None
    code = "ValidationError" if "query" in service.metadata.get("protocols", ()) else "ValidationException"
    return Refusal(code, f"1 validation error detected: {found}")


def _violations(service: str, shape: Any, value: Any, at: str) -> Iterator[str]:
    if value is None or not _has_limits(service, shape):
        return
    for constraint in _broken(shape, value):
        yield f"Value '{str(value)[:_LONGEST_VALUE]}' at '{at}' failed to satisfy constraint: {constraint}"
    match shape.type_name:
        case "structure":
            for name, member in shape.members.items():
                if name in value:
                    called = name[:1].lower() + name[1:]
                    yield from _violations(service, member, value[name], f"{at}.{called}" if at else called)
        case "list":
            for number, item in enumerate(value, 1):
                yield from _violations(service, shape.member, item, f"{at}.{number}.member")
        case "map":
            for key, item in value.items():
                yield from _violations(service, shape.key, key, f"{at}.key")
                yield from _violations(service, shape.value, item, f"{at}.{key}")


def _has_limits(service: str, shape: Any) -> bool:
    """Whether anything below a shape has a limit: an item of DynamoDB, which may be large, has none."""
    key = (service, shape.name)
    if key not in _constrained:
        _constrained[key] = any(_LIMITS & one.metadata.keys() for one in _below(shape, set()))
    return _constrained[key]


def _below(shape: Any, seen: set[str]) -> Iterator[Any]:
    if shape.name in seen:
        return
    seen.add(shape.name)
    yield shape
    match shape.type_name:
        case "structure":
            inner = list(shape.members.values())
        case "list":
            inner = [shape.member]
        case "map":
            inner = [shape.key, shape.value]
        case _:
            inner = []
    for one in inner:
        yield from _below(one, seen)


def _broken(shape: Any, value: Any) -> Iterator[str]:
    limits = shape.metadata
    least, most = limits.get("min"), limits.get("max")
    if isinstance(value, Sized):
        if least is not None and len(value) < least:
            yield f"Member must have length greater than or equal to {least}"
        if most is not None and len(value) > most:
            yield f"Member must have length less than or equal to {most}"
    elif isinstance(value, (int, float)) and shape.type_name in ("integer", "long", "float", "double"):
        if least is not None and value < least:
            yield f"Member must have value greater than or equal to {least}"
        if most is not None and value > most:
            yield f"Member must have value less than or equal to {most}"
    if isinstance(value, str):
        pattern = limits.get("pattern")
        if pattern and (known := _compiled(pattern)) and not known.fullmatch(value):
            yield f"Member must satisfy regular expression pattern: {pattern}"
        allowed = limits.get("enum")
        if allowed and value not in allowed:
            yield f"Member must satisfy enum value set: [{', '.join(allowed)}]"


@cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """None for the few patterns, most of them of tags, that name Unicode properties: Python does not know these."""
    try:
        return re.compile(pattern, re.DOTALL)
    except re.error:
        return None
