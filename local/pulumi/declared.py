"""The outputs that the Pulumi SDK declares for a resource type."""

from __future__ import annotations

import functools
import importlib
import inspect
import types
import typing

from pulumi import _types
from pulumi.runtime.rpc import _RESOURCE_MODULES


@functools.cache
def required_outputs(kind: str) -> frozenset[str]:
    """Return the outputs (camelCase) that the SDK's class declares as always present.

    An output that no handler computes would reach the program as a silent None.
    """
    cls = _resource_class(kind)
    if cls is None:
        return frozenset()
    found = set()
    for _, member in inspect.getmembers(cls, lambda item: isinstance(item, property)):
        name = getattr(member.fget, _types._PULUMI_NAME, None)  # noqa: SLF001 - the SDK has no public API for it
        if name and not _is_optional(typing.get_type_hints(member.fget).get("return")):
            found.add(name)
    return frozenset(found - {"id", "urn"})


def _resource_class(kind: str) -> type | None:
    package, module, _ = kind.split(":")
    for registered in _RESOURCE_MODULES.get(f"{package}:{module}", []):
        info = registered.mod_info  # type: ignore[attr-defined]
        if kind in info["classes"]:
            found: type = getattr(importlib.import_module(info["fqn"]), info["classes"][kind])
            return found
    return None


def _is_optional(hint: object) -> bool:
    """Tell whether `Output[T]` may hold None."""
    for argument in typing.get_args(hint):
        if typing.get_origin(argument) in (typing.Union, types.UnionType) and type(None) in typing.get_args(argument):
            return True
    return False
