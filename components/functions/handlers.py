"""Discovers the handlers: the Task states of all workflows, and the modules of `functions/events`."""

from dataclasses import dataclass
from importlib import import_module
from inspect import signature
from typing import Any, get_type_hints

from components.functions.permissions import BROAD, TARGETS
from components.functions.variables import VARIABLES
from functions.handler import Handler, handler_function
from statemachines import definitions

EVENTS = definitions.FUNCTIONS / "events"


@dataclass(frozen=True, slots=True)
class FoundHandler:
    """A handler with the settings of its adapters; `thing` is its name in AWS without the stack's prefix."""

    module: str
    thing: str
    declared: Handler
    settings: tuple[str, ...]

    @property
    def name(self) -> str:
        """The module's last name, such as `github_webhook`."""
        return self.module.rpartition(".")[2]

    @property
    def is_task(self) -> bool:
        """Whether it is a Task state of a workflow; every other handler is called by events and routes."""
        return not self.module.startswith("functions.events.")


def discover() -> dict[str, FoundHandler]:
    """All handlers by module; a declaration with an unknown name or an unexplained wildcard is a ValueError."""
    modules = {module for workflow in definitions.WORKFLOWS for module in definitions.tasks(workflow).values()}
    modules |= {f"functions.events.{file.stem}" for file in EVENTS.glob("*.py") if file.stem != "__init__"}
    loaded = {module: import_module(module) for module in sorted(modules)}
    return {name: _read(name, module) for name, module in loaded.items() if hasattr(module, "HANDLER")}


def _read(name: str, module: Any) -> FoundHandler:
    """Read and validate a handler's declarations, before any resource is registered."""
    handler: Handler = module.HANDLER
    function = handler_function(module)
    hints = get_type_hints(function)
    _, *adapters = signature(function).parameters
    settings = sorted({setting for adapter in adapters for setting in hints[adapter].SETTINGS})
    for allow in handler.allow:
        wild = [action for action in allow.actions if "*" in action]
        if wild:
            raise ValueError(f"{name}: {wild[0]} is a wildcard; name the actions that are needed")
        if allow.on not in TARGETS:
            raise ValueError(
                f"{name}: HANDLER allows actions on the unknown name {allow.on!r}; "
                f"components/functions/permissions.py defines {', '.join(sorted(TARGETS))}"
            )
        if allow.on in BROAD and not allow.why:
            raise ValueError(f"{name}: {', '.join(allow.actions)} on {allow.on} needs a reason for its wildcard (why)")
    for setting in settings:
        if setting not in VARIABLES:
            raise ValueError(
                f"{name}: an adapter needs the unknown setting {setting}; "
                f"components/functions/variables.py defines {', '.join(sorted(VARIABLES))}"
            )
    folder, _, leaf = name.removeprefix("functions.").partition(".")
    return FoundHandler(name, f"{folder}-{leaf}".replace("_", "-"), handler, tuple(settings))
