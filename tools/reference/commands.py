"""`cli.md`: every command of the operator's program, with its arguments and options."""

from collections.abc import Iterator

from typer import Context
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption
from typer.main import get_command

from cli.__main__ import app
from tools.reference.markdown import paragraph, table

_INTRODUCTION = """
All commands of `kiro-worker`. How they are used is in [operations.md](../operations.md). Options that all commands have
stand before the name of the command. `make reference` generates this page from the modules of `cli/`.
"""
_EXIT_CODES = (
    ("exit code", "meaning"),
    ("0", "done; `watch`: it was deployed or had nothing to change; `check`, `doctor`, `validate`: nothing is wrong"),
    ("1", "refused, not confirmed or not possible: the error names the next step; or something is wrong"),
    ("2", "a wrong command, argument or option; nothing was done"),
    ("9 to 23", "only `watch`: [how else the deployment ended](../operations.md#commands)"),
)


def page() -> str:
    """The text of the page."""
    group = get_command(app)
    assert isinstance(group, TyperGroup)  # noqa: S101 - for the type checker
    parts = [
        "# Commands",
        paragraph(_INTRODUCTION),
        table(list(_parameters(group))),
        "## Exit codes",
        table(list(_EXIT_CODES)),
        *_commands(group, "kiro-worker"),
    ]
    return "\n\n".join(parts) + "\n"


def _commands(group: TyperGroup, name: str) -> Iterator[str]:
    """The sections of all commands, by name; those of a group follow its own."""
    for short, command in sorted(group.commands.items()):
        assert isinstance(command, (TyperCommand, TyperGroup))  # noqa: S101 - for the type checker
        full = f"{name} {short}"
        yield f"## {full}"
        yield "\n\n".join(paragraph(part) for part in (command.help or "").split("\n\n"))
        rows = list(_parameters(command))
        if len(rows) > 1:
            yield table(rows)
        if isinstance(command, TyperGroup):
            yield from _commands(command, full)


def _parameters(command: TyperCommand | TyperGroup) -> Iterator[tuple[str, str, str]]:
    yield ("argument or option", "default", "meaning")
    for one in command.params:
        if one.name in ("help", "install_completion", "show_completion"):
            continue
        words = str(getattr(one, "help", "") or "")
        if isinstance(one, TyperOption):
            # A bar would end the cell of the table.
            kind = "" if one.is_flag else f" {one.display_type(Context(command)).replace('|', '/')}"
            yield f"`{', '.join(one.opts)}{kind}`", _default(one), words
        elif isinstance(one, TyperArgument):
            yield f"`{one.display_name_raw.strip('[]').upper()}`", "required" if one.required else "", words


def _default(option: TyperOption) -> str:
    if option.required:
        return "required"
    given = option.default
    return f"`{given}`" if given not in (None, "", False, ()) and not callable(given) else ""
