"""JSON documents from inside a build's artifact: what can't be believed is a fault that says why."""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from zipfile import ZipFile

from functions.adapters.artifacts import REPORT_LIMIT, find_member, read_member
from functions.domain.errors import BadInputError

Objects = Iterator[Mapping[str, Any]]


def read_text(archive: ZipFile, path: str) -> str:
    """A text in UTF-8, with or without a byte order mark; a missing one is a SourceError, another one a ValueError."""
    raw = read_member(archive, find_member(archive, path), REPORT_LIMIT) or b""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8: {error}") from error


def read_json(archive: ZipFile, path: str) -> Any:
    """A JSON document; the error of one that is none is a ValueError with line and column."""
    return parse_json(read_text(archive, path))


def parse_json(text: str) -> Any:
    """What a text says."""
    try:
        return json.loads(text, parse_constant=_no_number)
    except RecursionError as error:
        raise ValueError("nested too deep") from error


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


def objects(holder: Mapping[str, Any], key: str, *, missing: bool = False) -> Objects:
    """The objects of a list; where it may be missing, there are none, also for null."""
    if missing and holder.get(key) is None:
        return
    for item in list_of(holder.get(key), key):
        yield object_of(item, f"an item of {key}")


def list_of(value: object, what: str) -> list[Any]:
    """A list, or a BadInputError."""
    if not isinstance(value, list):
        raise BadInputError(f"{what} is missing or not a list")
    return value


def object_of(value: object, what: str) -> Mapping[str, Any]:
    """An object, or a BadInputError."""
    if not isinstance(value, Mapping):
        raise BadInputError(f"{what} is missing or not an object")
    return value
