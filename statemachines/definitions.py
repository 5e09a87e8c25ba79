"""Definitions: load, render `${Name}`, list tasks and edges, and check the project's rules. No Pulumi, no boto3.

`python -m statemachines.definitions` checks every definition and names each problem; `make check` runs it.
"""

import inspect
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from functions.domain import errors
from statemachines.policies import THROTTLED, waits

FOLDER = Path(__file__).parent
FUNCTIONS = FOLDER.parent / "functions"
WORKFLOWS = ("deployment", "stage", "rollback", "enhanced_watch", "work_item")
# Step Functions ends an execution that has this number of events.
HISTORY_LIMIT = 25_000
# A definition's loops run over the parts or stages of a release; the manifest allows this many.
LOOP_LIMIT = 12
_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")
_TOKEN = ".waitForTaskToken"  # noqa: S105 - an ASL suffix
_ENDS = {"FailedClean", "FailedDirty", "EndedUntold", "WatchBroke", "NotRecorded"}
# JSONata for the error that a Catch caught.
_ERROR_AND_CAUSE = "$states.errorOutput.Error & ': ' & $states.errorOutput.Cause"
_NAMES_ERROR = re.compile(r"\$\{(Fault|ErrorAndCause)\}|\$states\.errorOutput\.Error")

Definition = dict[str, Any]
State = dict[str, Any]


def load(workflow: str) -> Definition:
    """A definition as written, with its placeholders."""
    definition: Definition = json.loads((FOLDER / f"{workflow}.asl.json").read_text("utf-8"))
    return definition


def faults(state: str) -> dict[str, str]:
    """The placeholders that are filled without a given value: JSONata for a caught error, with the state's name.

    `"reason": "{% ${Fault} %}"` in state `Verify` becomes `{% 'Verify: ' & $states.errorOutput.Error & … %}`.
    """
    return {"Fault": f"'{state}: ' & {_ERROR_AND_CAUSE}", "ErrorAndCause": _ERROR_AND_CAUSE}


def render(definition: Definition, values: Mapping[str, Any]) -> Definition:
    """A definition with every placeholder filled from `values` and from the states' names; KeyError for others."""
    states = {name: fill(state, {**values, **faults(name)}) for name, state in definition["States"].items()}
    return {key: states if key == "States" else fill(item, values) for key, item in definition.items()}


def fill(value: Any, values: Mapping[str, Any]) -> Any:
    """Fill the placeholders; a text that is exactly one placeholder takes the value with its type."""
    if isinstance(value, dict):
        return {key: fill(item, values) for key, item in value.items()}
    if isinstance(value, list):
        return [fill(item, values) for item in value]
    if not isinstance(value, str):
        return value
    whole = _PLACEHOLDER.fullmatch(value)
    if whole:
        return _known(whole[1], values)
    return _PLACEHOLDER.sub(lambda found: str(_known(found[1], values)), value)


def placeholders(workflow: str) -> set[str]:
    """The names of all placeholders that need a value."""
    return set(_PLACEHOLDER.findall((FOLDER / f"{workflow}.asl.json").read_text("utf-8"))) - set(faults(""))


def tasks(workflow: str) -> dict[str, str]:
    """The Lambda tasks of a workflow: state name → module, its own folder before `shared/`."""
    states = load(workflow)["States"]
    return {name: module_of(workflow, name) for name, state in states.items() if is_handler(name, state)}


def is_handler(name: str, state: State) -> bool:
    """Whether a state invokes one of our handlers, and not a service that Step Functions calls itself."""
    called = state.get("Arguments", {}).get("FunctionName") if _TOKEN in state.get("Resource", "") else None
    return state["Type"] == "Task" and f"${{{name}}}" in (state["Resource"], called)


def module_of(workflow: str, state: str) -> str:
    """`AcquireLock` of rollback → `functions.shared.acquire_lock`; KeyError when the handler does not exist."""
    file = re.sub(r"(?<!^)(?=[A-Z])", "_", state).lower() + ".py"
    for folder in (workflow, "shared"):
        if (FUNCTIONS / folder / file).exists():
            return f"functions.{folder}.{file.removesuffix('.py')}"
    raise KeyError(
        f"{workflow}.asl.json: state {state} has no handler: "
        f"write functions/{workflow}/{file}, or functions/shared/{file} where several workflows have the state"
    )


def edges(state: State) -> Iterator[str]:
    """Every state that may follow a state, also after an error."""
    for choice in (*state.get("Choices", []), *state.get("Catch", [])):
        yield choice["Next"]
    if "Default" in state:
        yield state["Default"]
    if "Next" in state:
        yield state["Next"]


def reachable(states: Mapping[str, State], start: str, *, closed: str = "") -> set[str]:
    """The states that can be reached from a state without passing through `closed`."""
    seen: set[str] = set()
    open_ends = [start]
    while open_ends:
        name = open_ends.pop()
        if name in seen or name == closed or name not in states:
            continue
        seen.add(name)
        open_ends.extend(edges(states[name]))
    return seen


def check(workflow: str, definition: Definition) -> list[str]:
    """The problems of a rendered definition, each with its state."""
    states = definition["States"]
    found = [f"{workflow}: {problem}" for rule in RULES for problem in rule(definition, states)]
    events = longest_history(states)
    if events >= HISTORY_LIMIT:
        found.append(f"{workflow}: up to {events} history events, {HISTORY_LIMIT} end an execution")
    return found


def check_written(workflow: str, definition: Definition) -> list[str]:
    """The problems of a definition as written, before its placeholders are filled."""
    return [f"{workflow}: {problem}" for problem in _fault_sentences(definition["States"])]


def _fault_sentences(states: Mapping[str, State]) -> Iterator[str]:
    for name, state in states.items():
        for catcher in state.get("Catch", []):
            assigned = catcher.get("Assign", {})
            if "$states.errorOutput.Cause" in json.dumps(assigned):
                yield f"{name}: a Catch spells out error and cause: write ${{Fault}} or ${{ErrorAndCause}}"
            if "reason" in assigned and not _NAMES_ERROR.search(assigned["reason"]):
                yield f"{name}: the reason that a Catch assigns does not name the error: write {{% ${{Fault}} %}}"


def _targets(definition: Definition, states: Mapping[str, State]) -> Iterator[str]:
    if definition.get("QueryLanguage") != "JSONata":
        yield "QueryLanguage must be JSONata"
    for name, state in states.items():
        yield from (f"{name}: Next {target} does not exist" for target in edges(state) if target not in states)
    lost = set(states) - reachable(states, definition["StartAt"])
    yield from (f"{name}: can't be reached" for name in sorted(lost))


def _types(_: Definition, states: Mapping[str, State]) -> Iterator[str]:
    for name, state in states.items():
        if state["Type"] not in ("Task", "Choice", "Pass", "Wait", "Succeed", "Fail"):
            yield f"{name}: {state['Type']} is not allowed: loop with Choice, which can be stopped in any state"
        if state["Type"] == "Fail" and name not in _ENDS:
            yield f"{name}: a failure ends in one of {', '.join(sorted(_ENDS))}"
        if state["Type"] not in ("Choice", "Succeed", "Fail") and "Next" not in state:
            yield f"{name}: needs a Next: an execution ends in a Succeed or a Fail state only"
        if state["Type"] == "Choice" and "Default" not in state:
            yield f"{name}: a Choice without a Default can end an execution without a reason"
        if state["Type"] == "Choice" and "Assign" in state:
            yield f"{name}: a Choice must assign in its rules: AWS and the interpreters differ on its own Assign"


def _task_rules(_: Definition, states: Mapping[str, State]) -> Iterator[str]:
    for name, state in states.items():
        if state["Type"] != "Task":
            continue
        if not isinstance(state.get("TimeoutSeconds"), int):
            yield f"{name}: a Task needs TimeoutSeconds"
        if not state.get("Retry"):
            yield f"{name}: a Task needs Retry"
        catchers = state.get("Catch", [])
        if not catchers or catchers[-1]["ErrorEquals"] != ["States.ALL"]:
            yield f"{name}: the last Catch of a Task must match States.ALL"
        yield from (f"{name}: a Catch needs a Comment" for catcher in catchers if not catcher.get("Comment"))
        yield from _wait_rules(name, state)


def _wait_rules(name: str, state: State) -> Iterator[str]:
    waits_for_token = _TOKEN in state["Resource"]
    asked_again = any("States.Timeout" in retry["ErrorEquals"] for retry in state.get("Retry", []))
    if waits_for_token and not asked_again:
        yield f"{name}: a wait needs a Retry on States.Timeout"
    if waits_for_token and "taskToken" not in state["Arguments"].get("Payload", {}):
        yield f"{name}: a wait must pass taskToken to its function"


def _lock_rules(_: Definition, states: Mapping[str, State]) -> Iterator[str]:
    if "AcquireLock" not in states:
        return
    for name in sorted(reachable(states, "AcquireLock", closed="ReleaseLock")):
        if states[name]["Type"] in ("Succeed", "Fail"):
            yield f"{name}: can be reached from AcquireLock without ReleaseLock"


def _error_names(_: Definition, states: Mapping[str, State]) -> Iterator[str]:
    ours = {name for name, kind in vars(errors).items() if inspect.isclass(kind) and issubclass(kind, errors.KiroError)}
    known = ours | set(THROTTLED)
    for name, state in states.items():
        for handler in (*state.get("Retry", []), *state.get("Catch", [])):
            for error in handler["ErrorEquals"]:
                if "." not in error and error not in known:
                    yield f"{name}: {error} is not a class of functions/domain/errors.py"


RULES: tuple[Callable[[Definition, Mapping[str, State]], Iterator[str]], ...] = (
    _targets,
    _types,
    _task_rules,
    _lock_rules,
    _error_names,
)


def longest_history(states: Mapping[str, State]) -> int:
    """An upper bound of an execution's history events: every state once per loop, with all its queries and retries.

    A query of a wait writes 4 events (scheduled, started, submitted, timed out), entering and leaving a state 2. Only
    states that can be entered again count once per loop.
    """
    total = 0
    for name, state in states.items():
        again = any(name in reachable(states, target) for target in edges(state))
        queries = sum(retry["MaxAttempts"] for retry in state.get("Retry", [])) + 1
        is_wait = state["Type"] == "Task" and _TOKEN in state["Resource"]
        # Waits in a loop share the time of their execution: the parts of a release never all wait to the end.
        rounds = LOOP_LIMIT if again and not is_wait else 1
        total += rounds * (2 + 4 * queries if state["Type"] == "Task" else 2)
    return total


def sample_values(workflow: str) -> dict[str, Any]:
    """Values of the right type for every placeholder, for checking a definition without a stack."""
    values: dict[str, Any] = dict.fromkeys(
        placeholders(workflow), "arn:aws:lambda:eu-central-1:123456789012:function:f"
    )
    machine = "arn:aws:states:eu-central-1:123456789012:stateMachine:m"
    numbers = {"StageTimeoutSeconds": 172_800, "RollbackTimeoutSeconds": 3_600, "WorkerMinutes": 60}
    texts = {"EventBus": "bus", "BuildProject": "project", "StageWorkflow": machine, "RollbackWorkflow": machine}
    texts["EnhancedWatchWorkflow"] = machine
    backstops = waits(build=60, approval=300, lock=60, watch=30, enhanced=600, unfreeze=3600)
    return values | numbers | texts | {"Environments": [], "Repositories": []} | backstops


def _known(name: str, values: Mapping[str, Any]) -> Any:
    if name not in values:
        raise KeyError(f"no value for the placeholder ${{{name}}} (known: {', '.join(sorted(values))})")
    return values[name]


def main() -> int:
    """Check every definition and every handler; exit code 1 when there is a problem."""
    problems: list[str] = []
    for workflow in WORKFLOWS:
        try:
            definition = load(workflow)
            problems += check_written(workflow, definition)
            problems += check(workflow, render(definition, sample_values(workflow)))
            for module in tasks(workflow).values():
                import_module(module)
        except (KeyError, ValueError) as error:
            problems.append(f"{workflow}.asl.json: {error}")
    for problem in problems:
        sys.stderr.write(f"{problem}\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
