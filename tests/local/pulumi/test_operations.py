"""Creations that fail half way, and the order of deletions."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest
from pulumi.runtime.proto import resource_pb2

from local.pulumi.handlers.base import REGISTRY, Call, Handler, Properties
from local.pulumi.operations import Change, apply, plan
from local.pulumi.state import Record, deletion_order, needed_by

if TYPE_CHECKING:
    from local.pulumi.handlers.base import Cloud

TYPE = "demo:index:Thing"


class Shaky(Handler):
    """A handler whose first read fails."""

    def __init__(self) -> None:
        self.reads = 0
        self.deleted: list[str] = []

    def create(self, call: Call) -> str:
        """Return a new id."""
        call.inputs.get("size")
        return f"thing-{self.reads}"

    def read(self, call: Call) -> Properties:
        """Fail the first time."""
        self.reads += 1
        if self.reads == 1:
            raise TimeoutError("no answer")
        return {"arn": call.id}

    def delete(self, call: Call) -> None:
        """Record the deletion, with the inputs of the creation."""
        self.deleted.append(f"{call.id} of size {call.inputs['size']}")


def test_a_resource_whose_creation_failed_is_created_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next run deletes a resource that was not completed and creates it again."""
    handler = Shaky()
    monkeypatch.setitem(REGISTRY, TYPE, handler)
    request, cloud = resource_pb2.RegisterResourceRequest(), cast("Cloud", None)
    half = Record("urn", TYPE, "thing", custom=True)
    with pytest.raises(TimeoutError):
        apply(plan(Change(cloud, half, {"size": 1}), {}, request), forget=lambda: None)
    assert half.id == "thing-0"
    whole = Record("urn", TYPE, "thing", custom=True)
    change = plan(Change(cloud, whole, {"size": 1}, half), {}, request)
    assert change.op == "replace"
    assert apply(change, forget=lambda: None)["arn"] == "thing-1"
    assert handler.deleted == ["thing-0 of size 1"]
    assert plan(Change(cloud, Record("urn", TYPE, "thing", custom=True), {"size": 1}, whole), {}, request).op == "same"


def test_deletion_goes_from_dependents_to_what_they_need() -> None:
    """A resource is deleted before its dependencies and before its parent; otherwise the newest is first."""
    records = [
        Record("key", TYPE, "key", custom=True, sequence=1),
        Record("component", TYPE, "component", custom=False, sequence=2),
        Record("table", TYPE, "table", custom=True, parent="component", dependencies=["key"], sequence=3),
        Record("late", TYPE, "late", custom=True, sequence=4),
    ]
    order = [record.urn for record in deletion_order(records)]
    assert order.index("table") < order.index("key")
    assert order.index("table") < order.index("component")
    assert order[0] == "late"
    assert needed_by(["table"], {record.urn: record for record in records}) == {"table", "key", "component"}
