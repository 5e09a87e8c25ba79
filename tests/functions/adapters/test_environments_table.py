"""The environments table."""

import pytest
from msgspec.structs import replace

from functions.adapters.environments_table import EnvironmentsTable
from functions.domain.environments import Freeze, PartState
from functions.domain.errors import StaleLeaseError
from functions.domain.locks import Lease
from functions.domain.outside_alarms import OutsideAlarm
from functions.handler import encode
from tests.functions.samples import COMMAND, LEASE, NOW, SERVICE, state
from tests.functions.stack import Stack


def test_what_is_saved_is_read(stack: Stack) -> None:
    """All fields of a part are read back, also empty ones, in their own environment only."""
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


def test_a_doubt_lasts_until_the_part_is_recorded(stack: Stack) -> None:
    """A part stays in doubt until it is saved, keeps its other fields, and is not marked under a stale lease."""
    environments = EnvironmentsTable.connect(stack.clients)
    environments.save(state(), LEASE)
    environments.doubt("production", "hello", "main-1", LEASE)
    assert environments.parts("production")["hello"] == state(in_doubt="main-1")
    environments.save(state(), replace(LEASE, fence=2))
    assert environments.parts("production")["hello"] == state()
    with pytest.raises(StaleLeaseError):
        environments.doubt("production", "hello", "main-1", LEASE)
    assert environments.parts("production")["hello"] == state()


def test_a_part_that_is_forgotten_is_gone(stack: Stack) -> None:
    """The record of a part is deleted under the newest lease only; deleting it twice is no error."""
    environments = EnvironmentsTable.connect(stack.clients)
    for one in (state(), state(COMMAND)):
        environments.save(one, LEASE)
    for _ in range(2):
        environments.forget("production", "hello", LEASE)
        assert set(environments.parts("production")) == {"infrastructure"}
    environments.fence("production", replace(LEASE, fence=2))
    with pytest.raises(StaleLeaseError):
        environments.forget("production", "infrastructure", LEASE)
    assert set(environments.parts("production")) == {"infrastructure"}


def test_an_environment_that_is_forgotten_has_no_records(stack: Stack) -> None:
    """T1: parts, freeze, alarms and fencing numbers go; the caller and the reason stay, others keep theirs."""
    environments = EnvironmentsTable.connect(stack.clients)
    environments.save(state(), LEASE)
    environments.note_outside("production", OutsideAlarm("latency", "ALARM", "critical", "4 s", "", NOW))
    environments.freeze("production", Freeze("unknown", "rollback of main-1", NOW))
    environments.save(PartState("test", "hello"), replace(LEASE, key="environment/test"))
    by = Freeze("sold", "Ada", NOW)
    for _ in range(2):
        environments.forget_all("production", by)
        assert (environments.parts("production"), environments.outside_alarms("production")) == ({}, ())
        assert environments.frozen("production") is None
    rows = [row for row in stack.clients.table("ENVIRONMENTS_TABLE").scan()["Items"] if row["environment"] != "test"]
    assert [(row["part"], row["forgotten"]) for row in rows] == [("*", encode(by))]
    assert set(environments.parts("test")) == {"hello"}
    assert environments.names() == {"production", "test"}


def test_freezing_and_unfreezing(stack: Stack) -> None:
    """The last freeze or unfreeze counts; it adds no part and keeps the fencing number."""
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


def test_each_lock_of_an_environment_has_its_own_numbers(stack: Stack) -> None:
    """Leases of two locks do not make each other stale, and their rows are not parts."""
    environments = EnvironmentsTable.connect(stack.clients)
    shop, blog = (Lease(f"environment/production/acme/{name}", name, 9) for name in ("shop", "blog"))
    environments.save(state(replace(SERVICE, name="shop/hello")), shop)
    environments.save(state(replace(SERVICE, name="blog/hello")), replace(blog, fence=1))
    assert set(environments.parts("production")) == {"shop/hello", "blog/hello"}
    for stale in (replace(shop, fence=8), replace(blog, fence=0)):
        with pytest.raises(StaleLeaseError):
            environments.fence("production", stale)
    environments.fence("production", replace(blog, fence=2))
    assert environments.frozen("production") is None


def test_another_lock_begins_to_count_anew(stack: Stack) -> None:
    """A new lock with low fencing numbers may write parts that were written under an old lock with high ones."""
    environments = EnvironmentsTable.connect(stack.clients)
    old, new = Lease("environment/production", "a", 57), Lease("environment/production/acme/shop", "b", 1)
    environments.save(state(), old)
    environments.save(state(outputs={"url": "new"}), new)
    assert environments.parts("production")["hello"].outputs == {"url": "new"}
    environments.save(state(outputs={"url": "newer"}), replace(new, fence=2))
    with pytest.raises(StaleLeaseError):
        environments.save(state(), new)
    assert environments.parts("production")["hello"].outputs == {"url": "newer"}
