"""Conversion of Lambda events to typed inputs and of results to JSON, and the declaration of a handler.

Names are camelCase (`deploymentId`) in JSON and tables, and snake_case (`deployment_id`) in Python. They are converted
in this module only.
"""

from collections import ChainMap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from typing import Any, TypeVar

from dacite import Config, DaciteError, WrongTypeError, from_dict

from functions.domain.errors import BadInputError
from functions.domain.upgrades import UPGRADES

Typed = TypeVar("Typed")


@dataclass(frozen=True, slots=True)
class Allow:
    """One IAM statement of a handler's role.

    `on` names a resource of the stack; `components/functions/permissions.py` maps it to an ARN. `why` is required if
    that ARN has a wildcard, and is printed in the permissions reference.
    """

    actions: tuple[str, ...]
    on: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Handler:
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


def _number(value: object) -> float:
    """An integer or float of JSON as a float; a string or a boolean is refused."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    raise WrongTypeError(float, value)


def _texts(value: object) -> object:
    """A list as it is; a string is refused, because `tuple` would split it into its characters."""
    if isinstance(value, (list, tuple)):
        return value
    raise WrongTypeError(tuple, value)


# A view of the registry, not a copy: a stored type registers its conversion when it is imported.
_HOOKS: ChainMap[Any, Callable[[Any], Any]] = ChainMap({float: _number, tuple[str, ...]: _texts}, UPGRADES)
_CONFIG = Config(convert_key=camel, cast=[tuple, Enum], type_hooks=_HOOKS)  # type: ignore[arg-type]


def decode(kind: type[Typed], value: object) -> Typed:
    """A JSON value as `kind`. A wrong or missing field is a BadInputError that names it; unknown fields are ignored."""
    if not isinstance(value, Mapping):
        raise BadInputError(f"{kind.__name__}: expected an object, got {type(value).__name__}")
    try:
        return from_dict(kind, value, _CONFIG)
    except (DaciteError, TypeError, ValueError) as error:
        raise BadInputError(f"{kind.__name__}: {error}") from error


def encode(value: Any) -> Any:
    """A value as JSON: dataclasses become objects with camelCase keys, enums their values, tuples and sets lists."""
    if is_dataclass(value) and not isinstance(value, type):
        return {camel(f.name): encode(getattr(value, f.name)) for f in fields(value)}
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
