"""Conversion of Lambda events to typed inputs and of results to JSON, and the declaration of a handler.

Names are camelCase (`deploymentId`) in JSON and tables, and snake_case (`deployment_id`) in Python. They are converted
in this module only. Every function imports it before its event is known, and a webhook refuses a signature with what is
imported by then: so the libraries that decode are imported by `decoder`, and the declarations are no dataclasses.
"""

from collections import ChainMap
from collections.abc import Callable, Mapping
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from functions.domain.errors import BadInputError

if TYPE_CHECKING:
    from dacite import Config

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


def decoder(kind: type[Typed]) -> Callable[[object], Typed]:
    """The function that is `decode` for one type; the decoder's library is imported here, for those who decode."""
    from dacite import DaciteError, from_dict

    config = _config()

    def decoded(value: object) -> Typed:
        if not isinstance(value, Mapping):
            raise BadInputError(f"{kind.__name__}: expected an object, got {type(value).__name__}")
        try:
            return from_dict(kind, value, config)
        except (DaciteError, TypeError, ValueError) as error:
            raise BadInputError(f"{kind.__name__}: {error}") from error

    return decoded


def decode(kind: type[Typed], value: object) -> Typed:
    """A JSON value as `kind`. A wrong or missing field is a BadInputError that names it; unknown fields are ignored."""
    return decoder(kind)(value)


@cache
def _config() -> "Config":
    """How the library decodes: from camelCase, and with the conversions below."""
    from dacite import Config, WrongTypeError

    from functions.domain.upgrades import UPGRADES

    def number(value: object) -> float:
        """An integer or float of JSON as a float; a string or a boolean is refused."""
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return float(value)
        raise WrongTypeError(float, value)

    def texts(value: object) -> object:
        """A list as it is; a string is refused, because `tuple` would split it into its characters."""
        if isinstance(value, (list, tuple)):
            return value
        raise WrongTypeError(tuple, value)

    # A view of the registry, not a copy: a stored type registers its conversion when it is imported.
    hooks: ChainMap[Any, Callable[[Any], Any]] = ChainMap({float: number, tuple[str, ...]: texts}, UPGRADES)
    return Config(convert_key=camel, cast=[tuple, Enum], type_hooks=hooks)  # type: ignore[arg-type]


def encode(value: Any) -> Any:
    """A value as JSON: dataclasses become objects with camelCase keys, enums their values, tuples and sets lists."""
    if hasattr(type(value), "__dataclass_fields__"):
        from dataclasses import fields  # whoever has such a value has imported it

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
