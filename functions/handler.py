"""Conversion of Lambda events to typed inputs and of results to JSON, and the declaration of a handler.

Names are camelCase (`deploymentId`) in JSON and tables, and snake_case (`deployment_id`) in Python. They are converted
in this module and in `Value` only. Every function imports it before its event is known, and a webhook refuses a
signature with what is imported by then: so the library that decodes is imported by `decode`.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, NamedTuple, TypeVar

from functions.domain.errors import BadInputError

Typed = TypeVar("Typed")


class Allow(NamedTuple):
    """One IAM statement of a handler's role.

    `on` names a resource of the stack; `components/functions/permissions.py` maps it to an ARN. `why` is required if
    that ARN has a wildcard, and is printed in the permissions reference.
    """

    actions: tuple[str, ...]
    on: str
    why: str = ""


class Handler(NamedTuple):
    """The permissions, timeout (seconds), memory and space in /tmp (MB) of a Lambda function.

    Its signature gives the settings.
    """

    allow: tuple[Allow, ...] = ()
    timeout_seconds: int = 30
    memory_mb: int = 256
    storage_mb: int = 512


def camel(name: str) -> str:
    """`deployment_id` → `deploymentId`."""
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


def decode(kind: type[Typed], value: object) -> Typed:
    """A JSON value as `kind`. A wrong or missing field is a BadInputError that names it; unknown fields are ignored.

    A value that an earlier version of the platform stored is brought into today's format if it is none of that.
    """
    from msgspec import ValidationError, convert

    try:
        return convert(value, kind)
    except ValidationError:
        from functions.domain.upgrades import upgraded

        try:
            return convert(upgraded(value), kind)
        except ValidationError as error:
            raise BadInputError(f"{kind.__name__}: {error}") from error


def encode(value: Any) -> Any:
    """A value as JSON: structs become objects with camelCase keys, enums their values, tuples and sets lists."""
    kind = type(value)
    if hasattr(kind, "__struct_fields__"):
        names = zip(kind.__struct_encode_fields__, kind.__struct_fields__, strict=True)
        return {name: encode(getattr(value, field)) for name, field in names}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [encode(item) for item in value]
    return value


def handler_function(module: Any) -> Callable[..., Any]:
    """The function of a handler's module that has the module's name: `acquire_lock.acquire_lock`."""
    function: Callable[..., Any] = getattr(module, module.__name__.rsplit(".", 1)[-1])
    return function
