"""The published schema of `delivery.yml`, beside its reader."""

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from functions.adapters.manifest_file import read_manifest
from functions.adapters.yaml_documents import read_yaml
from functions.domain.errors import ManifestError
from tools.reference import manifest
from tools.reference.__main__ import FOLDER

ROOT = Path(__file__).parents[3]
# How an editor finds the schema of a file: a comment in its first line, with an address or a relative path
# (https://github.com/redhat-developer/yaml-language-server#using-inlined-schema).
_MODELINE = "# yaml-language-server: $schema="
EXAMPLES = sorted((ROOT / "examples").rglob("delivery.yml"))
GOOD: dict[str, Any] = {
    "version": 1,
    "name": "shop",
    "build": {"buildspec": "b.yml", "junit": ["j.xml"], "cobertura": "c.xml"},
    "infrastructure": {"kind": "command", "buildspec": "i.yml"},
    "services": {"api": {"kind": "lambda", "function": "f", "artifact": "a.zip"}},
}
# Anything that stands where something else is expected; texts of other scripts, too.
_ODD = st.none() | st.booleans() | st.integers(-2, 999) | st.floats(-2, 2) | st.text("aé\u0301½/.*-{} A", max_size=4)
_TEXTS = ["a", "web-1", "src/*", "über", "u\u0308", "{environment}"]
_REFUSED = ["infrastructure", "½", "a b", "../a", "/a", ""]


@cache
def _validator() -> Draft7Validator:
    return Draft7Validator(manifest.published())


def mistakes(value: object) -> list[str]:
    """The places of the mistakes that the schema finds, each once."""
    return [*dict.fromkeys(".".join(map(str, one.absolute_path)) for one in _validator().iter_errors(value))]


def accepted(raw: bytes) -> bool:
    """Whether the reader accepts a manifest."""
    try:
        read_manifest(raw)
    except ManifestError:
        return False
    return True


def _written() -> Iterator[bytes]:
    """Every text in the tests that is a whole manifest, and every file of this name."""
    for path in (ROOT / "tests").rglob("*.py"):
        text = path.read_text("utf-8")
        if "version: 1" in text:
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and "version: 1" in node.value:
                    yield node.value.encode()
    for path in [*EXAMPLES, *(ROOT / "tests").rglob("delivery.yml")]:
        yield path.read_bytes()


def _values(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values of a schema, a few of them odd."""
    usual = _usual(schema)
    return st.integers(0, 150).flatmap(lambda drawn: _ODD if drawn == 97 else usual)


def _usual(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    for among in ("anyOf", "oneOf"):
        if among in schema and "type" not in schema:  # beside a type it is a demand on the keys
            return st.one_of([_values(one) for one in schema[among]])
    if "const" in schema or "enum" in schema:
        return st.sampled_from(schema.get("enum") or [schema["const"]])
    match schema["type"]:
        case "object" if schema.get("additionalProperties"):
            return st.dictionaries(_text(schema["propertyNames"]), _values(schema["additionalProperties"]), max_size=2)
        case "object":
            keys = {key: _values(one) for key, one in schema["properties"].items()}
            required = {key: value for key, value in keys.items() if key in schema.get("required", ())}
            return st.fixed_dictionaries(required, optional={key: keys[key] for key in keys.keys() - required})
        case "array":
            items = st.lists(_values(schema["items"]), min_size=schema.get("minItems", 0), max_size=2)
            return items.map(
                lambda drawn: (
                    sorted(drawn)
                    if schema["items"]["type"] == "integer" and all(isinstance(one, int) for one in drawn)
                    else drawn
                )
            )
        case "integer":
            return st.integers(schema["minimum"], schema["maximum"])
        case "null":
            return st.none()
        case _:
            return _text(schema)


def _text(schema: dict[str, Any]) -> st.SearchStrategy[str]:
    least = schema.get("minLength", 0)
    fitting = [text for text in _TEXTS if re.search(schema.get("pattern", ""), text) and len(text) >= least]
    return st.integers(0, 150).flatmap(lambda drawn: st.sampled_from(_REFUSED if drawn == 97 else fitting))


def test_the_schema_is_one() -> None:
    """Of the draft that it names, without references, and with its address."""
    Draft7Validator.check_schema(manifest.published())
    text = manifest.page()
    assert "$ref" not in text
    assert json.loads(text)["$id"].endswith("/docs/reference/delivery.schema.json")


def test_every_key_says_what_it_means() -> None:
    """Each has a description, and no name of a class is left; a key of a new target or gate is among them."""

    def undescribed(schema: Any, place: str) -> Iterator[str]:
        if isinstance(schema, list):
            for one in schema:
                yield from undescribed(one, place)
        elif isinstance(schema, dict):
            for key, one in schema.get("properties", {}).items():
                if not one.get("description"):
                    yield f"{place}.{key}"
                yield from undescribed(one, f"{place}.{key}")
            for key in ("anyOf", "oneOf", "items", "additionalProperties"):
                yield from undescribed(schema.get(key), place)

    assert [*undescribed(manifest.published(), "")] == []
    assert not re.search(r"Target|_Health|DeliveryManifest", manifest.page())


def test_every_manifest_of_the_tests_and_examples_is_valid() -> None:
    """What the reader accepts, the schema accepts."""
    valid = [raw for raw in _written() if accepted(raw)]
    assert len(valid) > 5
    assert [raw.decode() for raw in valid if mistakes(read_yaml(raw, "delivery.yml").value)] == []


@given(st.data())
def test_nothing_that_the_reader_accepts_is_refused(data: st.DataObject) -> None:
    """For any manifest with odd values here and there, in all keys of all targets and gates."""
    value = data.draw(_usual(manifest.published()))
    raw = json.dumps(value).encode()
    read = read_yaml(raw, "delivery.yml").value
    assert not accepted(raw) or mistakes(read) == [], read


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"version": 2}, "version"),
        ({"version": True}, "version"),
        ({"name": "Shop"}, "name"),
        ({"names": "shop"}, ""),
        ({"build": {"cobertura": "c.xml", "junit": ["j.xml"]}}, "build"),
        ({"build": {"buildspec": "a b", "junit": ["j.xml"], "cobertura": "c"}}, "build.buildspec"),
        ({"build": {"buildspec": "b", "junit": [], "cobertura": "c"}}, "build.junit"),
        ({"infrastructure": {"kind": "lambda", "function": "f", "artifact": "a"}}, "infrastructure"),
        ({"services": {"api": {"kind": "rocket"}}}, "services.api"),
        ({"services": {"api": {"kind": "lambda", "function": "f", "artifact": "a", "steps": [100]}}}, "services.api"),
        ({"services": {"API": GOOD["services"]["api"]}}, "services"),
        ({"gates": {"afterDeploy": {"test": {"buildspec": "t.yml"}}}}, "gates.afterDeploy.test"),
    ],
)
def test_a_mistake_is_seen_in_the_editor(change: dict[str, Any], place: str) -> None:
    """Types, names, paths, limits, unknown and missing keys are refused where they stand, as the reader does."""
    assert mistakes(GOOD) == []
    assert mistakes({**GOOD, **change}) == [place]
    assert not accepted(json.dumps({**GOOD, **change}).encode())


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: str(path.parent.relative_to(ROOT)))
def test_an_example_names_its_schema(path: Path) -> None:
    """Its first line leads editors to the published file."""
    first = path.read_text("utf-8").splitlines()[0]
    assert first.startswith(_MODELINE)
    assert (path.parent / first.removeprefix(_MODELINE)).resolve() == FOLDER / "delivery.schema.json"
