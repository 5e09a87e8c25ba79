"""The rows of pins and drift in the environments table."""

from msgspec.structs import replace

from functions.adapters.environments_table import EnvironmentsTable
from functions.domain.drift import Author, Drift
from functions.domain.environments import Freeze
from functions.domain.pins import Pin
from tests.functions.delivered import parts, runs
from tests.functions.samples import COMMIT, NOW, state
from tests.functions.stack import Stack

PIN = Pin("production", "hello", "errors", "ada", NOW, COMMIT)
DRIFT = Drift("production", "hello", "0a0a (version 1)", "version 2", NOW)
ENDED = Freeze("it was the network", "grace", NOW)


def test_a_pin_is_read_as_it_was_written(stack: Stack) -> None:
    """It is of its environment only, is no part, and goes with what is recorded of an environment."""
    environments = EnvironmentsTable.connect(stack.clients)
    runs(stack, state())
    assert environments.pins("production") == {}
    assert environments.pin(PIN, None)
    assert (environments.pins("production"), environments.pins("test")) == ({"hello": PIN}, {})
    assert list(parts(stack)) == ["hello"]
    environments.forget_all("production", ENDED)
    assert environments.pins("production") == {}


def test_nobodys_pin_is_overwritten_unread(stack: Stack) -> None:
    """Of two people who pin or unpin at once, the second is refused."""
    environments, other = EnvironmentsTable.connect(stack.clients), replace(PIN, by="grace")
    assert environments.pin(PIN, None)
    assert not environments.pin(other, None)
    assert not environments.unpin(other, ENDED)
    assert environments.pins("production") == {"hello": PIN}
    assert environments.pin(other, PIN)
    assert not environments.pin(PIN, PIN)
    assert environments.pins("production") == {"hello": other}


def test_an_ended_pin_leaves_who_ended_it(stack: Stack) -> None:
    """Ending it again is refused; the part may be pinned anew."""
    environments = EnvironmentsTable.connect(stack.clients)
    environments.pin(PIN, None)
    assert environments.unpin(PIN, ENDED)
    assert environments.pins("production") == {}
    (row,) = [one for one in stack.items("environments") if one["part"] == "*pin/hello"]
    assert row["ended"] == {"reason": "it was the network", "by": "grace", "since": NOW}
    assert not environments.unpin(PIN, ENDED)
    assert environments.pin(PIN, None)


def test_a_drift_is_noted_and_forgotten(stack: Stack) -> None:
    """R15: by part; a later note replaces it."""
    environments = EnvironmentsTable.connect(stack.clients)
    environments.note_drift(DRIFT)
    known = replace(DRIFT, author=Author("arn:grace", NOW, "UpdateService"))
    environments.note_drift(known)
    assert environments.drifts("production") == {"hello": known}
    assert parts(stack) == {}
    for _ in range(2):
        environments.forget_drift(known)
        assert environments.drifts("production") == {}
