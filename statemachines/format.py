"""The canonical form of the definitions: one key per line, keys in a fixed order, at most 120 columns.

`python -m statemachines.format` rewrites the files; with `--check` it names those that differ. Both report lines that
are too long, because a JSON text can't be wrapped. See docs/decisions/011-the-form-of-definitions.md.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from statemachines.definitions import FOLDER, WORKFLOWS

COLUMNS = 120
_INDENT = "  "
TOP = ("Comment", "QueryLanguage", "StartAt", "States")
# The work of a state, its outputs and its successor; then its times, and the handling of errors.
STATE = (
    *("Comment", "Type", "Resource", "Arguments", "Choices", "Default", "Error", "Cause", "Assign", "Output"),
    *("Next", "End", "TimeoutSeconds", "HeartbeatSeconds", "Seconds", "Timestamp", "Retry", "Catch"),
)
# The lists of a state whose items also have keys of Amazon States Language.
ITEMS = {
    "Choices": ("Comment", "Condition", "Assign", "Output", "Next"),
    "Catch": ("Comment", "ErrorEquals", "Assign", "Output", "Next"),
    "Retry": (
        *("Comment", "ErrorEquals", "IntervalSeconds", "MaxAttempts"),
        *("BackoffRate", "MaxDelaySeconds", "JitterStrategy"),
    ),
}


def canonical(text: str) -> str:
    """The text of a definition in canonical form.

    States, and keys that are data (of Arguments, Assign and Output), stay in the order in which they were written.
    Raises ValueError for a text that is not JSON, for a key that occurs twice, and for a key that ASL does not have.
    """
    definition = _ordered(json.loads(text, object_pairs_hook=_unique), TOP, "top level")
    definition["States"] = {name: _state(name, state) for name, state in definition["States"].items()}
    return _written(definition, "", 0) + "\n"


def too_long(name: str, text: str) -> Iterator[str]:
    """A message for each line of a definition that is longer than 120 columns, with its number."""
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > COLUMNS:
            yield (
                f"{name}:{number}: {len(line)} columns, {COLUMNS} are allowed: "
                "shorten the text, or assign a part of it to a variable in an earlier state"
            )


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, value in pairs:
        if key in made:
            raise ValueError(f"key {key} occurs twice in one object: remove one of the two")
        made[key] = value
    return made


def _ordered(given: Mapping[str, Any], order: tuple[str, ...], place: str) -> dict[str, Any]:
    unknown = [key for key in given if key not in order]
    if unknown:
        raise ValueError(f"{place}: unknown key {', '.join(unknown)}: correct it, or add it to statemachines/format.py")
    return {key: given[key] for key in order if key in given}


def _state(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    state = _ordered(given, STATE, name)
    for key, order in ITEMS.items():
        if isinstance(state.get(key), list):  # a retry policy can be a placeholder
            state[key] = [_ordered(item, order, f"{name}, {key}") for item in state[key]]
    return state


def _written(value: Any, indent: str, column: int) -> str:
    """A value that begins in this column; a list of plain values stays on one line where it fits."""
    line = json.dumps(value, ensure_ascii=False)
    inner = indent + _INDENT
    if isinstance(value, dict) and value:
        keys = {key: f"{json.dumps(key, ensure_ascii=False)}: " for key in value}
        items = [keys[key] + _written(item, inner, len(inner + keys[key])) for key, item in value.items()]
        return "{\n" + ",\n".join(inner + item for item in items) + f"\n{indent}}}"
    nested = isinstance(value, list) and any(isinstance(item, (dict, list)) for item in value)
    if isinstance(value, list) and value and (nested or column + len(line) >= COLUMNS):  # a comma may follow
        items = [_written(item, inner, len(inner)) for item in value]
        return "[\n" + ",\n".join(inner + item for item in items) + f"\n{indent}]"
    return line


def main(folder: Path = FOLDER) -> int:
    """Rewrite the definitions, or name those that differ; exit code 1 when a problem remains."""
    problems: list[str] = []
    for file in (folder / f"{workflow}.asl.json" for workflow in WORKFLOWS):
        text = file.read_text("utf-8")
        try:
            made = canonical(text)
        except ValueError as error:
            problems.append(f"{file.name}: {error}")
            continue
        if "--check" in sys.argv and made != text:
            problems.append(f"{file.name}: is not in canonical form: run `make fix`")
        elif made != text:
            file.write_text(made, "utf-8")
        problems += too_long(file.name, made)
    for problem in problems:
        sys.stderr.write(f"{problem}\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
