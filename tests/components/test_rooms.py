"""Rooms are found by their definitions and folders; what they declare is checked before anything is made."""

from types import ModuleType
from typing import Any, ClassVar

import pytest

from components import rooms, wiring
from functions.entry import Allow, Room
from statemachines import definitions


class _Adapter:
    SETTINGS: ClassVar[tuple[str, ...]] = ("WAITS_TABLE",)


class _Stranger:
    SETTINGS: ClassVar[tuple[str, ...]] = ("FAVOURITE_COLOUR",)


def _module(room: Room, adapter: type = _Adapter) -> ModuleType:
    def take_part(event: dict[str, Any], adapter: Any) -> None: ...

    take_part.__annotations__ = {"event": dict, "adapter": adapter}
    module = ModuleType("functions.stage.take_part")
    module.__dict__.update(ROOM=room, take_part=take_part)
    return module


def _read(room: Room, adapter: type = _Adapter) -> rooms.FoundRoom:
    return rooms._read("functions.stage.take_part", _module(room, adapter))


def test_every_task_of_every_workflow_and_every_event_is_a_room() -> None:
    """Nothing that a definition calls is left out."""
    found = rooms.discover()
    for workflow in definitions.WORKFLOWS:
        assert set(definitions.tasks(workflow).values()) <= set(found)
    assert "functions.events.github_webhook" in found


def test_a_room_is_named_after_its_folder_and_file() -> None:
    """`functions/stage/take_part.py` → `stage-take-part`."""
    found = _read(Room())
    assert (found.thing, found.name, found.settings) == ("stage-take-part", "take_part", ("WAITS_TABLE",))


@pytest.mark.parametrize(
    ("allow", "said"),
    [
        (Allow(("s3:GetObject",), on="bucket/attic"), "nothing is called 'bucket/attic'"),
        (Allow(("s3:Get*",), on="bucket/artifacts"), "s3:Get\\* is a wildcard"),
        (Allow(("states:SendTaskSuccess",), on="*"), "needs a reason"),
        (Allow(("states:DescribeExecution",), on="executions"), "needs a reason"),
    ],
)
def test_a_permission_nobody_can_grant_is_refused(allow: Allow, said: str) -> None:
    """The error names the room and what is wrong."""
    with pytest.raises(ValueError, match=f"functions.stage.take_part: .*{said}"):
        _read(Room(allow=(allow,)))


def test_a_setting_nobody_knows_is_refused() -> None:
    """The error names the room and the setting."""
    with pytest.raises(ValueError, match=r"functions.stage.take_part: no setting is called FAVOURITE_COLOUR"):
        _read(Room(), _Stranger)


def test_a_trigger_without_its_room_is_refused() -> None:
    """A rule that would wake nobody fails by the name of the missing file."""
    found = rooms.discover()
    del found["functions.events.notify"]
    with pytest.raises(ValueError, match=r"functions/events/notify.py"):
        wiring.require_rooms(found)


def test_a_room_that_nothing_wakes_is_refused() -> None:
    """A room in events/ has a rule or a route."""
    found = rooms.discover()
    lonely = rooms.FoundRoom("functions.events.lonely", "events-lonely", Room(), ())
    with pytest.raises(ValueError, match="nothing wakes lonely"):
        wiring.require_rooms({**found, lonely.module: lonely})


def test_rooms_that_somebody_waits_for_have_no_rule(whole: Any) -> None:
    """A task's function is called by its workflow only."""
    task = rooms.discover()["functions.stage.acquire_lock"]
    assert wiring.rule_arn(task, whole.globals["site"]) is None
