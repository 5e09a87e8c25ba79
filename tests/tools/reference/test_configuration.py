"""The page of settings: complete, and generated from the classes."""

from typing import Any, get_args

from components.stack.closed import Closed
from components.stack.settings import Settings
from tools.reference import configuration


class Bounded(Closed):
    """How much is taken."""

    most: int = 7
    """The most that is taken."""
    needed: bool
    """Whether any is."""


class Tried(Closed):
    """Settings for these tests."""

    bounded: Bounded
    """How much."""


def within(annotation: Any) -> list[type[Closed]]:
    """The classes of settings in a type."""
    if isinstance(annotation, type) and issubclass(annotation, Closed):
        return [annotation]
    return [one for inner in get_args(annotation) for one in within(inner)]


def keys_of(kind: type[Closed]) -> list[str]:
    """Every key of a class and of the classes within it, as a stack file spells it."""
    fields = kind.model_fields.values()
    inner = [name for field in fields for one in within(field.annotation) for name in keys_of(one)]
    return [*(str(field.alias) for field in fields), *inner]


def test_every_key_appears_with_its_description() -> None:
    """Compared with the classes, not with the schema that the page uses."""
    keys = [key for group in configuration.groups() for key in group.keys]
    assert sorted(key.path.rpartition(".")[2] for key in keys) == sorted(keys_of(Settings))
    page = configuration.page()
    for key in keys:
        assert key.meaning
        assert f"**`{key.path}`**" in page


def test_a_setting_that_is_added_appears() -> None:
    """With accepted values, default and description; one without a default is required."""
    page = configuration.page(Tried)
    assert "**`bounded.most`**: a whole number; default: `7`.\n  The most that is taken." in page
    assert "**`bounded.needed`**: true or false; required.\n  Whether any is." in page


def test_limits_and_choices_are_shown() -> None:
    """As the classes validate them."""
    keys = {key.path: key for group in configuration.groups() for key in group.keys}
    assert keys["pollMinutes"].takes == "a whole number (1 to 1440)"
    assert keys["lockMode"].takes == "one of `superseded`, `queued`, `parallel`"
    assert keys["environments"].takes == "a list (at least 1), each a group"
    assert (keys["environments"].default, keys["budgetEmail"].default) == (None, "left out")
    assert keys["environments[].windows[].timezone"].default == "`UTC`"


def test_values_of_stack_files_are_shown_side_by_side() -> None:
    """Also if only one file sets a key."""
    assert configuration.stack_values("production")["retainStateful"] == "true"
    assert configuration.stack_values("test")["environments[2].approval"] == "true"
    assert "| `pollMinutes` | `5` | `10` | `15` |" in configuration.page()
