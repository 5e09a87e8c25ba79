"""`configuration.md`: every key that a stack file may set, from the classes that validate the settings."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from components.stack.closed import Closed
from components.stack.settings import Settings
from components.stack.settings_file import NAMESPACE, TAGS
from tools.reference.markdown import code, codes, item, paragraph, table, under

ROOT = Path(__file__).parents[2]
STACKS = ("test", "staging", "production")
_INTRODUCTION = f"""
The keys that `Pulumi.<stack>.yaml` may set under `{NAMESPACE}:`. `make reference` generates this page from
`components/stack/settings.py` and the modules of its groups, `components/stack/*_settings.py`.
An unknown key, a wrong type or an impossible combination is an error that names the key, before any resource is
changed. No key is a secret.
"""
_OTHER_KEYS = f"""
In addition, `aws:region` is the region of the stack, and `aws:defaultTags` must contain the tags {codes(TAGS)};
`Environment` is the name of the stack. The stack `production` must set `retainStateful` to true.
"""

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Key:
    """One key: its full path, the values it accepts, its default (None: it is required) and its description."""

    path: str
    takes: str
    default: str | None
    meaning: str


@dataclass(frozen=True, slots=True)
class Group:
    """A group of keys; the path of the outermost group is ""."""

    path: str
    meaning: str
    keys: tuple[Key, ...]


def groups(settings: type[Closed] = Settings) -> list[Group]:
    """All groups, each before the groups within it."""
    schema = settings.model_json_schema()
    return list(_groups(schema, schema.get("$defs", {}), "", " ".join(schema["description"].split())))


def _groups(group: Schema, definitions: Schema, path: str, meaning: str) -> Iterator[Group]:
    keys, inner = [], []
    for name, value in group["properties"].items():
        whole = f"{path}.{name}" if path else name
        named = _group_of(value)
        # A key whose description equals that of its group has it in the group's definition only.
        meant = value["description"] if "description" in value else definitions[named]["description"]
        key = Key(whole, _takes(value), _default(name, value, group), " ".join(meant.split()))
        keys.append(key)
        if named:
            inner.append((definitions[named], f"{whole}[]" if value.get("type") == "array" else whole, key.meaning))
    yield Group(path, meaning, tuple(keys))
    for one, place, means in inner:
        yield from _groups(one, definitions, place, means)


def _group_of(value: Schema) -> str:
    """The name of the group that a key contains, alone or as a list; "" for a plain value."""
    for one in (value, value.get("items", {}), *value.get("anyOf", ())):
        if "$ref" in one:
            return str(one["$ref"]).rpartition("/")[2]
    return ""


def _takes(value: Schema) -> str:
    """The values that a key accepts, in words."""
    if "anyOf" in value:
        return _takes(next(one for one in value["anyOf"] if one.get("type") != "null"))
    if "$ref" in value:
        return "a group"
    if "enum" in value:
        return f"one of {codes(_plain(one) for one in value['enum'])}"
    if value["type"] == "array":
        return f"a list{_bounds(value, 'minItems', 'maxItems')}, each {_takes(value['items'])}"
    if value["type"] == "object":
        return "names with texts"
    if value["type"] == "string":
        matching = f" matching {code(value['pattern'])}" if "pattern" in value else ""
        return f"a text{matching}{_bounds(value, 'minLength', 'maxLength')}"
    kinds = {"integer": "a whole number", "number": "a number", "boolean": "true or false"}
    return kinds[value["type"]] + _bounds(value, "minimum", "maximum")


def _bounds(value: Schema, least: str, most: str) -> str:
    """` (1 to 10)`, ` (at least 1)` or nothing."""
    if least in value and most in value:
        return f" ({value[least]} to {value[most]})"
    if least in value:
        return f" (at least {value[least]})"
    return f" (at most {value[most]})" if most in value else ""


def _default(name: str, value: Schema, group: Schema) -> str | None:
    if name in group.get("required", ()):
        return None
    if _group_of(value) and value.get("type") != "array":
        return "left out" if value.get("default", {}) is None else "its keys' defaults"
    if value.get("default", {}) in (None, [], {}):
        return "left out"
    return code(_plain(value["default"]))


def _plain(value: object) -> str:
    """A value as text for a stack file."""
    return value if isinstance(value, str) else json.dumps(value)


def stack_values(stack: str) -> dict[str, str]:
    """The values in a stack's file by full path; entries of lists of groups are numbered."""
    given = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text("utf-8"))["config"]
    return {
        path: value for key, held in given.items() for path, value in _flat(key.removeprefix(f"{NAMESPACE}:"), held)
    }


def _flat(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, held in value.items():
            yield from _flat(f"{path}.{key}", held)
    elif isinstance(value, list) and any(isinstance(one, dict) for one in value):
        for number, held in enumerate(value):
            yield from _flat(f"{path}[{number}]", held)
    else:
        yield path, _plain(value)


def page(settings: type[Closed] = Settings) -> str:
    """The text of the page."""
    parts = ["# Configuration", paragraph(_INTRODUCTION), paragraph(_OTHER_KEYS)]
    for group in groups(settings):
        parts.append(f"## {code(group.path) if group.path else 'Outermost keys'}")
        parts.append(paragraph(group.meaning))
        parts.append("\n".join(_entry(key) for key in group.keys))
    values = [stack_values(stack) for stack in STACKS]
    rows = [
        [code(path), *(code(held[path]) if path in held else "" for held in values)]
        for path in dict.fromkeys(path for held in values for path in held)
    ]
    parts += ["## Values in the stack files", table([["key", *STACKS], *rows])]
    return "\n\n".join(parts) + "\n"


def _entry(key: Key) -> str:
    default = "required" if key.default is None else f"default: {key.default}"
    return item(f"**{code(key.path)}**: {key.takes}; {default}.") + "\n" + under(key.meaning)
