"""Texts for mistakes in `delivery.yml`: place, key, reason and next step."""

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from functions.adapters.yaml_documents import Document, Path

_WORD = r"^[a-z][a-z0-9-]{0,39}$"
_ONE_CLASS = re.compile(r"^\^(?:\((\[[^]]+\])\|.*\)|(\[[^]]+\]))\+\$$")
_MAPPINGS = ("dict_type", "mapping_type", "model_type", "model_attributes_type", "dataclass_type")
_EXAMPLE = "write its keys in the lines below, indented"


def mistakes(error: ValidationError, document: Document, schema: Mapping[str, Any]) -> Iterator[str]:
    """Each mistake as `NAME:LINE:COLUMN: KEY: mistake: next step`; `schema` is the JSON schema of the manifest."""
    for mistake in error.errors():
        path = _path(mistake["loc"], document.value)
        where = ".".join(str(part) for part in path) or "the file"
        yield f"{document.at(path)}: {where}: {_describe(mistake, document, path, schema)}"


def _path(location: tuple[int | str, ...], value: Any) -> Path:
    """The path in the file; Pydantic's location also has the chosen kind of a part, and `[key]` for a mapping's key."""
    path: list[int | str] = []
    for part in location:
        if part == "[key]" or (isinstance(value, dict) and part not in value and part in value.values()):
            continue
        path.append(part)
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int):
            value = value[part] if part < len(value) else None
    return tuple(path)


def _describe(mistake: ErrorDetails, document: Document, path: Path, schema: Mapping[str, Any]) -> str:
    kind, given, context = mistake["type"], mistake["input"], mistake.get("ctx", {})
    if kind in _MAPPINGS:
        if document.value is None:
            return "it is empty: begin with `version: 1`"
        return f"must be a mapping: {_EXAMPLE}"
    if kind == "missing":
        return f"is missing: add `{path[-1]}: …`"
    if kind == "extra_forbidden":
        return f"is unknown: {_meant(str(path[-1]), schema)}"
    if kind == "string_pattern_mismatch":
        return _pattern(str(given), str(context.get("pattern", "")))
    if kind == "literal_error":
        value = f"is {_shown(document, path, given)}"
        if isinstance(given, str) and "'" not in context["expected"]:
            return f"{value}, which is a text: write {context['expected']} without quotes"
        return f"{value}: write {_either(context['expected'])}"
    if kind == "union_tag_not_found":
        name = context["discriminator"].strip("'")
        return f"{name} is missing: add `{name}:` with {_either(', '.join(_constants(name, schema)))}"
    if kind == "union_tag_invalid":
        name = context["discriminator"].strip("'")
        return f"{name} is {context['tag'][:40]}: write {_either(context['expected_tags'])}"
    if kind == "value_error":
        return str(context.get("error", mistake["msg"]))
    return _wrong_type(mistake, document, path)


def _wrong_type(mistake: ErrorDetails, document: Document, path: Path) -> str:
    """Texts for values of a wrong type or length."""
    kind, given, context = mistake["type"], mistake["input"], mistake.get("ctx", {})
    if kind == "string_type":
        return f"must be a text, {_read_as(document, path, given)}"
    if kind == "list_type":
        return "must be a list: put it in brackets, or begin a line with `- `"
    if kind in ("too_short", "string_too_short"):
        return "is empty: name at least one" if kind == "too_short" else "is empty: write a text"
    if kind == "too_long":
        most = context["max_length"]
        return f"has {len(given)} entries, of which {most} are allowed: take {len(given) - most} out"
    if kind in ("int_type", "float_type", "int_from_float"):
        return f"must be a number: it is {_shown(document, path, given)}"
    if kind in ("greater_than_equal", "less_than_equal"):
        limit = f"{context['ge']} or more" if "ge" in context else f"{context['le']} or less"
        return f"is {_shown(document, path, given)}: write {limit}"
    if kind == "greater_than":
        return f"is {_shown(document, path, given)}: write more than {context['gt']:g}"
    if kind == "bool_type":
        return f"is {_shown(document, path, given)}: write true or false"
    return f"{mistake['msg'][:1].lower()}{mistake['msg'][1:]}: it is {_shown(document, path, given)}"


def _pattern(given: str, pattern: str) -> str:
    if not given:
        return "is empty: write a text"
    if pattern == _WORD:
        return f"{given[:60]} is not a name: begin with a small letter, then small letters, digits and - (40 at most)"
    found = _ONE_CLASS.match(pattern)
    wrong = [sign for sign in given if not re.match(found[1] or found[2], sign)] if found else []
    if not wrong:
        return f"{given[:60]} has a format that is not allowed here"
    allowed = "letters, digits, . _ / -" + (" and *" if "*" in pattern.partition("]")[0] else "")
    name = " and {environment}" if "{environment}" in pattern.replace("\\", "") else ""
    return f"{wrong[0]!r} is not allowed in a path ({given[:60]}): allowed are {allowed}{name}"


def _read_as(document: Document, path: Path, given: object) -> str:
    if isinstance(given, (dict, list)):
        return f"it is a {'mapping' if isinstance(given, dict) else 'list'}: write one text"
    if given is None:
        return "it is empty: write one"
    kind = "a truth value" if isinstance(given, bool) else "a number"
    return f"YAML reads {_shown(document, path, given)} as {kind}: quote it"


def _shown(document: Document, path: Path, given: object) -> str:
    return (document.written(path) or ("empty" if given is None else str(given)))[:60]


def _meant(key: str, schema: Mapping[str, Any]) -> str:
    known = sorted({name for model in _models(schema) for name in model.get("properties", {})})
    near = difflib.get_close_matches(key, known, 1)
    return f"is it {near[0]}?" if near else "take it out, or correct its name"


def _constants(name: str, schema: Mapping[str, Any]) -> list[str]:
    """The constant values of a discriminator in the schema, such as the kinds of parts for `kind`."""
    found = (model.get("properties", {}).get(name, {}).get("const") for model in _models(schema))
    return sorted({str(value) for value in found if value is not None})


def _models(schema: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    return (schema, *schema.get("$defs", {}).values())


def _either(values: str) -> str:
    """`a, b or c` from Pydantic's `'a', 'b', 'c'`."""
    return " or ".join(values.replace("'", "").rsplit(", ", 1))
