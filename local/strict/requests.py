"""Requests against the service's own model: length, range, pattern and enumeration, which the SDK does not check.

Services answer with "1 validation error detected: Value '…' at '…' failed to satisfy constraint: …", which
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/CommonErrors.html and its like call ValidationException
or, where the protocol is query, ValidationError.
"""

import re
from collections.abc import Iterator, Mapping, Sized
from functools import cache
from typing import Any

from botocore.model import OperationModel

from .refusal import Refusal

_LIMITS = frozenset({"min", "max", "pattern", "enum"})
_LONGEST_VALUE = 100
_limited: dict[tuple[str, str], Mapping[str, Any] | None] = {}


def judge(operation: OperationModel, params: dict[str, Any]) -> Refusal | None:
    """The first violation of a request, as the service would word it; None if there is none."""
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
    inner = _inner(service, shape)
    if value is None or inner is None:
        return
    for constraint in _broken(shape, value) if _LIMITS & shape.metadata.keys() else ():
        yield f"Value '{str(value)[:_LONGEST_VALUE]}' at '{at}' failed to satisfy constraint: {constraint}"
    if not inner:
        return
    match shape.type_name:
        case "structure":
            for name in value:
                if name in inner:
                    called = name[:1].lower() + name[1:]
                    yield from _violations(service, inner[name], value[name], f"{at}.{called}" if at else called)
        case "list":
            for number, item in enumerate(value, 1):
                yield from _violations(service, inner["member"], item, f"{at}.{number}.member")
        case "map":
            for key, item in value.items():
                if "key" in inner:
                    yield from _violations(service, inner["key"], key, f"{at}.key")
                if "value" in inner:
                    yield from _violations(service, inner["value"], item, f"{at}.{key}")


def _inner(service: str, shape: Any) -> Mapping[str, Any] | None:
    """The inner shapes of a shape that have limits; None if there are none.

    Most of a request has none: the texts of an item of DynamoDB, for example, are skipped.
    """
    key = (service, shape.name)
    if key not in _limited:
        inner = {name: one for name, one in _shapes(shape).items() if _has_limits(one, {shape.name})}
        _limited[key] = inner if inner or _LIMITS & shape.metadata.keys() else None
    return _limited[key]


def _has_limits(shape: Any, seen: set[str]) -> bool:
    """Whether a shape or anything below it has a limit; `seen` are shapes that were visited before."""
    if _LIMITS & shape.metadata.keys():
        return True
    seen.add(shape.name)
    return any(_has_limits(one, seen) for one in _shapes(shape).values() if one.name not in seen)


def _shapes(shape: Any) -> Mapping[str, Any]:
    match shape.type_name:
        case "structure":
            members: Mapping[str, Any] = shape.members
            return members
        case "list":
            return {"member": shape.member}
        case "map":
            return {"key": shape.key, "value": shape.value}
        case _:
            return {}


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
