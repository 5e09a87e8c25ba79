"""From a Lambda event to a typed input and back; and what a handler declares beside its code.

JSON, tables and the console say `deploymentId`; Python says `deployment_id`. The change of spelling happens here and
nowhere else.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from typing import Any, TypeVar

from dacite import Config, DaciteError, WrongTypeError, from_dict

from functions.domain.errors import BadInputError
from functions.domain.manifests import Part
from functions.domain.part_upgrade import current_part

Typed = TypeVar("Typed")


@dataclass(frozen=True, slots=True)
class Allow:
    """One IAM statement in the program's own words.

    `on` names a resource of the stack; `components/functions/permissions.py` knows its ARN. `why` is demanded where
    that ARN holds a wildcard, and is printed in the permissions reference.
    """

    actions: tuple[str, ...]
    on: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Handler:
    """What one Lambda may do, and how long (seconds) and large (MB) it may be; the rest follows from its signature."""

    allow: tuple[Allow, ...] = ()
    timeout_seconds: int = 30
    memory_mb: int = 256


def camel(name: str) -> str:
    """`deployment_id` → `deploymentId`."""
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


def _number(value: object) -> float:
    """JSON has one kind of number: 80 is a good float; a text or a truth value is none."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    raise WrongTypeError(float, value)


def _texts(value: object) -> object:
    """A text would pass as the tuple of its letters."""
    if isinstance(value, (list, tuple)):
        return value
    raise WrongTypeError(tuple, value)


_FORM = Config(
    convert_key=camel,
    cast=[tuple, Enum],
    # Parts are kept in rows that outlive a version of the platform, and come in inputs of executions that began before.
    type_hooks={float: _number, tuple[str, ...]: _texts, Part: current_part},
)


def decode(kind: type[Typed], value: object) -> Typed:
    """A JSON value as `kind`; a wrong or missing field is a BadInputError that names it."""
    if not isinstance(value, Mapping):
        raise BadInputError(f"{kind.__name__}: expected an object, got {type(value).__name__}")
    try:
        return from_dict(kind, value, _FORM)
    except (DaciteError, TypeError, ValueError) as error:
        raise BadInputError(f"{kind.__name__}: {error}") from error


def encode(value: Any) -> Any:
    """A value of the domain as JSON: dataclasses become objects with camelCase keys."""
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
    """The function a handler's module is named after: `acquire_lock.acquire_lock`."""
    function: Callable[..., Any] = getattr(module, module.__name__.rsplit(".", 1)[-1])
    return function
