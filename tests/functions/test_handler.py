"""Conversion from JSON to typed values and back, and the declarations of handlers."""

import json
import re
from collections.abc import Iterator
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import field
from msgspec.structs import fields

import functions
from functions.domain.ecs import Service
from functions.domain.ends import WaitEnded
from functions.domain.environments import Environment
from functions.domain.errors import BadInputError
from functions.domain.pulumi_stacks import StackState, UpdateRecord
from functions.domain.values import Value
from functions.domain.waits import Wait
from functions.domain.watches import AlarmChange
from functions.domain.windows import Opening
from functions.gates.base import EnvironmentEvidence, ReleaseEvidence
from functions.handler import Allow, Handler, camel, decode, encode, handler_function
from functions.shared import acquire_lock
from functions.targets.base import Change
from tests.functions.samples import ENVIRONMENT, RELEASE

ROOT = Path(functions.__file__).parent
# Arguments of our own functions, which hold functions and open files and are never JSON.
NEVER_JSON = (Allow, Change, Handler, Opening, EnvironmentEvidence, ReleaseEvidence)
HANDLERS = sorted(
    f"functions.{folder}.{file.stem}"
    for folder in ("deployment", "stage", "rollback")
    for file in (ROOT / folder).glob("*.py")
    if file.stem != "__init__"
)


def forms() -> Iterator[type[Any]]:
    """Every public type of data that is an input or output of a handler or is stored in a table."""
    seen: set[type[Any]] = set()
    for name in [*HANDLERS, *(f"functions.domain.{file.stem}" for file in (ROOT / "domain").glob("[a-z]*.py"))]:
        for called, kind in vars(import_module(name)).items():
            if called.startswith("_") or kind in (
                Change,
                Opening,
                EnvironmentEvidence,
                ReleaseEvidence,
                Service,
                StackState,
                UpdateRecord,
                AlarmChange,
                Wait,
                WaitEnded,
            ):
                continue
            if isinstance(kind, type) and issubclass(kind, Value) and kind not in seen:
                seen.add(kind)
                yield kind


FORMS = sorted(forms(), key=lambda kind: (kind.__module__, kind.__name__))


def objects(kind: Any) -> st.SearchStrategy[dict[str, Any]]:
    """JSON objects for one type of value."""
    held = get_args(kind)[1]
    return st.dictionaries(st.text(), st.text() if held is Any else st.from_type(held), max_size=3)


def rows(kind: Any) -> st.SearchStrategy[tuple[Any, ...]]:
    """Tuples of one type: short, since Hypothesis gives up on a type whose rows have many rows of their own."""
    held, *others = get_args(kind)
    if others == [...]:
        return st.lists(st.from_type(held), max_size=2).map(tuple)
    return st.tuples(*map(st.from_type, (held, *others)))


def fields_of(kind: type[Value]) -> st.SearchStrategy[Value]:
    """Values of a type; without this, Hypothesis takes the factory of a default for the default itself."""
    hints = get_type_hints(kind)
    given, left_out = (
        {f.name: st.from_type(hints[f.name]) for f in fields(kind) if f.required is r} for r in (True, False)
    )
    return st.fixed_dictionaries(given, optional=left_out).map(lambda found: kind(**found))


def all_below(kind: type[Value]) -> Iterator[type[Value]]:
    """A type and those that inherit from it."""
    yield kind
    for below in kind.__subclasses__():
        yield from all_below(below)


for one in all_below(Value):
    st.register_type_strategy(one, fields_of)
st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))
st.register_type_strategy(dict, objects)
st.register_type_strategy(tuple, rows)


@pytest.mark.parametrize("kind", FORMS, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
@settings(max_examples=2, deadline=None)
@given(data=st.data())
def test_every_form_survives_the_wire(kind: type[Any], data: st.DataObject) -> None:
    """A value that is encoded, written as JSON, read and decoded is the same value."""
    value = data.draw(st.from_type(kind))
    assert decode(kind, json.loads(json.dumps(encode(value)))) == value


@given(value=st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists) | st.just({}))
def test_no_value_breaks_the_decoder(value: Any) -> None:
    """With any JSON in any field, the result is the type or a BadInputError that names it."""
    for kind in FORMS:  # drawing a value takes a hundred times as long as decoding it
        event = {f.encode_name: value for f in fields(kind)}
        said = kind.__name__
        try:
            assert isinstance(decode(kind, event), kind)
        except BadInputError as error:
            said = str(error)
        assert said.startswith(kind.__name__)


class Inner(Value, frozen=True):
    """A form within a form."""

    how_many: int
    rate: float = 0.0


class Colour(Enum):
    """One of few."""

    RED = "red"


class Outer(Value, frozen=True):
    """Every kind of field that the product uses."""

    inner: Inner
    names: tuple[str, ...] = ()
    colour: Colour = Colour.RED
    maybe: Inner | None = None
    texts: dict[str, str] = field(default_factory=dict)


@pytest.mark.parametrize(
    ("event", "named"),
    [
        ({}, "inner"),
        ({"inner": {}}, "howMany` - at `$.inner"),
        ({"inner": {"howMany": "7"}}, "inner.howMany"),
        ({"inner": {"howMany": 7, "rate": "x"}}, "inner.rate"),
        ({"inner": {"howMany": 7, "rate": True}}, "inner.rate"),
        ({"inner": {"howMany": 7, "rate": None}}, "inner.rate"),
        ({"inner": {"howMany": 7}, "names": "abc"}, "names"),
        ({"inner": {"howMany": 7}, "names": 3}, "names"),
        ({"inner": {"howMany": 7}, "names": [3]}, "names"),
        ({"inner": {"howMany": 7}, "colour": "blue"}, "colour"),
        ({"inner": {"howMany": 7}, "maybe": {"howMany": None}}, "maybe"),
        ({"inner": {"howMany": 7}, "texts": {"a": 1}}, "texts"),
    ],
)
def test_a_wrong_field_is_named_with_its_path(event: dict[str, Any], named: str) -> None:
    """The error names the type and the path of the field."""
    with pytest.raises(BadInputError, match=rf"^Outer: .*{re.escape(named)}"):
        decode(Outer, event)


@pytest.mark.parametrize("event", [None, [], "x", 7])
def test_an_event_that_is_no_object_is_refused(event: Any) -> None:
    """A list or a text is refused with the name of the expected type."""
    with pytest.raises(BadInputError, match=r"^Outer: Expected `object`, got"):
        decode(Outer, event)


def test_json_has_one_kind_of_number() -> None:
    """80 is accepted as a float; unknown fields are ignored."""
    assert decode(Inner, {"howMany": 1, "rate": 80, "new": "x"}) == Inner(1, 80.0)
    assert isinstance(decode(Inner, {"howMany": 1, "rate": 80}).rate, float)
    assert decode(Environment, encode(ENVIRONMENT)) == ENVIRONMENT


def test_values_are_encoded_as_json_has_them() -> None:
    """Fields become camel case, keys of mappings stay, sets and tuples become lists, enums their values."""
    value = Outer(Inner(1), ("a",), texts={"AN_ENV": "x"})
    assert encode(value) == {
        "inner": {"howMany": 1, "rate": 0.0},
        "names": ["a"],
        "colour": "red",
        "maybe": None,
        "texts": {"AN_ENV": "x"},
    }
    assert encode({1: frozenset({"a"})}) == {"1": ["a"]}
    assert encode(RELEASE)["authorEmail"] == "ada@example.com"


@pytest.mark.parametrize(("name", "written"), [("a", "a"), ("deployment_id", "deploymentId"), ("a_b_c", "aBC")])
def test_snake_case_becomes_camel_case(name: str, written: str) -> None:
    """Names are snake case in Python and camel case in JSON."""
    assert camel(name) == written


def test_a_handler_is_named_after_its_file() -> None:
    """The function of `acquire_lock.py` is `acquire_lock`."""
    assert handler_function(acquire_lock) is acquire_lock.acquire_lock
    with pytest.raises(AttributeError):
        handler_function(functions)
