"""`delivery.schema.json`: the JSON schema of `delivery.yml` for editors, from the tables that its reader uses.

It refuses nothing that the reader accepts. The reader refuses more: what no schema can say, such as rising steps.
"""

import json
from collections.abc import Mapping
from typing import Any

from functions.adapters.manifest_schema import schema

# The draft that the language server of editors reads: https://github.com/redhat-developer/yaml-language-server
_DRAFT = "http://json-schema.org/draft-07/schema#"
_ID = "https://raw.githubusercontent.com/kiro-worker/kiro-worker/main/docs/reference/delivery.schema.json"
_HEAD = {"$schema": _DRAFT, "$id": _ID, "title": "delivery.yml: how a repository is delivered"}
# Class names, an OpenAPI keyword, and what is taken apart below.
_DROPPED = frozenset({"title", "discriminator", "$defs", "$ref", "patternProperties", "default"})

Schema = Mapping[str, Any]


def page() -> str:
    """The text of the file."""
    return json.dumps(published(), indent=2) + "\n"


def published() -> dict[str, Any]:
    """The JSON schema, without references: draft 7 ignores what stands beside one."""
    model = schema().model_json_schema()
    return {**_HEAD, **_published(model, model["$defs"])}


def _published(value: Schema, definitions: Schema) -> dict[str, Any]:
    """One schema and those within it."""
    if "$ref" in value:
        value = {**definitions[value["$ref"].rpartition("/")[2]], **value}
    found = {key: one for key, one in value.items() if key not in _DROPPED}
    # An editor writes a default as it is; what stands for "none" says nothing.
    if isinstance(value.get("default"), str | int) and value["default"] != "":
        found["default"] = value["default"]
    if "pattern" in found:
        found["pattern"] = _pattern(found["pattern"])
    if "properties" in found:
        found["properties"] = {key: _published(one, definitions) for key, one in found["properties"].items()}
        kind = found["properties"].get("kind", {}).get("const")
        found |= {"title": f"kind: {kind}"} if kind else {}
    for key in ("anyOf", "oneOf"):
        if key in found:
            found[key] = [_published(one, definitions) for one in found[key]]
    if "items" in found:
        found["items"] = _published(found["items"], definitions)
    for pattern, one in value.get("patternProperties", {}).items():
        # With `patternProperties` alone, any other key would be valid.
        found |= {"propertyNames": {"pattern": pattern}, "additionalProperties": _published(one, definitions)}
    return found


def _pattern(pattern: str) -> str:
    r"""The pattern for all engines: beyond ASCII, they do not agree about `\w`, so all of that is valid here."""
    return pattern.replace(r"[\w", "[\\w\x80-\U0010ffff")
