"""Reads JSON documents from a build's artifact; an invalid one is an error with its reason."""

import gc
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from zipfile import ZipFile

import msgspec

from functions.adapters.zip_archives import find_member, read_member
from functions.domain.errors import BadInputError
from functions.domain.limits import JSON, Budget, Limit

# What `json` makes of objects and lists. It makes no other type of them, so the type is compared: a large report has
# millions of values.
_NESTING = frozenset({dict, list})
Objects = Iterator[Mapping[str, Any]]


@contextmanager
def uncollected() -> Iterator[None]:
    """No search for cycles of references inside the block: a document has none, and each search visits all of it.

    Everything else is freed as always, when nothing refers to it: https://docs.python.org/3/library/gc.html
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def read_text(archive: ZipFile, path: str, limit: Limit = JSON) -> str:
    """A file as text; a missing file is a SourceError, one that is not UTF-8 (byte order mark allowed) a ValueError."""
    raw = read_member(archive, find_member(archive, path), limit.size) or b""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        utf16 = raw[:2] in (b"\xff\xfe", b"\xfe\xff")
        hint = "; it is UTF-16, as `>` of PowerShell writes it: let the tool write the file" if utf16 else ""
        raise ValueError(f"not UTF-8: {error}{hint}") from error


def read_json(archive: ZipFile, path: str, budget: Budget | None = None) -> Any:
    """A file as a JSON document; one that is not JSON is a ValueError with line and column."""
    return parse_json(read_text(archive, path), budget=budget)


def parse_json(text: str, limit: Limit = JSON, budget: Budget | None = None) -> Any:
    """The value of a JSON text; invalid JSON, NaN, Infinity, and a text beyond its limits are a ValueError.

    Elements are counted before the text is parsed: three bytes of it may take seventy in memory.
    """
    elements = 1 + text.count(",") + text.count("[") + text.count("{")
    if elements > limit.elements:
        raise ValueError(f"{elements} elements (commas and opening brackets), {limit.elements} allowed: split the file")
    if budget:
        budget.take(elements)
    try:
        with uncollected():
            value = _value(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"{error}{_hint(text, error)}") from error
    except RecursionError as error:
        raise ValueError(f"nested too deep: {limit.depth} levels are allowed") from error
    if _is_deep(value, limit.depth):
        raise ValueError(f"nested too deep: {limit.depth} levels are allowed")
    return value


def _value(text: str) -> Any:
    """What the text says; msgspec takes a third of the time of `json`, which says the line and column of a mistake."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return json.loads(text, parse_constant=_no_number)


def _hint(text: str, error: json.JSONDecodeError) -> str:
    """What the text is instead, with the next step; "" if it begins as JSON does."""
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    if not first:
        return "; the file is empty: the log of the build says why its tool wrote nothing"
    if error.msg == "Extra data":
        return "; there is more than one document in the file: name the one that the tool writes as its report"
    if error.pos > len(text) - len(text.lstrip()) or first[0] in "{[":
        return ""
    return f"; it begins with {first[:40]!r}: let the tool write its JSON report into the file, and nothing else"


def _is_deep(value: Any, depth: int) -> bool:
    """Whether objects and lists are nested more than `depth` deep."""
    level = [value] if type(value) in _NESTING else []
    for _ in range(depth):
        if not level:
            return False
        below = (one.values() if type(one) is dict else one for one in level)
        level = [item for items in below for item in items if type(item) in _NESTING]
    return bool(level)


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is not a JSON number")


def objects(holder: Mapping[str, Any], key: str, *, missing: bool = False) -> Objects:
    """The objects in the list `holder[key]`; with `missing`, a missing list or null is an empty list."""
    if missing and holder.get(key) is None:
        return
    for item in list_of(holder.get(key), key):
        yield object_of(item, f"an item of {key}")


def list_of(value: object, what: str) -> list[Any]:
    """The value as a list; any other value is a BadInputError that names it as `what`."""
    if not isinstance(value, list):
        raise BadInputError(f"{what} is missing or not a list")
    return value


def object_of(value: object, what: str) -> Mapping[str, Any]:
    """The value as an object; any other value is a BadInputError that names it as `what`."""
    if isinstance(value, (dict, Mapping)):  # the check of `dict` is many times faster than that of an abstract class
        return value
    raise BadInputError(f"{what} is missing or not an object")
