"""Handlers are found by definitions and folders; their declarations are validated before resources exist."""

import re
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import pytest

from components.functions import handlers
from components.platform.event_rules import rule_of
from components.platform.triggers import require_handlers
from functions.handler import Allow, Handler
from statemachines import definitions


class _Adapter:
    SETTINGS: ClassVar[tuple[str, ...]] = ("WAITS_TABLE",)


class _Stranger:
    SETTINGS: ClassVar[tuple[str, ...]] = ("FAVOURITE_COLOUR",)


def _module(handler: Handler, adapter: type = _Adapter) -> ModuleType:
    def take_part(event: dict[str, Any], adapter: Any) -> None: ...

    take_part.__annotations__ = {"event": dict, "adapter": adapter}
    module = ModuleType("functions.stage.take_part")
    module.__dict__.update(HANDLER=handler, take_part=take_part)
    return module


def _read(handler: Handler, adapter: type = _Adapter) -> handlers.FoundHandler:
    return handlers._read("functions.stage.take_part", _module(handler, adapter))


def test_a_function_that_opens_archives_has_the_memory_for_one() -> None:
    """C7: the largest archive is in memory once, beside the libraries and what grows with its bytes."""
    opens = re.compile(r"artifacts\.(built|source|member|outputs)\(|\.outputs\(artifacts|change_of\(")
    found = handlers.discover()
    openers = {
        name: handler.declared.memory_mb
        for name, handler in found.items()
        if opens.search(Path(str(import_module(name).__file__)).read_text("utf-8"))
    }
    assert {"functions.stage.record_part", "functions.deployment.plan_release"} <= set(openers)
    assert {name: memory for name, memory in openers.items() if memory < 1024} == {}


def test_every_task_of_every_workflow_and_every_event_is_a_handler() -> None:
    """All Task states and all modules of `functions/events` are found."""
    found = handlers.discover()
    for workflow in definitions.WORKFLOWS:
        assert set(definitions.tasks(workflow).values()) <= set(found)
    assert "functions.events.github_webhook" in found


def test_a_handler_is_named_after_its_folder_and_file() -> None:
    """`functions/stage/take_part.py` → `stage-take-part`."""
    found = _read(Handler())
    assert (found.thing, found.name, found.settings) == ("stage-take-part", "take_part", ("WAITS_TABLE",))


@pytest.mark.parametrize(
    ("allow", "said"),
    [
        (Allow(("s3:GetObject",), on="bucket/attic"), "HANDLER allows actions on the unknown name 'bucket/attic'"),
        (Allow(("s3:Get*",), on="bucket/artifacts"), "s3:Get\\* is a wildcard"),
        (Allow(("states:SendTaskSuccess",), on="*"), "needs a reason"),
        (Allow(("states:DescribeExecution",), on="executions"), "needs a reason"),
    ],
)
def test_an_invalid_permission_is_refused(allow: Allow, said: str) -> None:
    """The error names the handler and what is wrong."""
    with pytest.raises(ValueError, match=f"functions.stage.take_part: .*{said}"):
        _read(Handler(allow=(allow,)))


def test_an_unknown_setting_is_refused() -> None:
    """The error names the handler and the setting."""
    said = r"functions.stage.take_part: an adapter needs the unknown setting FAVOURITE_COLOUR"
    with pytest.raises(ValueError, match=said):
        _read(Handler(), _Stranger)


def test_a_trigger_without_its_handler_is_refused() -> None:
    """The error names the missing file."""
    found = handlers.discover()
    del found["functions.events.notify"]
    with pytest.raises(ValueError, match=r"functions/events/notify.py"):
        require_handlers(found)


def test_a_handler_that_nothing_invokes_is_refused() -> None:
    """Every handler in `functions/events` needs a rule or a route."""
    found = handlers.discover()
    lonely = handlers.FoundHandler("functions.events.lonely", "events-lonely", Handler(), ())
    with pytest.raises(ValueError, match="nothing invokes lonely"):
        require_handlers({**found, lonely.module: lonely})


def test_handlers_of_task_states_have_no_rule(whole: Any) -> None:
    """Only its workflow invokes the function of a Task state."""
    task = handlers.discover()["functions.shared.acquire_lock"]
    assert rule_of(task) is None
