"""What every type of data is made of."""

import pytest

from functions.domain.values import Value
from functions.handler import camel, encode


class _Place(Value, frozen=True):
    city: str
    post_code: str = ""
    http_5xx_count: int = 0


class _Other(Value, frozen=True):
    city: str
    post_code: str = ""
    http_5xx_count: int = 0


def test_values_are_equal_by_type_and_fields() -> None:
    """They can be members of sets, and another type with the same fields is another value."""
    assert {_Place("Ulm"), _Place("Ulm", "")} == {_Place("Ulm")}
    assert len({_Place("Ulm"), _Other("Ulm")}) == 2


def test_values_never_change() -> None:
    """A field can't be set."""
    with pytest.raises(AttributeError):
        _Place("Ulm").city = "Bonn"  # type: ignore[misc]


def test_names_are_those_that_camel_gives() -> None:
    """The library and `camel`, which converts the names of parameters and settings, agree."""
    assert list(encode(_Place("Ulm"))) == [camel(name) for name in _Place.__struct_fields__]
