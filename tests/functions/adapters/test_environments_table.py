"""What runs where, and whether it is frozen."""

from functions.adapters.environments_table import EnvironmentsTable
from functions.domain.environments import Freeze, PartState
from tests.functions.samples import COMMAND, LEASE, NOW, SERVICE, state
from tests.functions.stack import Stack


def test_what_is_saved_is_read(stack: Stack) -> None:
    """Every field, also the empty ones; environments do not mix."""
    environments = EnvironmentsTable.connect(stack.clients)
    first = state(SERVICE, outputs={"url": "http://x"})
    bare = PartState("production", "bare")
    for one in (first, bare, state(COMMAND, outputs={"name": "y"})):
        environments.save(one, LEASE)
    assert environments.parts("production") == {
        "hello": first,
        "bare": bare,
        "infrastructure": state(COMMAND, outputs={"name": "y"}),
    }
    assert environments.parts("test") == {}
    assert environments.frozen("production") is None


def test_freezing_and_unfreezing(stack: Stack) -> None:
    """The last word counts; the row of the whole is no part, and the fence survives."""
    environments = EnvironmentsTable.connect(stack.clients)
    environments.freeze("test", None)
    assert environments.frozen("test") is None
    environments.fence("test", LEASE)
    environments.freeze("test", Freeze("broken", "Ada", NOW))
    environments.fence("test", LEASE)
    assert environments.frozen("test") == Freeze("broken", "Ada", NOW)
    environments.freeze("test", None)
    assert environments.frozen("test") is None
    assert environments.parts("test") == {}
